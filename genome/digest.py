"""The bytes a genome is identified by, and the digest taken of them.

The bytes are written out here, and not left to ``hash``, ``pickle`` or ``repr``, so that a digest is the
same in every process, on every platform and under every Python version.
"""

from __future__ import annotations

import hashlib
from typing import Final

from genome.gates import Gates
from genome.neurons import Neuron
from genome.thresholds import ThresholdKind
from genome.usual import all_usual
from genome.weights import Weight

FORMAT: Final = b"lista-genome/genome/1\n"
"""Tag in front of the bytes of a genome with the usual weights and thresholds, which are not written.

Another meaning of the fields takes another number.
"""

FORMAT_WITH_ALL: Final = b"lista-genome/genome/2\n"
"""Tag in front of the bytes of any other genome, which has all fields."""


def identity(
    gates: Gates,
    neurons: tuple[Neuron, ...],
    side: tuple[bool, ...],
    weights: tuple[Weight, ...],
    thresholds: tuple[ThresholdKind, ...],
) -> bytes:
    """Write a genome as bytes; two genomes have the same bytes only if they are equal.

    The depth comes first and fixes the length of the gates and side connections, and the number of names in
    each list that follows.
    """
    usual = all_usual(weights, thresholds)
    named = (neurons,) if usual else (neurons, weights, thresholds)
    lists = "\n".join(",".join(names) for names in named).encode("ascii")
    depth = len(gates).to_bytes(2, "big")
    return b"".join((FORMAT if usual else FORMAT_WITH_ALL, depth, *map(bytes, gates), bytes(side), lists))


def short_digest(identity: bytes) -> str:
    """Digest the bytes of a genome into 16 hexadecimal characters (64 bits of BLAKE2b)."""
    return hashlib.blake2b(identity, digest_size=8).hexdigest()
