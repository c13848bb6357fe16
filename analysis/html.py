"""The report of a search as one HTML page that needs no network, no script and no other file."""

import math
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from analysis.page import render_page
from analysis.shown import Shown, baseline_name, cell_text, choices
from genome.genome import Genome
from genome.usual import USUAL_THRESHOLD, USUAL_WEIGHT


class _Layer(NamedTuple):
    """What the page says of a layer; weights and thresholds that are the usual ones everywhere are empty."""

    number: int
    neuron: str
    weights: str
    threshold: str
    sources: str
    side: bool


def render_report(result: Mapping[str, Any], heatmap_png: bytes, curve_png: bytes, pareto_png: bytes) -> str:
    """Render what ``result.json`` holds, with its pictures inlined, as a self-contained page.

    All of `result` is escaped, and a content security policy in the page forbids it to load anything.

    Args:
        result: content of ``result.json``: ``evaluations``, ``diverged``, ``seconds``, ``reuse``
            (``stages_asked``, ``stages_trained``), ``comparison`` (``varies``); the models ``best``,
            ``average``, ``chosen`` and ``baselines`` (key -> model, with a ``name`` unless the key says it),
            each with ``genome``, ``connections``, ``valid_nmse_db`` and ``test_nmse_db`` (``mean``, ``low``,
            ``high``; None: not measured; a mean of None: it diverged); ``differences`` (``subject``,
            ``reference``, ``mean``, ``low``, ``high``, ``seeds``), ``claims`` (``sentence``, ``holds``,
            ``verdict``), ``top`` (``rank``, ``digest``, ``connections``, ``neurons``, ``valid_nmse_db``, and
            ``genome`` where it has more than neurons to tell), ``control`` and ``halving`` (None without),
            ``pareto`` (``goals``, ``entries``, ``hypervolume``), ``settings`` (nested, with ``metric`` where
            scores are not the NMSE) and ``versions``.
        heatmap_png: picture of the average architecture, as `analysis.figures.draw_heatmap` writes it.
        curve_png: picture of the search, as `analysis.figures.draw_learning_curve` writes it.
        pareto_png: picture of score against cost, as `analysis.pareto_figure.draw_pareto` writes it.

    Raises:
        InputError: if `result` lacks something that the page shows, or its chosen genome is illegal.
    """
    shown = Shown.of(result)
    filters: dict[str, Callable[..., object]] = {
        "cell": cell_text,
        "count": _count,
        "db": lambda score: _decibels(shown.value(score)),
        "goal": shown.goal,
        "interval": lambda value: [_decibels(number) for number in shown.interval(value)],
        "layers": _layers,
        "neurons": _choices,
    }
    return render_page(
        "report.html.j2",
        filters,
        result=result,
        shown=shown,
        baseline_name=baseline_name,
        heatmap_png=heatmap_png,
        curve_png=curve_png,
        pareto_png=pareto_png,
    )


def _decibels(number: float) -> str:
    """Two decimals; infinities mean that it diverged."""
    return f"{number:.2f}" if math.isfinite(number) else "diverged"


def _count(number: int | None) -> str:
    """A dash stands for what is not known."""
    return "–" if number is None else str(number)


def _layers(genome: Mapping[str, Any]) -> list[_Layer]:
    architecture = Genome.from_dict(genome)
    blank = ("",) * architecture.layers
    weights = architecture.weights if set(architecture.weights) != {USUAL_WEIGHT} else blank
    thresholds = architecture.thresholds if set(architecture.thresholds) != {USUAL_THRESHOLD} else blank
    layers = zip(architecture.neurons, weights, thresholds, architecture.side, strict=True)
    rows = []
    for layer, (neuron, weight, threshold, side) in enumerate(layers, 1):
        extra = [s for d, s in architecture.extra_connections() if d == layer]
        sources = ", ".join(f"x({s})" for s in extra)
        rows.append(_Layer(layer, neuron, weight, threshold, sources, side))
    return rows


def _choices(row: Mapping[str, Any]) -> str:
    """How many layers use what; neurons given as a text stand as they are."""
    if isinstance(row["neurons"], str):
        return row["neurons"]
    kinds = choices(row["genome"]) if "genome" in row else [row["neurons"]]
    return "; ".join(
        ", ".join(f"{count} {name}" for name, count in Counter(names).items()) for names in kinds
    )
