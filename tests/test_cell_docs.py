"""The cell of docs/cells.md is that of the example, and runs, trains and passes its suites as shown."""

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

from builders.cells import cell_names
from builders.injections import injection
from examples.primal_dual import PrimalDual

PAGE = (Path(__file__).resolve().parents[1] / "docs/cells.md").read_text("utf-8")


@pytest.fixture
def blocks(tmp_path: Path) -> tuple[Path, str, str]:
    """The folder with the cell in a file of its own; its use; its tests."""
    cell, use, suite = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "primal_dual.py").write_text(cell, encoding="utf-8")
    return tmp_path, use, suite


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_cell_is_that_of_the_example_and_short(blocks: tuple[Path, str, str]) -> None:
    folder, _, _ = blocks
    shown = (folder / "primal_dual.py").read_text("utf-8")
    source = inspect.getsource(PrimalDual)
    assert source in shown
    assert len([line for line in source.splitlines() if line]) <= 40


def test_it_is_used_by_path_as_shown(blocks: tuple[Path, str, str]) -> None:
    folder, use, _ = blocks
    shown = "print(cell.describe(), trained.shape, float((trained - untrained).norm()) > 0)\n"
    (folder / "use.py").write_text(use + shown, encoding="utf-8")
    done = run(folder, "use.py")
    assert done.returncode == 0, done.stderr
    assert done.stdout == (
        "{'name': 'primal_dual:PrimalDual', 'l1': 0.15, 'sigma': 0.5} torch.Size([256, 32]) True\n"
    )


def test_it_passes_the_suites_as_shown(blocks: tuple[Path, str, str]) -> None:
    folder, _, suite = blocks
    (folder / "test_primal_dual.py").write_text(suite, encoding="utf-8")
    done = run(
        folder, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", ".", "test_primal_dual.py"
    )
    assert done.returncode == 0, done.stdout
    assert re.search(r"\d\d passed", done.stdout)
    assert "skipped" not in done.stdout


def test_all_cells_and_injections_are_listed() -> None:
    cells, injections = PAGE.split("## Injections")
    assert sorted(re.findall(r"^\| `(\w+)`", cells, re.MULTILINE)) == list(cell_names())
    for form in re.findall(r"^\| `(\w+)`", injections, re.MULTILINE):
        assert injection(form).form == form
