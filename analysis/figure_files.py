"""A Matplotlib figure as files: PNG to look at, PDF for print.

The bytes hold no date and no version and come from the figure alone: the same figure gives the same files.
"""

import io
import os
from pathlib import Path

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.figure import Figure

from genome.files import write_atomic


def save_figure(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write a figure as PNG and as PDF; each is whole or not there, and existing files are replaced.

    Args:
        figure: to write.
        path: of the files; its suffix gives way to ``.png`` and ``.pdf``.

    Raises:
        OSError: a file cannot be written.
    """
    files = {".png": png_bytes(figure), ".pdf": pdf_bytes(figure)}
    for suffix, content in files.items():
        write_atomic(Path(path).with_suffix(suffix), content)


def png_bytes(figure: Figure) -> bytes:
    """A figure as a PNG file at the figure's own resolution."""
    buffer = io.BytesIO()
    FigureCanvasAgg(figure).print_figure(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def pdf_bytes(figure: Figure) -> bytes:
    """A figure as a PDF file of one page; its fonts are embedded as TrueType, so that text stays text."""
    buffer = io.BytesIO()
    nothing = {"CreationDate": None, "Creator": None, "Producer": None}
    with matplotlib.rc_context({"pdf.fonttype": 42}):
        FigureCanvasPdf(figure).print_figure(buffer, format="pdf", metadata=nothing)
    return buffer.getvalue()
