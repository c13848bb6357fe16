"""The parts that a piece of the study is written with, as JSON data: cells of tables, findings, records."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from analysis.comparison import Divergence, Interval, Values, summarize
from analysis.ordering import gap_db
from analysis.scores_figure import ScoreRow
from analysis.study_piece import FORMAT, VERSION, Answer
from apps.study.lab import Seeded
from genome import Evaluation

Json = Any

COLUMNS: Final = (
    "piece",
    "setting",
    "form",
    "model",
    "connections",
    "side_connections",
    "seed",
    "valid_nmse_db",
    "test_nmse_db",
    "test_ratio_db",
    "seconds",
    "genome",
    "side",
    "neurons",
)
"""Of the records, one network a line: ``genome`` has the connections as the authors write them, ``side`` a
digit a layer, ``neurons`` the name of each."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One of the paper's findings, and what became of it here.

    Attributes:
        paper: the finding, in a sentence.
        source: where the paper has it.
        form: injection that it was tested with.
        answer: "holds" and "fails" where the numbers show it or the contrary, else "not shown".
        sentence: the numbers.
        difference: the one difference that it is about, in dB as the sentence shows it; None where it is
            about none, or several.
    """

    paper: str
    source: str
    form: str
    answer: Answer
    sentence: str
    difference: Interval | None = None

    def to_dict(self) -> dict[str, Json]:
        """The finding as JSON data."""
        return {
            "paper": self.paper,
            "source": self.source,
            "form": self.form,
            "answer": self.answer,
            "sentence": self.sentence,
            **({"difference": self.difference.to_dict()} if self.difference else {}),
        }


@dataclass(slots=True)
class Piece:
    """One table or figure of the study, being put together.

    Attributes:
        name: on the command line.
        title: in reports.
        notes: what differs from the paper, a sentence each.
        tables: as reports show them.
        findings: of the paper, tested.
        figures: files without suffix, with captions.
        records: every network, by the names of ``COLUMNS``.
        data: whatever else may be read again.
    """

    name: str
    title: str
    notes: list[str] = field(default_factory=list)
    tables: list[Json] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    figures: list[Json] = field(default_factory=list)
    records: list[dict[str, Json]] = field(default_factory=list)
    data: dict[str, Json] = field(default_factory=dict)

    def table(
        self, name: str, title: str, columns: Sequence[str], rows: Sequence[Sequence[Json]], *notes: str
    ) -> None:
        """Add a table."""
        self.tables.append(
            {
                "name": name,
                "title": title,
                "columns": list(columns),
                "rows": [list(row) for row in rows],
                "notes": list(notes),
            }
        )

    def figure(self, file: str, caption: str) -> None:
        """Add a figure, that is written beside the piece as ``file.png`` and ``file.pdf``."""
        self.figures.append({"file": file, "caption": caption})

    def record(self, setting: str, form: str, model: str, evaluation: Evaluation) -> None:
        """Add a network's record."""
        request = evaluation.request
        values = (
            self.name,
            setting,
            form,
            model,
            request.genome.connections,
            sum(request.genome.side),
            request.seed,
            strict(evaluation.score),
            strict(evaluation.test_nmse_db),
            strict(evaluation.test_ratio_db),
            round(evaluation.seconds, 3),
            request.genome.arch_string(),
            "".join(str(int(side)) for side in request.genome.side),
            " ".join(request.genome.neurons),
        )
        self.records.append(dict(zip(COLUMNS, values, strict=True)))

    def record_all(self, setting: str, form: str, compared: Seeded) -> None:
        """Add the records of a comparison."""
        for model, by_seed in compared.items():
            for evaluation in by_seed.values():
                self.record(setting, form, model, evaluation)

    def to_dict(self) -> dict[str, Json]:
        """The piece as JSON data, without its records."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "name": self.name,
            "title": self.title,
            "notes": self.notes,
            "tables": self.tables,
            "findings": [finding.to_dict() for finding in self.findings],
            "figures": self.figures,
            "data": self.data,
        }


def strict(value: float | None) -> float | str | None:
    """A number as strict JSON has it, without infinities."""
    return value if value is None or math.isfinite(value) else "inf"


def test_score(evaluation: Evaluation) -> float:
    """Test score in dB of an evaluation that was asked for it; inf where the training diverged."""
    return math.inf if evaluation.test_nmse_db is None else evaluation.test_nmse_db


def test_scores(compared: Seeded) -> dict[str, dict[int, float]]:
    """Test scores in dB by model and seed; inf where a training diverged."""
    return {
        model: {seed: test_score(evaluation) for seed, evaluation in by_seed.items()}
        for model, by_seed in compared.items()
    }


def mean_cell(spread: Interval, count: int) -> dict[str, Json]:
    """A table's cell for a mean over so many seeds, or networks."""
    return {**spread.to_dict(), "seeds": count}


def score_row(label: str, made: Mapping[str, Json], reported: Mapping[str, float]) -> ScoreRow:
    """A row of a table, as ``cells`` has it, for its picture."""
    values = {
        name: (cell["mean"], cell["low"], cell["high"])
        if cell["mean"] is not None
        else (math.inf, math.inf, math.inf)
        for name, cell in made.items()
    }
    return ScoreRow(label, values, reported)


def cells(models: Mapping[str, Values], reported: Mapping[str, float], sign: int = 1) -> dict[str, Json]:
    """A table's cell for each model: mean, interval, and the paper's value with the gap to it.

    Args:
        models: scores by model and seed, in dB, lower is better.
        reported: the paper's values, of those models that it has.
        sign: -1 where the paper's values are the negatives of scores.
    """
    spreads = summarize(models)
    finite = {name: each.mean for name, each in spreads.items() if isinstance(each, Interval)}
    best = min(finite, key=finite.__getitem__, default=None)
    made: dict[str, Json] = {}
    for name, each in spreads.items():
        if isinstance(each, Divergence):
            made[name] = each.to_dict()
            continue
        low, high = sorted((sign * each.low, sign * each.high))
        cell = mean_cell(Interval(sign * each.mean, low, high), len(models[name]))
        if name in reported:
            cell |= {"reported": reported[name], "gap": gap_db(each.mean, reported[name], sign=sign)}
        if name == best:
            cell["best"] = True
        made[name] = cell
    return made
