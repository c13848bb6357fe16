"""The examples run, say what they found, and draw it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).resolve().parents[1] / "examples").glob("*.py"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_and_draws(tmp_path: Path, example: Path) -> None:
    picture = tmp_path / "picture.png"
    run = subprocess.run(
        [sys.executable, str(example), str(picture)], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    assert re.search(r"-\d+\.\d\d dB", run.stdout)
    assert picture.read_bytes().startswith(b"\x89PNG")
