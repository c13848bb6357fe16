"""The bytes a genome is identified by, and the digest taken of them.

The bytes are written out here, and not left to ``hash``, ``pickle`` or ``repr``, so that a digest is the
same in every process, on every platform and under every Python version.
"""

from __future__ import annotations

import hashlib
from typing import Final

from genome.gates import Gates
from genome.neurons import Neuron

FORMAT: Final = b"lista-genome/genome/1\n"
"""Tag in front of the bytes: another meaning of the fields takes another number."""


def identity(gates: Gates, neurons: tuple[Neuron, ...], side: tuple[bool, ...]) -> bytes:
    """Write a genome as bytes; two genomes have the same bytes only if they are equal.

    The depth comes first and fixes the length of everything but the last field.
    """
    depth = len(gates).to_bytes(2, "big")
    return b"".join((FORMAT, depth, *map(bytes, gates), bytes(side), ",".join(neurons).encode("ascii")))


def short_digest(gates: Gates, neurons: tuple[Neuron, ...], side: tuple[bool, ...]) -> str:
    """Digest a genome into 16 hexadecimal characters (64 bits of BLAKE2b)."""
    return hashlib.blake2b(identity(gates, neurons, side), digest_size=8).hexdigest()
