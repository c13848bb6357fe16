"""The picture of which connections networks have, side by side: the paper's Figure 3."""

import os
from collections.abc import Mapping

from matplotlib.figure import Figure

from analysis import heatmap_parts as parts
from analysis.figure_files import save_figure
from genome.errors import InputError
from genome.genome import Genome


def draw_connectivity(path: str | os.PathLike[str], genomes: Mapping[str, Genome]) -> None:
    """Draw the connectivity of networks side by side, in the layout of `analysis.figures.heatmap_figure`.

    A cell is dark, with a 1 up to 16 layers, where the network has the extra connection; default connections
    carry a dot.

    Args:
        path: of the files that `save_figure` writes.
        genomes: display name -> network, from left to right, all of one depth.

    Raises:
        InputError: there is no network, or the depths differ.
        OSError: a file cannot be written.
    """
    save_figure(_figure(genomes), path)


def _figure(genomes: Mapping[str, Genome]) -> Figure:
    depths = sorted({genome.layers for genome in genomes.values()})
    if len(depths) != 1:
        got = " and ".join(map(str, depths)) or "no network"
        raise InputError(f"A picture of connectivity needs networks of one depth, got {got}.")
    layers = depths[0]
    columns = max(layers - 1, 1)
    left, bottom, top, gap = 0.75, 0.95, 0.5, 0.6
    side = parts.cell_inches(layers)
    # Room for a name, whatever the depth.
    step = max(columns * side, 1.6) + gap
    size = (left + len(genomes) * step, bottom + layers * side + top)
    figure = Figure(figsize=size, dpi=parts.PIXELS_PER_INCH)
    scale = parts.Scale(parts.share_colours(), 0.0, 1.0, 0.5, lambda value: "1" if value else "")
    for place, (name, genome) in enumerate(genomes.items()):
        axes = parts.add_map(figure, (left + place * step, bottom), layers, columns)
        parts.draw_cells(axes, genome.heatmap(), scale)
        parts.label_layers(axes, layers)
        if place:
            axes.set_ylabel("")
        extra = genome.connections
        axes.set_title(f"{name} ({extra} extra)", fontsize=10, loc="left", parse_math=False)
    parts.explain(figure, layers, None)
    return figure
