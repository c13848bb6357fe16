"""PNG files of Matplotlib figures."""

import os

from matplotlib.figure import Figure

from analysis.figure_files import png_bytes
from genome.files import write_atomic


def save_png(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write a figure, whole or not at all, without date or version: the same figure gives the same bytes.

    Raises:
        OSError: the file cannot be written.
    """
    write_atomic(path, png_bytes(figure))
