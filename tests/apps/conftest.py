"""A small search, from the command line to its files, and one that is refused."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from apps.search.cli import main

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def sizes() -> tuple[str, ...]:
    """Arguments of a search that takes a second."""
    words = "--protocol smoke --m 8 --n 16 --layers 4 --batch 3 --budget 6 --seeds 2"
    return (*words.split(), "--neurons", "soft,relu,leaky_relu")


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, sizes: tuple[str, ...]) -> Path:
    """The run directory of a finished search in a process of its own; what it printed lies beside it."""
    out = tmp_path_factory.mktemp("search") / "run"
    command = [sys.executable, "-m", "apps.search", *sizes, "--out", str(out)]
    asked = {"FORCE_COLOR": "1", "PYTHONIOENCODING": "utf-8", "PYTHONWARNINGS": "error"}
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | asked, capture_output=True, check=False, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, b"")
    out.with_name("printed").write_bytes(done.stdout)
    return out


@pytest.fixture(scope="session")
def printed(finished: Path) -> str:
    """What the finished search wrote to stdout, which was a pipe."""
    return finished.with_name("printed").read_bytes().decode()


@pytest.fixture
def refuse(sizes: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run a search that must be refused, and give the sentence."""

    def run(*arguments: str, out: Path = tmp_path / "run") -> str:
        capsys.readouterr()
        try:
            code: object = main([*sizes, "--out", str(out), *arguments])
        except SystemExit as end:
            code = end.code
        sentence = capsys.readouterr().err
        assert code == 2
        assert re.fullmatch(r"[^\n]+\.\n", sentence), sentence
        assert "Traceback" not in sentence
        return sentence

    return run
