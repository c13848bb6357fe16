"""The rows of the paper's tables as problems."""

import pytest
import torch

from evaluation.digest import digest
from evaluation.problems import (
    Drawn,
    LowRankDictionary,
    PaperSetting,
    SparseRecovery,
    paper_problem,
    paper_rows,
    problem_from_dict,
)
from genome import InputError

SMALL = PaperSetting(m=25, n=50, train=200, valid=100, test=60)


def test_every_row_is_another_problem_of_the_papers_size_and_round_trips() -> None:
    full = {row: paper_problem(row) for row in paper_rows()}
    assert [*full] == [*"bcdefghijk", "512x1024", "ill_conditioned"]
    assert len({digest(problem.to_dict()) for problem in full.values()}) == 12
    assert all(problem_from_dict(problem.to_dict()) == problem for problem in full.values())
    assert full["c"] == SparseRecovery(250, 500, 0.1, 40.0, 0, 102_400, 10_240, 10_240)
    large = full["512x1024"]
    assert isinstance(large, SparseRecovery)
    assert (large.m, large.n) == (512, 1024)
    ill = full["ill_conditioned"]
    assert isinstance(ill, Drawn)
    assert ill.source == LowRankDictionary(250, 500, 200)


@pytest.mark.parametrize("row", paper_rows())
def test_a_row_gives_data_of_a_chosen_size(row: str) -> None:
    problem = paper_problem(row, SMALL)
    data, clean = problem.dataset(0), paper_problem("b", SMALL).dataset(0)
    assert problem.dictionary.shape == (25, 50)
    samples = {"j": (20, 10), "k": (10, 10)}.get(row, (200, 100))
    assert (data.train.samples, data.valid.samples, data.test.samples) == (*samples, 60)
    if row in "fghi":
        assert torch.equal(data.train.b, clean.train.b)
        assert torch.equal(data.valid.b, clean.valid.b)
        assert torch.equal(data.test.x, clean.test.x)
        assert not torch.equal(data.test.b, clean.test.b)
        assert torch.equal(problem.dictionary, paper_problem("b", SMALL).dictionary)


@pytest.mark.parametrize(
    ("rows", "changes"),
    [
        ("cdfg", {"snr_over": "sample"}),
        ("e", {"gamma_is": "scale"}),
        ("e", {"gamma_shape": 0.1}),
        ("h", {"salt_and_pepper": 2.0}),
        (("ill_conditioned",), {"low_rank_unit_columns": False}),
    ],
)
def test_what_the_paper_leaves_open_is_in_the_description(rows: str, changes: dict[str, object]) -> None:
    setting = PaperSetting(m=25, n=50, train=200, valid=100, test=60, **changes)  # type: ignore[arg-type]
    differ = [
        row
        for row in paper_rows()
        if paper_problem(row, setting).to_dict() != paper_problem(row, SMALL).to_dict()
    ]
    assert differ == list(rows)


def test_unknown_rows_and_settings_are_refused() -> None:
    with pytest.raises(InputError, match=r"must be one of b, c, .*, ill_conditioned, got 'a'"):
        paper_problem("a")
    with pytest.raises(InputError, match="m must be at least 1, got 0"):
        paper_problem("512x1024", PaperSetting(m=0))
    with pytest.raises(InputError, match="reach of the SNR must be split or sample, got all"):
        paper_problem("c", PaperSetting(snr_over="all"))  # type: ignore[arg-type]
