"""The pictures: what their pixels and files say, not how pretty they are."""

import math
from collections.abc import Callable
from pathlib import Path

import matplotlib
import matplotlib.image
import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.average import average
from analysis.figures import BEST_COLOUR, draw_heatmap, draw_learning_curve
from analysis.heatmap_parts import NEURON_COLOURS, NEURON_LABELS, SHARE_COLOURS, share_colours
from analysis.pareto_figure import draw_pareto
from analysis.shown import NMSE, Shown
from genome.errors import InputError
from genome.genome import Genome
from genome.neurons import ALL_NEURONS

CURVE = [-10.0, math.inf, -12.0, -11.0, -13.0]


def heatmap(path: Path) -> None:
    mean = average([Genome.lista(6), Genome.dense(6)])
    draw_heatmap(path, mean.share, title="average", chosen=Genome.lfista(6), neurons=mean.neurons)


def curve(path: Path) -> None:
    draw_learning_curve(path, CURVE, random=[math.nan, -9.0, -11.0])


def front(path: Path) -> None:
    points = [(100.0, -20.0), (110.0, -25.0), (110.0, -22.0), (120.0, math.inf), (120.0, 90.0)]
    marks = {"LISTA": (90.0, -15.0), "Dense-LISTA": (130.0, math.inf)}
    draw_pareto(path, points, [(110.0, -25.0), (100.0, -20.0)], marks, cost="connections")


def pixels(path: Path) -> NDArray[np.float64]:
    return np.asarray(matplotlib.image.imread(path)[:, :, :3], dtype=np.float64)


def count(image: NDArray[np.float64], colour: str) -> int:
    wanted = np.array(matplotlib.colors.to_rgb(colour))
    return int((np.abs(image - wanted).max(axis=-1) < 0.01).sum())


def oklab(colours: NDArray[np.float64]) -> NDArray[np.float64]:
    """Oklab of sRGB colours (n, 3), after https://bottosson.github.io/posts/oklab/."""
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    cones = linear @ np.array(
        [
            [0.4122214708, 0.2119034982, 0.0883024619],
            [0.5363325363, 0.6806995451, 0.2817188376],
            [0.0514459929, 0.1073969566, 0.6299787005],
        ]
    )
    lab: NDArray[np.float64] = np.cbrt(cones) @ np.array(
        [
            [0.2104542553, 1.9779984951, 0.0259040371],
            [0.7936177850, -2.4285922050, 0.7827717662],
            [-0.0040720468, 0.4505937099, -0.8086757660],
        ]
    )
    return lab


@pytest.mark.parametrize("draw", [heatmap, curve, front])
def test_same_input_gives_the_same_bytes_without_metadata(
    draw: Callable[[Path], None], tmp_path: Path
) -> None:
    first, second = tmp_path / "first.png", tmp_path / "second.png"
    draw(first)
    draw(second)
    data = first.read_bytes()
    assert data == second.read_bytes()
    assert data.startswith(b"\x89PNG")
    assert b"tEXt" not in data
    assert b"tIME" not in data
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first.png", "second.png"]


@pytest.mark.parametrize("draw", [heatmap, curve, front])
def test_an_existing_file_is_replaced(draw: Callable[[Path], None], tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_text("older")
    draw(path)
    assert path.read_bytes().startswith(b"\x89PNG")


def test_no_global_figure_is_left_behind(tmp_path: Path) -> None:
    before = dict(matplotlib.rcParams)
    heatmap(tmp_path / "a.png")
    curve(tmp_path / "b.png")
    assert dict(matplotlib.rcParams) == before


def test_every_depth_can_be_drawn_at_a_size_that_fits_a_screen(tmp_path: Path) -> None:
    heights = []
    for layers in (1, 2, 8, 16, 24):
        genome = Genome.lista(layers)
        draw_heatmap(tmp_path / "map.png", genome.heatmap(), title="LISTA", neurons=genome.neurons)
        heights.append(pixels(tmp_path / "map.png").shape[0])
    assert heights[:4] == sorted(set(heights[:4]))
    assert max(heights) < 1400


def test_a_cell_has_the_colour_of_its_share_and_the_upper_triangle_is_blank(tmp_path: Path) -> None:
    sizes = {}
    for name, genome in {"lista": Genome.lista(6), "dense": Genome.dense(6)}.items():
        path = tmp_path / f"{name}.png"
        draw_heatmap(path, genome.heatmap(), title="")
        image = pixels(path)
        sizes[name] = (count(image, SHARE_COLOURS[0]), count(image, SHARE_COLOURS[-1]), count(image, "white"))
    # K = 6: 5 default connections and 10 extra ones. Text and lines take a little of each cell.
    none_lista, all_lista, blank_lista = sizes["lista"]
    none_dense, all_dense, blank_dense = sizes["dense"]
    assert all_dense / all_lista == pytest.approx(3.0, rel=0.05)
    assert none_lista / all_lista == pytest.approx(2.0, rel=0.05)
    assert none_dense < 0.05 * none_lista
    assert blank_dense == pytest.approx(blank_lista, rel=0.02)


def test_rows_are_destinations_downwards_and_columns_sources(tmp_path: Path) -> None:
    path = tmp_path / "one.png"
    draw_heatmap(path, Genome.from_connections(8, [(8, 1)]).heatmap(), title="")
    image = pixels(path)
    dark = np.abs(image - np.array(matplotlib.colors.to_rgb(SHARE_COLOURS[-1]))).max(axis=-1) < 0.01
    height, width = dark.shape
    corner = dark[height // 2 : int(height * 0.87), int(width * 0.12) : width // 4]
    assert corner.any(axis=1).nonzero()[0].min() > 0.5 * len(corner)  # the lower left cell, and only that


def test_the_chosen_network_is_outlined_once_for_each_extra_connection(tmp_path: Path) -> None:
    areas = []
    for genome in (Genome.lista(6), Genome.lfista(6), Genome.dense(6)):
        path = tmp_path / "outlined.png"
        draw_heatmap(path, Genome.lista(6).heatmap(), title="", chosen=genome)
        areas.append(count(pixels(path), "#d55e00"))
    key = areas[0]
    assert key > 0
    assert (areas[2] - key) / (areas[1] - key) == pytest.approx(10 / 4, rel=0.02)


def test_colours_keep_their_order_in_grey_and_step_evenly() -> None:
    lab = oklab(share_colours()(np.linspace(0.0, 1.0, 33))[:, :3])
    assert (np.diff(lab[:, 0]) < -0.015).all()
    steps = np.linalg.norm(np.diff(lab, axis=0), axis=1)
    assert steps.max() / steps.min() < 1.25


def test_every_neuron_has_a_label_and_a_colour() -> None:
    assert set(NEURON_LABELS) == set(NEURON_COLOURS) == set(ALL_NEURONS)


def test_heat_maps_that_are_none_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "refused.png"
    share = Genome.lista(4).heatmap()
    with pytest.raises(InputError, match=r"shape K x \(K-1\)"):
        draw_heatmap(path, share[:, :2], title="")
    share[3, 1] = np.nan
    with pytest.raises(InputError, match=r"must lie in \[0, 1\], got nan at .*destination 4, source 2"):
        draw_heatmap(path, share, title="")
    assert not path.exists()


def test_genome_and_neurons_of_another_depth_are_refused(tmp_path: Path) -> None:
    share = Genome.lista(4).heatmap()
    with pytest.raises(InputError, match="must have 4 layers as the heat map has, got 5"):
        draw_heatmap(tmp_path / "refused.png", share, title="", chosen=Genome.lista(5))
    with pytest.raises(InputError, match="must have 4 entries as the heat map has rows, got 3"):
        draw_heatmap(tmp_path / "refused.png", share, title="", neurons=("soft",) * 3)


def test_a_square_heat_map_has_an_unused_last_column(tmp_path: Path) -> None:
    square = np.pad(Genome.lfista(5).heatmap(), ((0, 0), (0, 1)))
    draw_heatmap(tmp_path / "square.png", square, title="")
    draw_heatmap(tmp_path / "narrow.png", square[:, :4], title="")
    assert (tmp_path / "square.png").read_bytes() == (tmp_path / "narrow.png").read_bytes()


@pytest.mark.parametrize("scores", [[-20.0], [math.inf, -5.0], [-30.0, -30.0], [-30.0] * 40 + [40.0]])
def test_every_search_with_a_finite_score_has_a_curve(scores: list[float], tmp_path: Path) -> None:
    draw_learning_curve(tmp_path / "curve.png", scores)
    assert pixels(tmp_path / "curve.png").shape == (660, 1050, 3)


def test_the_band_of_random_search_ends_where_the_search_does(tmp_path: Path) -> None:
    path = tmp_path / "curve.png"
    dashes = []
    for random in ([-9.0, -11.0, -10.0], [-9.0, -11.0, -10.0] * 5):
        draw_learning_curve(path, [-10.0, -12.0, -11.0], random=random)
        dashes.append(count(pixels(path), "#d55e00"))
    draw_learning_curve(path, [-10.0, -12.0, -11.0])
    assert min(dashes) > 0 == count(pixels(path), "#d55e00")


@pytest.mark.parametrize("shown", [NMSE, Shown("PSNR", -1)])
def test_what_is_shown_as_better_when_higher_grows_upwards(shown: Shown, tmp_path: Path) -> None:
    draw_learning_curve(tmp_path / "curve.png", [-20.0, -30.0], shown=shown)
    points, marks = [(1.0, -20.0), (2.0, -30.0)], {"LISTA": (1.0, -20.0)}
    draw_pareto(tmp_path / "front.png", points, points, marks, cost="connections", shown=shown)
    for name in ("curve", "front"):
        image = pixels(tmp_path / f"{name}.png")[:560]
        drawn = np.abs(image - np.array(matplotlib.colors.to_rgb(BEST_COLOUR))).max(axis=-1) < 0.01
        columns = drawn.any(axis=0).nonzero()[0]
        first, last = (drawn[:, columns[end]].nonzero()[0].mean() for end in (0, -1))
        assert (first < last) == (shown.sign > 0), name


def test_networks_dropped_early_are_told_from_those_that_diverged(tmp_path: Path) -> None:
    path, scores = tmp_path / "curve.png", [-10.0, math.inf, -12.0, math.inf]
    pictures = []
    for dropped in ((), [False] * 4, [False, True, False, False], [False, True, False, True]):
        draw_learning_curve(path, scores, dropped=dropped)
        pictures.append(path.read_bytes())
    assert pictures[0] == pictures[1]
    assert len(set(pictures)) == 3


def test_a_front_has_its_picture(tmp_path: Path) -> None:
    front(tmp_path / "front.png")
    image = pixels(tmp_path / "front.png")
    assert image.shape == (660, 1050, 3)
    assert count(image, BEST_COLOUR) > 100 < count(image, "#d55e00")
    with pytest.raises(InputError, match="at least one network on it, got none"):
        draw_pareto(tmp_path / "none.png", [(1.0, -1.0)], [], {}, cost="connections")
    draw_pareto(tmp_path / "one.png", [(1.0, -1.0)], [(1.0, -1.0)], {}, cost="connections")


@pytest.mark.parametrize("rival", [None, [-1.0]])
def test_a_search_without_a_finite_score_is_refused(rival: list[float] | None, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="needs a finite score, got none among 2"):
        draw_learning_curve(tmp_path / "curve.png", [math.inf, math.nan], random=rival)
    with pytest.raises(InputError, match="needs a finite score, got none among 0"):
        draw_learning_curve(tmp_path / "curve.png", [-1.0], random=[])
