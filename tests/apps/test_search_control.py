"""Random search beside a search: drawn apart, evaluated alike, compared at the same number of evaluations."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import pytest

import optimizers
from analysis.control import best_of
from apps.search.cli import main
from apps.search.control import Control, control_seed
from apps.search.roles import CONTROL_CLAIM
from evaluation.archive import Archive
from genome import DesignSpace, Evaluation, Genome, Request

SPACE = DesignSpace(4)

Search = Callable[..., Path]


@pytest.fixture
def search(tmp_path: Path, sizes: tuple[str, ...]) -> Search:
    def run(*arguments: str, out: Path = tmp_path / "run") -> Path:
        assert main([*sizes, "--out", str(out), *arguments]) == 0
        return out

    return run


def result(out: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((out / "result.json").read_text("utf-8"))
    return content


def recorded(out: Path) -> dict[Genome, Evaluation]:
    with Archive.open(out / "archive.sqlite") as archive:
        return {each.genome: each for each in archive.evaluations() if not each.request.test}


def random_genomes(seed: int, count: int) -> list[Genome]:
    return optimizers.create("random", SPACE, control_seed(seed)).ask(count)


def test_the_controls_draws_are_not_the_searchs() -> None:
    seeds = [control_seed(seed) for seed in range(50)]
    assert len({*seeds, *range(50)}) == 100
    assert all(0 <= seed < 2**63 for seed in seeds)
    own = optimizers.create("random", DesignSpace(8), 3).ask(20)
    beside = optimizers.create("random", DesignSpace(8), control_seed(3)).ask(20)
    assert not set(own) & set(beside)


def test_a_larger_control_begins_with_the_genomes_of_a_smaller_one() -> None:
    assert random_genomes(0, 12)[:5] == random_genomes(0, 5)


def test_as_many_random_genomes_as_the_budget_by_default(finished: Path) -> None:
    content = result(finished)
    control, kept = content["control"], recorded(finished)
    scores = [kept[genome].score for genome in random_genomes(0, 6)]
    assert control["valid_nmse_db"] == scores
    assert (control["own"], control["seed"], control["early"]) == (False, control_seed(0), False)
    assert control["evaluations"] == control["compared_at"] == 6
    assert control["best"]["valid_nmse_db"] == min(scores)
    (row,) = control["table"]
    assert row["mean"] == row["low"] == row["high"] == min(scores)
    assert row["search"] == content["best"]["valid_nmse_db"]
    reaching = [b for b in range(1, 7) if best_of(scores, b).mean <= row["search"]]
    assert control["evaluations_to_reach"] == (reaching[0] if reaching else None)
    values = content["comparison"]["test_nmse_db"]
    for subject in ("best", "chosen"):
        (found,) = (
            d for d in content["differences"] if (d["subject"], d["reference"]) == (subject, "random")
        )
        paired = [values[subject][seed] - values["random"][seed] for seed in values["random"]]
        assert found["mean"] == pytest.approx(fmean(paired))
    assert sum("best is better than random" in claim["sentence"] for claim in content["claims"]) == 1
    assert str(CONTROL_CLAIM) in content["settings"]["comparison"]["claims"]


def test_no_control_is_said_and_changes_nothing_else(
    finished: Path, search: Search, capsys: pytest.CaptureFixture[str]
) -> None:
    content, kept = result(search("--control", "0")), result(finished)
    assert "nothing here says whether it beats random" in " ".join(capsys.readouterr().out.split())
    assert content["control"] is None
    assert "random" not in content["per_stage"]
    assert not any("random" in claim["sentence"] for claim in content["claims"])
    for name in ("search", "best", "average", "chosen", "baselines", "settings"):
        assert content[name] == kept[name]


def test_a_smaller_control_is_compared_with_as_much_of_the_search(
    finished: Path, search: Search, capsys: pytest.CaptureFixture[str]
) -> None:
    content = result(search("--control", "4"))
    control, steps = content["control"], content["search"][:4]
    assert (control["evaluations"], control["compared_at"], control["early"]) == (4, 4, True)
    assert control["valid_nmse_db"] == result(finished)["control"]["valid_nmse_db"][:4]
    early = min(step["valid_nmse_db"] for step in steps)
    assert control["search"]["best"]["valid_nmse_db"] == control["table"][-1]["search"] == early
    assert sum("best of 4 is better than random" in claim["sentence"] for claim in content["claims"]) == 1
    assert {d["subject"] for d in content["differences"] if d["reference"] == "random"} == {
        "best of 4",
        "chosen of 4",
    }
    assert "both are compared after 4" in " ".join(capsys.readouterr().out.split())


def test_a_larger_control_is_compared_at_the_searchs_budget(search: Search) -> None:
    content = result(search("--control", "20", "--budget", "3"))
    control = content["control"]
    assert (control["evaluations"], control["compared_at"], control["early"]) == (20, 3, False)
    (row,) = control["table"]
    assert row["low"] < row["mean"] < row["high"]
    assert control["best"]["valid_nmse_db"] == min(control["valid_nmse_db"][:3])


def test_random_search_is_its_own_control(search: Search, capsys: pytest.CaptureFixture[str]) -> None:
    out = search("--optimizer", "random", "--control", "99")
    content = result(out)
    control = content["control"]
    assert (control["own"], control["seed"], control["evaluations"]) == (True, None, 6)
    assert control["valid_nmse_db"] == [step["valid_nmse_db"] for step in content["search"]]
    assert control["best"] == content["best"]
    assert not any("random" in claim["sentence"] for claim in content["claims"])
    assert "its own control" in capsys.readouterr().out
    assert len(recorded(out)) <= 6 + 3 + 1, "the search's, the baselines and the average"


def evaluations(scores: list[float], *, stages: int | None = None) -> list[Evaluation]:
    def made() -> Iterator[Evaluation]:
        for genome, score in zip(SPACE.enumerate(), scores, strict=False):
            values = (score,) * (stages or 4)
            status = "diverged" if score == np.inf else "complete"
            request = Request(genome, stages=stages)
            yield Evaluation(request, "s", status, values, values, None, None, 0.0)  # type: ignore[arg-type]

    return list(made())


def test_networks_that_were_not_trained_whole_are_no_best() -> None:
    searched = [*evaluations([-3.0, -2.0]), *evaluations([-9.0], stages=2)]
    control = Control(evaluations([-1.0, np.inf, -2.0]), searched, own=False)
    assert control.best_so_far(3) == -3.0
    assert control.best is not None
    assert control.best.score == -2.0
    assert control.evaluations_to_reach is None
    nothing = Control(evaluations([np.inf] * 2), searched, own=False)
    assert nothing.best is None
