"""The page on problems: its examples run, its file loads, its tables name what there is."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from evaluation import problems
from evaluation.problems import PaperSetting, load_problem

PAGE = (Path(__file__).resolve().parents[2] / "docs/problems.md").read_text("utf-8")
FILES = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
def test_the_examples_run(block: str) -> None:
    names: dict[str, object] = {}
    exec(compile(block, "problems.md", "exec"), names)
    problem = names.get("problem") or names["row"]
    assert isinstance(problem, problems.Problem)
    assert problem.dataset(0).test.samples > 0


def test_the_file_describes_a_problem(tmp_path: Path) -> None:
    text, _ = FILES
    (tmp_path / "problem.json").write_text(text, encoding="utf-8")
    assert load_problem(tmp_path / "problem.json").dictionary.shape == (25, 50)


def test_the_file_of_images_finds_its_folders(tmp_path: Path) -> None:
    pytest.importorskip("sklearn", reason="an optional package")
    _, text = FILES
    (tmp_path / "problem.json").write_text(text, encoding="utf-8")
    rng = np.random.default_rng(0)
    for folder in ("bsd400", "set11"):
        (tmp_path / folder).mkdir()
        for name in ("a.png", "b.png"):
            pixels = rng.integers(0, 256, (16, 24), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / folder / name)
    problem = load_problem(tmp_path / "problem.json")
    assert isinstance(problem, problems.NaturalImages)
    assert problem.training != problem.testing
    assert (problem.side, problem.measurements, problem.learning.atoms) == (16, 128, 512)
    assert problem.cache == tmp_path / "learned"


def test_the_tables_name_every_problem_and_open_choice() -> None:
    rows = "\n".join(line for line in PAGE.splitlines() if line.startswith("|"))
    functions = {"Problem", "PaperSetting", *(name for name in problems.__all__ if name.islower())}
    assert [name for name in problems.__all__ if name not in functions and f"`{name}" not in rows] == []
    choices = list(PaperSetting.__dataclass_fields__)[6:]
    assert [name for name in choices if f"`{name}`" not in rows] == []
