"""The page on problems: its examples run, its file loads, its tables name what there is."""

import re
from pathlib import Path

import pytest

from evaluation import problems
from evaluation.problems import PaperSetting, load_problem

PAGE = (Path(__file__).resolve().parents[2] / "docs/problems.md").read_text("utf-8")


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
def test_the_examples_run(block: str) -> None:
    names: dict[str, object] = {}
    exec(compile(block, "problems.md", "exec"), names)
    problem = names.get("problem") or names["row"]
    assert isinstance(problem, problems.Problem)
    assert problem.dataset(0).test.samples > 0


def test_the_file_describes_a_problem(tmp_path: Path) -> None:
    (text,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "problem.json").write_text(text, encoding="utf-8")
    assert load_problem(tmp_path / "problem.json").dictionary.shape == (25, 50)


def test_the_tables_name_every_problem_and_open_choice() -> None:
    rows = "\n".join(line for line in PAGE.splitlines() if line.startswith("|"))
    functions = {"Problem", "PaperSetting", *(name for name in problems.__all__ if name.islower())}
    assert [name for name in problems.__all__ if name not in functions and f"`{name}" not in rows] == []
    choices = list(PaperSetting.__dataclass_fields__)[6:]
    assert [name for name in choices if f"`{name}`" not in rows] == []
