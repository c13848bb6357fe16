"""PNG files of Matplotlib figures."""

import io
import os

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from genome.files import write_atomic


def save_png(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write a figure, whole or not at all, without date or version: the same figure gives the same bytes.

    Raises:
        OSError: the file cannot be written.
    """
    buffer = io.BytesIO()
    FigureCanvasAgg(figure).print_figure(buffer, format="png", metadata={"Software": None})
    write_atomic(path, buffer.getvalue())
