"""The JSON format and the genome files."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import genome as package
from genome import Genome, InputError, load_genome, save_genome
from genome.files import MAX_BYTES, write_atomic

GENOME = Genome.from_connections(
    4, [(4, 1)], ("soft", "relu", "soft", "leaky_relu"), (True, False, True, True)
)
COUPLED = replace(GENOME, weights=("coupled",) * 4)


@given(st.from_type(Genome))
@settings(deadline=None, max_examples=50)
def test_json_round_trips(genome: Genome) -> None:
    assert Genome.from_json(genome.to_json()) == genome
    assert Genome.from_json(json.dumps(genome.to_dict(), indent=2, sort_keys=True), genome.layers) == genome
    assert Genome.from_dict(genome.to_dict()) == genome


def test_the_format_is_pinned() -> None:
    assert GENOME.to_dict() == {
        "format": "lista-genome/genome",
        "version": 1,
        "layers": 4,
        "connections": [[4, 1]],
        "neurons": ["soft", "relu", "soft", "leaky_relu"],
        "side": [True, False, True, True],
    }


def test_the_format_with_weights_and_thresholds_is_pinned() -> None:
    genome = replace(GENOME, weights=("analytic", "free", "coupled", "free"))
    assert genome.to_dict() == GENOME.to_dict() | {
        "version": 2,
        "weights": ["analytic", "free", "coupled", "free"],
        "thresholds": ["learned"] * 4,
    }
    assert replace(GENOME, thresholds=("adaptive",) * 4).to_dict()["version"] == 2


@given(st.from_type(Genome), st.data())
@settings(deadline=None, max_examples=50)
def test_a_truncated_text_is_refused(genome: Genome, data: st.DataObject) -> None:
    text = genome.to_json()
    cut = data.draw(st.integers(0, len(text) - 1))
    with pytest.raises(InputError, match=r"must be complete JSON, got .* at line 1, column \d+"):
        Genome.from_json(text[:cut])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "other/genome"}, r'must be an object with "format": "lista-genome/genome"'),
        ({"version": 3}, r"version of a genome must be 1 or 2, got 3"),
        ({"version": True}, r"version of a genome must be 1 or 2, got True"),
        ({"version": 3, "cells": []}, r"version of a genome must be 1 or 2, got 3"),
        ({"version": 2}, r"must have the key 'weights', which is missing"),
        ({"weights": ["coupled"] * 4}, r"unknown key 'weights'; known are format, version, layers"),
        ({"colour": 1}, r"unknown key 'colour'; known are format, version, layers"),
        ({"layers": True}, r"number of layers must be an integer from 1 to 1024, got True"),
        ({"layers": 4.0}, r"number of layers must be an integer from 1 to 1024, got 4\.0"),
        ({"layers": 10**9}, r"number of layers must be an integer from 1 to 1024, got 1000000000"),
        ({"layers": 5}, r"Neurons must be a tuple with one name for each of 5 layers"),
        ({"connections": {"4": 1}}, r"connections of a genome must be a list"),
        ({"connections": [[4, True]]}, r"pair of integers .* got \[4, True\] at position 1"),
        ({"connections": [[4, 1.0]]}, r"pair of integers"),
        ({"connections": ["41"]}, r"pair of integers"),
        ({"connections": [{"4": 1}]}, r"pair of integers"),
        ({"connections": [[4, 1], [4, 1]]}, r"listed once, got gate 4<-1 .* twice"),
        ({"connections": [[1, 4]]}, r"gate 1<-4 \(destination 1, source 4\) must be off"),
        ({"connections": [[5, 1]]}, r"Layers must lie in 1\.\.4, got destination 5"),
        ({"neurons": "soft"}, r"neurons of a genome must be a list, got 'soft'"),
        ({"neurons": ["soft", "relu", "soft", "gelu"]}, r"neuron of layer 4 must be one of .* got 'gelu'"),
        ({"neurons": ["soft", "relu", "soft", None]}, r"neuron of layer 4 must be one of .* got None"),
        ({"side": [True, 0, True, True]}, r"side connection of layer 2 must be true or false, got 0"),
        ({"side": [False, True, True, True]}, r"side connection of layer 1 must be on"),
        ({"side": [True]}, r"Side must be a tuple with one bool for each of 4 layers"),
    ],
)
def test_an_illegal_genome_is_refused(change: dict[str, Any], message: str) -> None:
    text = json.dumps(GENOME.to_dict() | change)
    with pytest.raises(InputError, match=message):
        Genome.from_json(text)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 1}, r"unknown key 'weights'; known are format, version, layers"),
        ({"weights": "coupled"}, r"weights of a genome must be a list, got 'coupled'"),
        ({"weights": None}, r"weights of a genome must be a list, got None"),
        ({"weights": []}, r"Weights must be a tuple with one name for each of 4 layers, got \(\)"),
        ({"weights": ["free"] * 3}, r"Weights must be a tuple with one name for each of 4 layers"),
        ({"weights": ["free", "tied", "free", "free"]}, r"weight of layer 2 must be one of .*, got 'tied'"),
        ({"thresholds": {}}, r"thresholds of a genome must be a list, got \{\}"),
        ({"thresholds": []}, r"Thresholds must be a tuple with one name for each of 4 layers, got \(\)"),
        (
            {"thresholds": [["adaptive"]] * 4},
            r"threshold of layer 1 must be one of learned, adaptive, got \[",
        ),
        ({"steps": []}, r"unknown key 'steps'; known are format, version, layers"),
    ],
)
def test_an_illegal_genome_with_weights_is_refused(change: dict[str, Any], message: str) -> None:
    text = json.dumps(COUPLED.to_dict() | change)
    with pytest.raises(InputError, match=message):
        Genome.from_json(text)


@pytest.mark.parametrize("name", ["layers", "connections", "neurons", "side", "weights", "thresholds"])
def test_a_missing_key_is_named(name: str) -> None:
    data = COUPLED.to_dict()
    del data[name]
    with pytest.raises(InputError, match=rf"must have the key '{name}', which is missing"):
        Genome.from_dict(data)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", r"must be an object with"),
        ("null", r"must be an object with"),
        ('{"layers": 1, "layers": 2}', r"must stand once, got 'layers' twice"),
        ('{"layers": NaN}', r"must hold no NaN"),
        ('{"layers": -Infinity}', r"must hold no -Infinity"),
        ('{"layers": ' + "9" * 5000 + "}", r"must be plain JSON text"),
        ("[" * 100_000, r"must be plain JSON text"),
        (GENOME.to_json() + "{}", r"must be complete JSON, got extra data"),
        (None, r"must be plain JSON text"),
    ],
)
def test_text_that_is_no_genome_is_refused(text: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Genome.from_json(text)


def test_another_depth_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"genome must have 8 layers, got 4"):
        Genome.from_json(GENOME.to_json(), layers=8)
    save_genome(tmp_path / "g.json", GENOME)
    with pytest.raises(InputError, match=r"genome must have 8 layers, got 4, in .*g\.json\."):
        load_genome(tmp_path / "g.json", layers=8)


# Files


def test_a_file_round_trips_and_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "genome.json"
    save_genome(path, Genome.lista(3))
    save_genome(str(path), GENOME)
    assert load_genome(str(path)) == load_genome(path, layers=4) == GENOME
    assert [entry.name for entry in tmp_path.iterdir()] == ["genome.json"]


def test_a_file_has_the_permissions_of_an_ordinary_one(tmp_path: Path) -> None:
    (tmp_path / "ordinary").touch()
    save_genome(tmp_path / "genome.json", GENOME)
    assert (tmp_path / "genome.json").stat().st_mode == (tmp_path / "ordinary").stat().st_mode


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"must be complete JSON, got expecting value at line 1, column 1, in .*genome\.json\."),
        (GENOME.to_json().encode()[:40], r"must be complete JSON"),
        (b"\xff\xfe{}", r"must be UTF-8 text, got other bytes in .*genome\.json"),
        (b" " * (MAX_BYTES + 1), r"at most 1000000 bytes, got more in .*genome\.json"),
    ],
)
def test_a_broken_file_is_refused_with_its_path(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "genome.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        load_genome(path)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"must be readable, got No such file or directory for .*none\.json"):
        load_genome(tmp_path / "none.json")
    with pytest.raises(InputError, match=r"must be readable, got Is a directory"):
        load_genome(tmp_path)


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"must be writable, got No such file or directory"):
        save_genome(tmp_path / "none" / "genome.json", GENOME)
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match=r"must be writable, got Is a directory"):
        save_genome(tmp_path / "folder", GENOME)
    with pytest.raises(InputError, match=r"at most 1000000 bytes, got \d+ for"):
        save_genome(tmp_path / "large.json", Genome.dense(500))
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder"]


def test_a_write_that_fails_half_way_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "genome.json"
    save_genome(path, GENOME)
    code = """
import resource, sys
from genome import Genome, InputError, save_genome
resource.setrlimit(resource.RLIMIT_FSIZE, (50, 50))
try:
    save_genome(sys.argv[1], Genome.dense(6))
except InputError as error:
    print(error)
"""
    command = [sys.executable, "-c", code, str(path)]
    root = Path(package.__file__).parents[1]
    done = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True)
    assert done.stdout.startswith("The genome file must be writable, got File too large")
    assert load_genome(path) == GENOME
    assert [entry.name for entry in tmp_path.iterdir()] == ["genome.json"]


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "none" / "text", tmp_path / "folder"):
        with pytest.raises(OSError, match=rf"directory: '{path}'$"):
            write_atomic(path, "")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=rf"No space left on device: '{tmp_path / 'text'}'$"):
        write_atomic(tmp_path / "text", "")
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder"]


def test_text_is_written_as_it_is(tmp_path: Path) -> None:
    write_atomic(tmp_path / "text", "ä\nb\n")
    assert (tmp_path / "text").read_bytes() == "ä\nb\n".encode()
