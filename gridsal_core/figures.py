"""Paper-quality figures of one explanation, drawn from its data and not from the screen.

Only matplotlib's object interface is used, so that a figure can be drawn in any thread.
"""

from __future__ import annotations

import io
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import numpy as np

from gridsal_core.arrays import BoolArray, ByteArray, FloatArray, IndexArray
from gridsal_core.atomic import write_atomic
from gridsal_core.errors import ImageError, OutputError
from gridsal_core.figure_layout import (
    BAR_HEIGHT,
    BODY,
    SMALL,
    SWATCH,
    SWATCH_GAP,
    TITLE,
    Layout,
    Spot,
    arrange,
    title_height,
)
from gridsal_core.figure_text import caption, font, one_line, settings_line
from gridsal_core.methods import METHOD_INFOS
from gridsal_core.regions import outline
from gridsal_core.types import ClassInfo, Explanation

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FIGURE_SUFFIXES: tuple[str, ...] = (".png", ".svg", ".pdf")

SALIENCY_RED: Final = (0.86, 0.0, 0.05)
REQUEST_BLUE: Final = (0.0, 0.32, 1.0)
_FULL_ALPHA: Final = 0.8  # at saliency 1 the image still shows through
_UNLABELLED: Final = ClassInfo("unlabelled", (90, 90, 90))
_REQUEST: Final = "request"
_INK: Final = "#1a1a1a"
_PALE_INK: Final = "#5a5a5a"

_METADATA: Final[dict[str, dict[str, str | None]]] = {
    ".png": {"Software": "GridSal"},
    ".svg": {"Date": None, "Creator": "GridSal"},
    ".pdf": {"CreationDate": None, "Creator": "GridSal"},
}
# matplotlib takes these from its global table alone; the hash salt makes two SVG files equal.
_GLOBALS: Final[Any] = {
    "svg.hashsalt": "gridsal",
    "svg.fonttype": "path",
    "pdf.fonttype": 42,
    "savefig.bbox": None,
}
_GLOBALS_LOCK = Lock()


def draw_explanation(explanation: Explanation, label: IndexArray | None = None) -> Figure:
    """Draw an explanation in the manner of the paper's figure 1.

    The saliency is drawn in red on the fixed scale 0 to 1, never stretched: an empty map looks
    empty. The request is outlined in blue.

    Parameters
    ----------
    explanation
        What to draw.
    label
        (H, W) ground truth, drawn as one more panel. Values that are no class of the network are
        shown in grey.

    Returns
    -------
    A figure at whose resolution every image pixel is a square of whole dots, unless it would be
    larger than 16,000 dots.

    Raises
    ------
    ImageError
        If the label map is not of the image's size.
    """
    shown = [explanation.prediction.class_map, *([] if label is None else [label])]
    return draw_panels(
        _panels(explanation, label),
        explanation.request.region,
        classes_shown(explanation.classes, shown),
        caption(explanation),
        settings_line(explanation),
    )


def draw_panels(
    panels: dict[str, ByteArray],
    region: BoolArray,
    classes: list[ClassInfo],
    told: str,
    settings: str,
) -> Figure:
    """Draw pictures of one size under their titles, with bar, legend, caption and settings.

    Parameters
    ----------
    panels
        (H, W, 3) uint8 by title.
    region
        (H, W) bool, outlined in each of them.
    classes
        For the legend.
    told, settings
        The caption, and in small letters what is needed to repeat it.
    """
    from matplotlib.figure import Figure

    layout = arrange(
        (region.shape[0], region.shape[1]),
        list(panels),
        [_REQUEST, *(one_line(info.name) for info in classes)],
        told,
        settings,
    )
    figure = Figure(figsize=(layout.width, layout.height), dpi=layout.dpi, facecolor="white")
    for (title, pixels), spot in zip(panels.items(), layout.panels, strict=True):
        axes = _add_panel(figure, layout, spot, title, pixels)
        _add_outline(axes, region)
    _add_bar(figure, layout)
    _add_legend(figure, layout, classes)
    for text, spot in layout.caption:
        _add_text(figure, layout, spot, text, BODY)
    for text, spot in layout.settings:
        _add_text(figure, layout, spot, text, SMALL, _PALE_INK)
    return figure


def save_figure(explanation: Explanation, path: Path, label: IndexArray | None = None) -> None:
    """Draw an explanation into a PNG, SVG or PDF file, by its suffix; the same one every time.

    Raises
    ------
    OutputError
        If the suffix is another one or the file cannot be written.
    ImageError
        If the label map is not of the image's size.
    """
    save_drawing(draw_explanation(explanation, label), path)


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


def figure_png(explanation: Explanation, label: IndexArray | None = None) -> bytes:
    """Draw an explanation as a PNG in memory, for the clipboard."""
    return rendered(draw_explanation(explanation, label), ".png")


def check_suffix(path: Path) -> None:
    """Raise OutputError unless a figure can be saved under this name."""
    if path.suffix.lower() not in FIGURE_SUFFIXES:
        raise OutputError(
            f"A figure cannot be saved as {path.name}; let its name end in .png, .svg or .pdf."
        )


def rendered(figure: Figure, suffix: str) -> bytes:
    """Return a figure as the content of a file with this suffix; the same one every time."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    FigureCanvasAgg(figure)
    buffer = io.BytesIO()
    with _GLOBALS_LOCK, rc_context(_GLOBALS):
        figure.savefig(buffer, format=suffix[1:], dpi=figure.dpi, metadata=_METADATA[suffix])
    return buffer.getvalue()


def _panels(explanation: Explanation, label: IndexArray | None) -> dict[str, ByteArray]:
    """Return the pixels of each panel under its title."""
    image = as_rgb(explanation.request.image)
    class_map = explanation.prediction.class_map
    title = METHOD_INFOS[explanation.settings.method].title
    panels = {
        title: with_saliency(image, explanation.saliency),
        "Segmentation": in_colors(class_map, explanation.classes),
    }
    if label is not None:
        if label.shape != class_map.shape:
            raise ImageError(
                f"The label map is {label.shape[1]} x {label.shape[0]} pixels and the image is "
                f"{class_map.shape[1]} x {class_map.shape[0]}; read it at the image's size."
            )
        panels["Ground truth"] = in_colors(label, explanation.classes)
    panels["Perturbed image"] = to_bytes(as_rgb(explanation.perturbed))
    return panels


def as_rgb(image: FloatArray) -> FloatArray:
    """Show grey as it is, and of many channels the first three."""
    return image[..., :3] if image.shape[2] >= 3 else np.repeat(image[..., :1], 3, axis=2)


def to_bytes(image: FloatArray) -> ByteArray:
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)


def with_saliency(image: FloatArray, saliency: FloatArray) -> ByteArray:
    alpha = _FULL_ALPHA * np.clip(saliency, 0, 1)[..., None]
    return to_bytes(image * (1 - alpha) + np.asarray(SALIENCY_RED, np.float32) * alpha)


def in_colors(class_map: IndexArray, classes: tuple[ClassInfo, ...]) -> ByteArray:
    table = np.array([info.color for info in (*classes, _UNLABELLED)], np.uint8)
    return table[np.minimum(class_map, len(classes))]


def classes_shown(classes: tuple[ClassInfo, ...], maps: list[IndexArray]) -> list[ClassInfo]:
    """Return the classes that appear in any of the maps, in the order of the network."""
    known = (*classes, _UNLABELLED)
    indices: set[int] = set()
    for class_map in maps:
        indices |= set(np.unique(class_map).tolist())
    return [known[i] for i in sorted({min(i, len(known) - 1) for i in indices})]


def _add_panel(figure: Figure, layout: Layout, spot: Spot, title: str, pixels: ByteArray) -> Axes:
    _add_text(figure, layout, Spot(spot.left, spot.top - title_height()), title, TITLE, bold=True)
    axes = _add_axes(figure, layout, spot, layout.panel)
    height, width = pixels.shape[:2]
    # "none" puts the image's own pixels into SVG and PDF, and is nearest in PNG.
    axes.imshow(pixels, extent=(0, width, height, 0), interpolation="none", aspect="auto")
    axes.set_axis_off()
    return axes


def _add_outline(axes: Axes, region: BoolArray) -> None:
    """Draw the border of the region in blue with a white halo, to be seen on any ground."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path as Curve

    lines = outline(region)
    codes = np.tile(np.array([Curve.MOVETO, Curve.LINETO], np.uint8), len(lines))
    curve = Curve(lines.reshape(-1, 2), codes)
    for width, color in ((2.6, "white"), (1.3, REQUEST_BLUE)):
        axes.add_patch(
            PathPatch(
                curve,
                fill=False,
                linewidth=width,
                edgecolor=color,
                capstyle="projecting",
                clip_on=False,
            )
        )


def _add_bar(figure: Figure, layout: Layout) -> None:
    """Draw the fixed scale of the saliency, as it looks on white."""
    scale = np.linspace(0, 1, 256, dtype=np.float32)[None]
    white = np.ones((1, 256, 3), np.float32)
    axes = _add_axes(figure, layout, layout.bar, (layout.bar_width, BAR_HEIGHT))
    axes.imshow(
        with_saliency(white, scale), extent=(0, 1, 0, 1), interpolation="none", aspect="auto"
    )
    axes.set_yticks([])
    axes.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
    length, pad = 2.0, 1.5  # points
    axes.tick_params(length=length, width=0.5, pad=pad, colors=_INK)
    for tick in axes.get_xticklabels():
        tick.set_fontproperties(font(SMALL))
    # Beside the numbers, where an axis label would need a line of its own.
    axes.text(
        0.25,
        -(length + pad) / 72 / BAR_HEIGHT,
        "saliency",
        fontproperties=font(SMALL),
        color=_PALE_INK,
        ha="center",
        va="top",
    )
    for side in axes.spines.values():
        side.set(linewidth=0.5, edgecolor=_PALE_INK)


def _add_legend(figure: Figure, layout: Layout, classes: list[ClassInfo]) -> None:
    from matplotlib.patches import Rectangle

    for index, (name, spot) in enumerate(layout.legend):
        place = Spot(spot.left + SWATCH[0] + SWATCH_GAP, spot.top)
        _add_text(figure, layout, place, name, BODY)
        request = index == 0
        color = "white" if request else np.divide(classes[index - 1].color, 255)
        figure.add_artist(
            Rectangle(
                (spot.left, layout.height - spot.top - 0.018 - SWATCH[1]),
                *SWATCH,
                facecolor=color,
                edgecolor=REQUEST_BLUE if request else _PALE_INK,
                linewidth=1.3 if request else 0.4,
                transform=figure.dpi_scale_trans,
            )
        )


def _add_axes(figure: Figure, layout: Layout, spot: Spot, size: tuple[float, float]) -> Axes:
    bottom = layout.height - spot.top - size[1]
    return figure.add_axes(
        (
            spot.left / layout.width,
            bottom / layout.height,
            size[0] / layout.width,
            size[1] / layout.height,
        )
    )


def _add_text(
    figure: Figure,
    layout: Layout,
    spot: Spot,
    text: str,
    size: float,
    color: str = _INK,
    *,
    bold: bool = False,
) -> None:
    figure.text(
        spot.left,
        layout.height - spot.top - size / 72,
        text,
        transform=figure.dpi_scale_trans,
        fontproperties=font(size, bold),
        color=color,
        va="baseline",
        parse_math=False,
    )
