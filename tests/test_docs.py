"""The examples of README and docs run as they stand, and their links lead somewhere."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from analysis.study_markdown import findings_markdown
from apps.study.outputs import kept_pieces
from benchmarks.optimizers_report import markdown as regrets
from benchmarks.table_sheet import sheet
from benchmarks.throughput_report import markdown

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def python_blocks(page: Path) -> list[str]:
    """The Python examples of a page."""
    return re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL)


def test_the_readme_example_runs_and_has_twelve_lines() -> None:
    (example,) = python_blocks(ROOT / "README.md")
    assert len([line for line in example.splitlines() if line]) == 12
    names: dict[str, object] = {}
    exec(compile(example, "README.md", "exec"), names)
    assert getattr(names["codes"], "shape", None) == (256, 32)


def test_the_example_optimizer_passes_the_conformance_suite_as_shown(tmp_path: Path) -> None:
    optimizer, suite = python_blocks(ROOT / "docs/usage.md")
    example = tmp_path / "test_hill.py"
    example.write_text(optimizer + "\n\n" + suite, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path)]
    run = subprocess.run([*command, str(example)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout
    assert re.search(r"\d\d passed", run.stdout)


def test_the_readme_shows_the_recorded_throughput() -> None:
    results = json.loads((ROOT / "benchmarks/results/throughput.json").read_text("utf-8"))
    assert markdown(results) in (ROOT / "README.md").read_text("utf-8")


def test_the_data_sheet_shows_the_recorded_regrets() -> None:
    results = json.loads((ROOT / "benchmarks/results/optimizers.json").read_text("utf-8"))
    assert regrets(results) in (ROOT / "docs/tables.md").read_text("utf-8")


def test_the_data_sheet_shows_the_tables_as_they_are() -> None:
    assert sheet() in (ROOT / "docs/tables.md").read_text("utf-8")


def test_the_recorded_findings_are_those_of_the_recorded_pieces() -> None:
    folder = ROOT / "results/small"
    pieces = list(kept_pieces(folder).values())
    assert len(pieces) == 13
    assert findings_markdown(pieces) == (folder / "findings.md").read_text("utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
        assert (page.parent / target).is_file(), f"{page.name} links to {target}, which is not there"
