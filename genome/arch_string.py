"""The authors' encoding of a connectivity: one integer a layer, joined by underscores.

Source: the released evaluation code of *A Design Space Study for LISTA and Beyond*
(google-research/google-research, folder ``lista_design_space``). With 0-based layers, bit ``j`` of entry
``l`` is set when layer ``l`` also takes the output of layer ``l - 2 - j``. With the 1-based layers used here,
bit ``j`` of entry ``d`` is the gate from source ``d - 2 - j``. The default connections are not written.
"""

from __future__ import annotations

import re
from typing import Final

from genome.errors import InputError
from genome.gates import MAX_LAYERS, Gates, check_layers, gate_name
from genome.strict import shown

RELEASED_LISTA: Final = "_".join("0" * 16)
RELEASED_LFISTA: Final = "0_0_1_1_1_1_1_1_1_1_1_1_1_1_1_1"
RELEASED_DENSE: Final = "0_0_1_3_7_15_31_63_127_255_511_1023_2047_4095_8191_16383"
RELEASED_SEARCHED: Final = "0_0_0_2_1_3_14_42_48_249_284_4_152_328_4888_12193"

# Bounded, so that an absurdly long number is refused before it is parsed.
_ENTRY = re.compile(rf"0|[1-9][0-9]{{0,{len(str(2**MAX_LAYERS))}}}")


def to_arch_string(gates: Gates) -> str:
    """Write gate rows in the authors' encoding."""
    return "_".join(str(_entry(row)) for row in gates)


def _entry(row: tuple[bool, ...]) -> int:
    return sum(1 << bit for bit, gate in enumerate(row[-2::-1]) if gate)


def from_arch_string(text: str) -> Gates:
    """Read gate rows from the authors' encoding.

    Raises:
        InputError: It is not a string, an entry is not a plain decimal number, an entry names a source
            before layer 1, or there are too many entries.
    """
    if not isinstance(text, str):
        raise InputError(f"An architecture string must be text, got {shown(text)}.")
    entries = text.split("_")
    check_layers(len(entries))
    return tuple(_row(entry, destination) for destination, entry in enumerate(entries, 1))


def _row(entry: str, destination: int) -> tuple[bool, ...]:
    if not _ENTRY.fullmatch(entry):
        raise InputError(
            "An architecture string must be non-negative decimal integers joined by underscores, "
            f"got {shown(entry)} for layer {destination}."
        )
    bits = int(entry)
    free = max(destination - 2, 0)
    if bits >> free:
        lowest = destination - 1 - bits.bit_length()
        raise InputError(
            f"Entry {destination} of an architecture string must be below 2**{free}, got {shown(bits)}, "
            f"whose highest bit is {gate_name(destination, lowest)}."
        )
    if destination == 1:
        return ()
    return (*(bool(bits >> bit & 1) for bit in reversed(range(free))), True)
