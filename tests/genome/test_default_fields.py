"""Weights and thresholds that are not chosen change nothing: digests, keys, files and draws are as ever.

Archives, tables and published results hold these values; they were computed before a genome had the fields.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
import pytest

from genome import DesignSpace, Genome, Request

MIXED = Genome.from_connections(
    4, [(4, 1)], ("soft", "relu", "soft", "leaky_relu"), (True, False, True, True)
)


def code(genomes: Iterable[Genome]) -> str:
    """Digest genomes in their order."""
    return hashlib.blake2b("".join(g.digest for g in genomes).encode(), digest_size=8).hexdigest()


@pytest.mark.parametrize(
    ("genome", "digest", "key", "test_key"),
    [
        (
            Genome.lista(1),
            "df52cc851c4ef2a2",
            "d5ec33bb9af72c66130add568b413198",
            "9073b17b1b721ee757c354c934baa978",
        ),
        (
            Genome.released_searched(),
            "4d93fb0c36d090f2",
            "b198e7532c1d0e5f547b16fd31a2d9bd",
            "5a21c56e0e1bf735c3f8d60f611666a2",
        ),
        (
            Genome.dense(5),
            "8680270f660aaebe",
            "8427cbcdfab62f4a49d5f0a90ba8bb7b",
            "c62faae46795c1fd29803856143ccd4f",
        ),
        (
            MIXED,
            "6831c2317eb82550",
            "c2ecd7eaa3b4cc0d37cc16def4e0699e",
            "cef5ee929c9271d3047e99cdcdd5664a",
        ),
    ],
)
def test_digests_and_keys_are_as_ever(genome: Genome, digest: str, key: str, test_key: str) -> None:
    assert genome.digest == digest
    assert Request(genome).digest("pinned") == key
    assert Request(genome, seed=3, draw=2, test=True).digest("pinned") == test_key


def test_files_graphs_and_pictures_in_text_are_as_ever() -> None:
    assert MIXED.identity == (
        b"lista-genome/genome/1\n\x00\x04\x01\x00\x01\x01\x00\x01\x01\x00\x01\x01soft,relu,soft,leaky_relu"
    )
    assert MIXED.to_json() == (
        '{"format": "lista-genome/genome", "version": 1, "layers": 4, "connections": [[4, 1]], '
        '"neurons": ["soft", "relu", "soft", "leaky_relu"], "side": [true, false, true, true]}'
    )
    assert MIXED.graph.nodes[2] == {"neuron": "relu", "side": False}
    assert repr(MIXED) == (
        "Genome.from_arch_string('0_0_0_2', neurons=('soft', 'relu', 'soft', 'leaky_relu'), "
        "side=(True, False, True, True))"
    )
    assert str(MIXED) == "6831c2317eb82550 (K=4, 1 extra, 2 soft, 1 relu, 1 leaky_relu, 3 side)"


@pytest.mark.parametrize(
    ("space", "samples", "mutants", "children", "after"),
    [
        (DesignSpace(16), "a4ad1f8556de7de6", "878114c880b53762", "debf1699cc7380be", 453181110),
        (
            DesignSpace(6, search_side=True),
            *("68c8f75c85732e45", "1678da20f251d67b", "e7d4345a106ed486", 1088375664),
        ),
        (DesignSpace(5, ("soft",)), "63356636983b21b3", "f8cd5f4b2b6c3e29", "3db48767b52f9949", 3208035258),
        (
            DesignSpace(6, ("relu", "soft"), search_connections=False, search_side=True),
            *("95fde75671cc11d5", "9b36566c5c926e6e", "3ec87b91c61257b7", 3892101465),
        ),
        (DesignSpace(3), "e2f4e6cc4b63cf6e", "a5d168d510f5de02", "9fb608a6a9875fd2", 1109340885),
        (
            DesignSpace(4, ("leaky_relu", "soft", "relu"), search_connections=False),
            *("eac24f4f0a233ea8", "0d44807845c42762", "63988bda77c727bf", 4152848325),
        ),
    ],
)
def test_moves_are_as_ever(space: DesignSpace, samples: str, mutants: str, children: str, after: int) -> None:
    rng = np.random.default_rng(20)
    sampled = [space.sample(rng) for _ in range(50)]
    mutated = [space.mutate(genome, rng) for genome in sampled]
    crossed = [space.crossover(a, b, rng) for a, b in zip(sampled, reversed(mutated), strict=True)]
    assert (code(sampled), code(mutated), code(crossed)) == (samples, mutants, children)
    # No draw was added or left out.
    assert int(rng.integers(2**32)) == after


def test_the_order_of_enumeration_is_as_ever() -> None:
    assert code(DesignSpace(3).enumerate()) == "2d76f0239e7104ca"
    assert code(DesignSpace(4, ("soft", "relu"), search_side=True).enumerate()) == "aa519b1e6c6822b9"


def test_a_recorded_space_is_as_ever() -> None:
    recorded = {
        "layers": 6,
        "neurons": ["soft", "relu", "leaky_relu"],
        "search_connections": True,
        "search_side": False,
    }
    assert DesignSpace(6).to_dict() == recorded
    assert DesignSpace.from_dict(recorded) == DesignSpace(6)
