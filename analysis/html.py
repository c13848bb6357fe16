"""The report of a search as one HTML page that needs no network, no script and no other file."""

import base64
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, UndefinedError

from genome.errors import InputError
from genome.genome import Genome

DISPLAY_NAMES = {"lista": "LISTA", "lfista": "LFISTA", "dense": "Dense-LISTA"}


def render_report(result: Mapping[str, Any], heatmap_png: bytes, curve_png: bytes, pareto_png: bytes) -> str:
    """Render what ``result.json`` holds, with its pictures inlined, as a self-contained page.

    All of `result` is escaped, and a content security policy in the page forbids it to load anything.

    Args:
        result: content of ``result.json``: ``evaluations``, ``diverged``, ``seconds``, ``reuse``
            (``stages_asked``, ``stages_trained``), ``comparison`` (``varies``); the models ``best``,
            ``average``, ``chosen`` and ``baselines`` (name -> model), each with ``genome``, ``connections``,
            ``valid_nmse_db`` and ``test_nmse_db`` (``mean``, ``low``, ``high``; None: not measured; a mean
            of None: it diverged); ``differences`` (``subject``, ``reference``, ``mean``, ``low``, ``high``,
            ``seeds``), ``claims`` (``sentence``, ``holds``, ``verdict``), ``top`` (``rank``, ``digest``,
            ``connections``, ``neurons``, ``valid_nmse_db``), ``control`` and ``halving`` (None without),
            ``pareto`` (``goals``, ``entries``, ``hypervolume``), ``settings`` (nested) and ``versions``.
        heatmap_png: picture of the average architecture, as `analysis.figures.draw_heatmap` writes it.
        curve_png: picture of the search, as `analysis.figures.draw_learning_curve` writes it.
        pareto_png: picture of NMSE against cost, as `analysis.pareto_figure.draw_pareto` writes it.

    Raises:
        InputError: if `result` lacks something that the page shows, or its chosen genome is illegal.
    """
    environment = Environment(
        loader=PackageLoader("analysis"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        db=_decibels,
        duration=_duration,
        flat=_flat,
        layers=_layers,
        name=_display_name,
        neurons=_neuron_counts,
        png=_data_uri,
    )
    template = environment.get_template("report.html.j2")
    try:
        return template.render(
            result=result, heatmap_png=heatmap_png, curve_png=curve_png, pareto_png=pareto_png
        )
    except UndefinedError as error:
        raise InputError(
            f"The result must hold everything its report shows, got: {error.message}."
        ) from error


def _display_name(key: str) -> str:
    return DISPLAY_NAMES.get(key, key)


def _decibels(value: float | str | None) -> str:
    """Two decimals; infinities (also as the text that strict JSON holds) and None mean that it diverged."""
    number = math.inf if value is None else float(value)
    return f"{number:.2f}" if math.isfinite(number) else "diverged"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds + 0.5), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _layers(genome: Mapping[str, Any]) -> Iterator[tuple[int, str, str, bool]]:
    """Layer, neuron, sources of the extra connections, and whether the layer takes the measurement."""
    architecture = Genome.from_dict(genome)
    for layer in range(1, architecture.layers + 1):
        extra = [s for d, s in architecture.extra_connections() if d == layer]
        sources = ", ".join(f"x({s})" for s in extra)
        yield layer, architecture.neurons[layer - 1], sources, architecture.side[layer - 1]


def _neuron_counts(neurons: Sequence[str] | str) -> str:
    """How many layers use each neuron; a text stands as it is."""
    if isinstance(neurons, str):
        return neurons
    return ", ".join(f"{count} {name}" for name, count in Counter(neurons).items())


def _flat(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Nested settings as (dotted name, value)."""
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _data_uri(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")
