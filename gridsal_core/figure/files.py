"""Figures as files: PNG, SVG and PDF, the same bytes every time.

Text is text: PDF embeds its typeface, SVG names it, and what opens the SVG sets it in that
typeface where it is installed. Pictures are at their own resolution in PDF and SVG; in a PNG they
are averaged where they are drawn smaller than they are.
"""

from __future__ import annotations

import io
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from gridsal_core.arrays import IndexArray
from gridsal_core.atomic import write_atomic
from gridsal_core.errors import OutputError
from gridsal_core.figure.drawing import compose
from gridsal_core.figure.exhibit import exhibit
from gridsal_core.figure.spec import FigureSpec
from gridsal_core.types import Explanation

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIGURE_SUFFIXES: Final = (".png", ".svg", ".pdf")

_METADATA: Final[dict[str, dict[str, str | None]]] = {
    ".png": {"Software": "GridSal"},
    ".svg": {"Date": None, "Creator": "GridSal"},
    ".pdf": {"CreationDate": None, "Creator": "GridSal"},
}
# matplotlib takes these from its global table alone; the hash salt makes two SVG files equal.
_GLOBALS: Final[Any] = {
    "svg.hashsalt": "gridsal",
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
    "savefig.bbox": None,
    # Hinting moves letters to whole dots, by which a line gets longer than it was measured.
    "text.hinting": "none",
}
_GLOBALS_LOCK = Lock()


def save_figure(
    explanation: Explanation,
    path: Path,
    label: IndexArray | None = None,
    spec: FigureSpec | None = None,
) -> None:
    """Draw an explanation into a PNG, SVG or PDF file, by its suffix; the same one every time.

    Parameters
    ----------
    explanation
        What to draw.
    path
        The file.
    label
        (H, W) ground truth, drawn as one more panel.
    spec
        How the figure looks; None: as `FigureSpec` does by default.

    Raises
    ------
    OutputError
        If the suffix is another one or the file cannot be written.
    ImageError
        If the label map is not of the image's size.
    SettingsError, RequestError
        As `compose`.
    """
    check_suffix(path)
    save_drawing(compose(spec or FigureSpec(), [exhibit(explanation, label)]), path)


def save_drawing(figure: Figure, path: Path) -> None:
    """Write a figure as PNG, SVG or PDF, by the file's suffix; the same one every time.

    Raises
    ------
    OutputError
        If the suffix is another one or the file cannot be written.
    """
    check_suffix(path)
    data = rendered(figure, path.suffix.lower())

    def write(file: BinaryIO) -> None:
        file.write(data)

    write_atomic(path, write)


def check_suffix(path: Path) -> None:
    """Raise OutputError unless a figure can be saved under this name."""
    if path.suffix.lower() not in FIGURE_SUFFIXES:
        raise OutputError(
            f"A figure cannot be saved as {path.name}; let its name end in .png, .svg or .pdf."
        )


def rendered(figure: Figure, suffix: str, dpi: float | None = None) -> bytes:
    """Return a figure as the content of a file with this suffix; the same one every time.

    `dpi` draws it with other dots than its own, as for a screen.
    """
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    FigureCanvasAgg(figure)
    dots = figure.dpi if dpi is None else dpi
    size = figure.get_size_inches().copy()
    buffer = io.BytesIO()
    is_png = suffix == ".png"
    try:
        if is_png:
            # Whole dots; matplotlib cuts off the fraction that floating point leaves of one.
            whole = [max(1, round(float(n) * dots)) + 1e-4 for n in size]
            figure.set_size_inches(whole[0] / dots, whole[1] / dots)
        for axes in figure.axes:
            for picture in axes.images:
                # "none" puts the image's own pixels into SVG and PDF.
                picture.set_interpolation("antialiased" if is_png else "none")
        with _GLOBALS_LOCK, rc_context(_GLOBALS):
            figure.savefig(buffer, format=suffix[1:], dpi=dots, metadata=_METADATA[suffix])
    finally:
        figure.set_size_inches(*size)
    return buffer.getvalue()
