"""The study's pictures of connectivity, and the files that all its pictures become."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.image import imread
from numpy.typing import NDArray

from analysis import connectivity_figure, difference_figure
from analysis.connectivity_figure import draw_connectivity
from analysis.difference_figure import DIFFERENCE_COLOURS, draw_difference
from analysis.distribution_figure import Panel, draw_distribution
from analysis.figure_files import save_figure
from analysis.figures import draw_heatmap, heatmap_figure
from analysis.lengths_figure import LengthPanel, draw_lengths
from analysis.reconnection_figure import draw_reconnection
from analysis.scores_figure import ScoreRow, draw_scores
from genome.errors import InputError
from genome.genome import Genome


def difference(layers: int) -> NDArray[np.float64]:
    """Shares among 30 minus shares among 50, as whole genomes give them."""
    rng = np.random.default_rng(layers)
    used = rng.random((50, layers, layers - 1)) < 0.5
    return np.tril(used[:30].mean(axis=0) - used.mean(axis=0), k=-2)


def cell_texts(axes: Axes) -> dict[tuple[int, int], str]:
    """Text of a cell by (row, column), both from 0 at the upper left."""
    inside = [text for text in axes.texts if text.get_text() not in {"source", "neuron"}]
    return {
        (round(text.get_position()[1]), round(text.get_position()[0])): text.get_text() for text in inside
    }


def dots(axes: Axes) -> set[tuple[int, int]]:
    places = [np.asarray(line.get_xydata())[0] for line in axes.lines]
    return {(int(row), int(column)) for column, row in places}


PANEL = Panel("[b]", {"LWA": [(1, -3.0), (2, math.inf)]}, {"LISTA": (0, -2.0)})
DRAWINGS: dict[str, Callable[[Path], None]] = {
    "difference": lambda path: draw_difference(path, difference(8), title="30 − 50"),
    "connectivity": lambda path: draw_connectivity(path, {"LISTA": Genome.lista(8)}),
    "distribution": lambda path: draw_distribution(
        path,
        [Panel("[b]", {"LWA": [(1, -3.0), (2, math.inf)]}, {"LISTA": (0, -2.0)})],
        abscissa="connections",
    ),
    "reconnection": lambda path: draw_reconnection(path, [((1, -3.0), (2, -4.0))], abscissa="connections"),
    "scores": lambda path: draw_scores(path, [ScoreRow("[b]", {"LISTA": (-3.0, -4.0, -2.0)})], title="Table"),
    "lengths": lambda path: draw_lengths(path, [LengthPanel("LISTA", {"lwa": [(1.0, -3.0, -4.0, -2.0)]})]),
}


@pytest.mark.parametrize("draw", DRAWINGS.values(), ids=DRAWINGS)
def test_every_drawing_is_a_png_and_a_pdf_with_the_same_bytes_each_time(
    draw: Callable[[Path], None], tmp_path: Path
) -> None:
    before = dict(matplotlib.rcParams)
    draw(tmp_path / "first")
    draw(tmp_path / "second.png")
    assert {each.name for each in tmp_path.iterdir()} == {
        "first.png", "first.pdf", "second.png", "second.pdf"
    }  # fmt: skip
    png, pdf = (tmp_path / "first.png").read_bytes(), (tmp_path / "first.pdf").read_bytes()
    assert (png, pdf) == ((tmp_path / "second.png").read_bytes(), (tmp_path / "second.pdf").read_bytes())
    assert png.startswith(b"\x89PNG")
    assert b"tEXt" not in png
    assert pdf.startswith(b"%PDF-")
    assert pdf.rstrip().endswith(b"%%EOF")
    for absent in (b"CreationDate", b"/Producer", b"/Creator", b"/Type3"):
        assert absent not in pdf
    assert b"/FontFile2" in pdf, "TrueType"
    assert dict(matplotlib.rcParams) == before


def test_the_bytes_depend_on_no_hash_seed_and_a_figure_can_be_saved_twice(tmp_path: Path) -> None:
    program = """
import sys
from analysis import distribution_figure as drawn
from analysis.figure_files import save_figure
from analysis.shown import NMSE
figure = drawn._figure([drawn.Panel("α − 1", {"LWA": [(1, -3.0), (2, -4.0)]}, {})], "connections", NMSE)
save_figure(figure, sys.argv[1] + "a")
save_figure(figure, sys.argv[1] + "b")
"""
    for seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        subprocess.run([sys.executable, "-c", program, str(tmp_path / seed)], env=environment, check=True)
    for suffix in (".png", ".pdf"):
        files = [tmp_path / f"{seed}{turn}{suffix}" for seed in "12" for turn in "ab"]
        assert len({file.read_bytes() for file in files}) == 1


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        save_figure(Figure(), tmp_path / "absent" / "picture")
    assert not list(tmp_path.iterdir())


def test_a_heat_map_can_be_saved_both_ways(tmp_path: Path) -> None:
    share = Genome.lfista(6).heatmap()
    draw_heatmap(tmp_path / "drawn.png", share, title="Figure 2")
    save_figure(heatmap_figure(share, title="Figure 2"), tmp_path / "saved")
    assert (tmp_path / "drawn.png").read_bytes() == (tmp_path / "saved.png").read_bytes()
    assert (tmp_path / "saved.pdf").exists()


def test_a_long_title_stays_inside_the_picture(tmp_path: Path) -> None:
    draw_difference(tmp_path / "map", difference(8), title="Share among the best 30 networks minus " * 2)
    image = imread(tmp_path / "map.png")[..., :3]
    assert (image[:, -4:] == 1.0).all(), "nothing runs over the right edge"


@pytest.mark.parametrize("layers", [2, 8, 16])
def test_a_difference_is_printed_with_its_sign_where_it_belongs(layers: int) -> None:
    values = difference(layers)
    axes = difference_figure._figure(values, "").axes[0]
    texts = cell_texts(axes)
    assert set(texts) == {(row, column) for row in range(layers) for column in range(row - 1)}
    for place, text in texts.items():
        assert float(text.replace("−", "-")) == pytest.approx(values[place], abs=0.005)
        assert text[0] == ("+" if values[place] > 0 else "−" if values[place] < 0 else "0")
    assert dots(axes) == {(row, row - 1) for row in range(1, layers)}
    assert axes.get_ylim() == (layers - 0.5, -0.5), "destination 1 is at the top"
    shown = axes.images[0].get_array()
    assert shown is not None
    assert np.array_equal(np.ma.getmaskarray(shown), np.triu(np.ones((layers, max(layers - 1, 1)), bool)))


@pytest.mark.parametrize(("largest", "limit"), [(-0.3, 0.3), (0.02, 0.05), (0.0, 0.05), (1.0, 1.0)])
def test_the_colours_are_symmetric_about_zero(largest: float, limit: float) -> None:
    values = np.zeros((5, 4))
    values[4, 0] = largest
    axes = difference_figure._figure(values, "").axes[0]
    assert axes.images[0].get_clim() == (-limit, limit)


def test_no_number_stands_in_the_small_cells_of_a_deep_map() -> None:
    assert not cell_texts(difference_figure._figure(difference(20), "").axes[0])


def test_colours_of_equal_magnitude_are_equally_dark_in_grey() -> None:
    grey = np.array([to_rgb(colour) for colour in DIFFERENCE_COLOURS]) @ (0.299, 0.587, 0.114)
    assert np.abs(grey - grey[::-1]).max() < 0.02
    assert (np.diff(grey[:4]) > 0.1).all()


def test_what_is_no_difference_of_heat_maps_is_refused(tmp_path: Path) -> None:
    path, values = tmp_path / "map", difference(6)
    with pytest.raises(InputError, match=r"must have the shape K x \(K-1\), got 5 x 5"):
        draw_difference(path, values[:5], title="")
    for wrong in (1.5, -1.01, math.nan, math.inf):
        values[5, 0] = wrong
        with pytest.raises(InputError, match=rf"lie in \[-1, 1\], got {wrong:g} at destination 6, source 1"):
            draw_difference(path, values, title="")
    values[5, 0], values[1, 2] = 0.0, 0.1
    with pytest.raises(InputError, match=r"must be 0 .* got 0\.1 at destination 2, source 3"):
        draw_difference(path, values, title="")
    assert not list(tmp_path.iterdir())


def test_connectivity_is_marked_1_where_a_network_has_it() -> None:
    genomes = {"LFISTA": Genome.lfista(8), "one": Genome.from_connections(8, [(7, 2)])}
    figure = connectivity_figure._figure(genomes)
    assert len(figure.axes) == 2
    assert figure.axes[0].get_position().x1 < figure.axes[1].get_position().x0
    for axes, (name, genome) in zip(figure.axes, genomes.items(), strict=True):
        marked = {place for place, text in cell_texts(axes).items() if text == "1"}
        assert marked == {(destination - 1, source - 1) for destination, source in genome.extra_connections()}
        assert set(cell_texts(axes).values()) <= {"1", ""}
        assert axes.get_title("left") == f"{name} ({genome.connections} extra)"
        assert dots(axes) == {(row, row - 1) for row in range(1, 8)}


def test_connectivity_of_no_network_or_of_two_depths_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="needs networks of one depth, got no network"):
        draw_connectivity(tmp_path / "none", {})
    with pytest.raises(InputError, match="needs networks of one depth, got 4 and 6"):
        draw_connectivity(tmp_path / "two", {"a": Genome.lista(6), "b": Genome.lista(4)})
    assert not list(tmp_path.iterdir())
