"""Figures for papers, drawn from the data of explanations and not from the screen.

Only matplotlib's object interface is used, so that a figure can be drawn in any thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from gridsal_core.arrays import BoolArray
from gridsal_core.figure.content import Content, Panel, content_of
from gridsal_core.figure.exhibit import Exhibit
from gridsal_core.figure.layout import (
    REQUEST,
    Bar,
    Layout,
    Place,
    Spot,
    arrange,
    swatch,
    swatch_lead,
)
from gridsal_core.figure.lettering import Lettering, Role
from gridsal_core.figure.pictures import scale_colors
from gridsal_core.figure.spec import FigureSpec
from gridsal_core.regions import outline

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_INK: Final = "#1a1a1a"
_PALE_INK: Final = "#5a5a5a"
_TICK: Final = 2.0  # points
_TICK_PAD: Final = 1.5


def compose(spec: FigureSpec, exhibits: Sequence[Exhibit]) -> Figure:
    """Draw a figure.

    The saliency is on the fixed scale from 0 to 1, never stretched: an empty map looks empty. The
    request is outlined.

    Parameters
    ----------
    spec
        How it looks.
    exhibits
        What is in it, in this order.

    Returns
    -------
    A figure of exactly the size that the spec asks for.

    Raises
    ------
    SettingsError
        If the parts do not fit onto the page, or the font is not installed.
    RequestError
        If the kind of figure holds another number of explanations, or a panel cannot be drawn.
    """
    from matplotlib.figure import Figure

    lettering = Lettering(spec.font, spec.font_size)
    content = content_of(spec, exhibits)
    layout = arrange(spec, content, lettering)
    width, height = spec.size_inches
    size = (width or layout.width, height or layout.height)
    figure = Figure(figsize=size, dpi=layout.dpi, facecolor="white")
    drawing = _Drawing(figure, layout, lettering, spec)
    for panel, place in zip(content.panels, layout.panels, strict=True):
        drawing.add_panel(panel, place)
    for title, spot in layout.titles:
        drawing.add_text(spot, title, "title")
    if layout.bar is not None:
        drawing.add_bar(layout.bar)
    drawing.add_legend(content)
    for text, spot in layout.caption:
        drawing.add_text(spot, text, "body")
    for text, spot in layout.small_print:
        drawing.add_text(spot, text, "small", _PALE_INK)
    return figure


class _Drawing:
    """Puts the parts of a layout into a figure."""

    def __init__(
        self, figure: Figure, layout: Layout, lettering: Lettering, spec: FigureSpec
    ) -> None:
        self._figure, self._layout, self._lettering, self._spec = figure, layout, lettering, spec

    def add_panel(self, panel: Panel, place: Place) -> None:
        axes = self._add_axes(place)
        height, width = panel.pixels.shape[:2]
        axes.imshow(panel.pixels, extent=(0, width, height, 0), interpolation="none", aspect="auto")
        axes.set_axis_off()
        self._add_outline(axes, panel.region)

    def add_bar(self, bar: Bar) -> None:
        """Draw the fixed scale of the saliency."""
        axes = self._add_axes(bar.place)
        colors = scale_colors(self._spec.color_map, self._spec.opacity)
        axes.imshow(colors, extent=(0, 1, 0, 1), interpolation="none", aspect="auto")
        axes.set_yticks([])
        ticks = {0: "0", 0.5: "0.5", 1: "1"} if bar.says_saliency else {0: "0", 1: "1"}
        axes.set_xticks(list(ticks), list(ticks.values()))
        axes.tick_params(length=_TICK, width=0.5, pad=_TICK_PAD, colors=_INK)
        font = self._lettering.font("small")
        for tick in axes.get_xticklabels():
            tick.set_fontproperties(font)
        if bar.says_saliency:
            # Beside the numbers, where an axis label would need a line of its own.
            down = -(_TICK + _TICK_PAD) / 72 / bar.place.height
            axes.text(
                0.25, down, "saliency", fontproperties=font, color=_PALE_INK, ha="center", va="top"
            )
        for side in axes.spines.values():
            side.set(linewidth=0.5, edgecolor=_PALE_INK)

    def add_legend(self, content: Content) -> None:
        from matplotlib.patches import Rectangle

        colors = [np.divide(info.color, 255) for info in content.classes]
        size = swatch(self._lettering)
        has_request = bool(self._layout.legend) and self._layout.legend[0][0] == REQUEST
        for index, (name, spot) in enumerate(self._layout.legend):
            lead = swatch_lead(self._lettering)
            self.add_text(Spot(spot.left + lead, spot.top), name, "body")
            is_request = has_request and index == 0
            self._figure.add_artist(
                Rectangle(
                    (spot.left, self._layout.height - spot.top - 0.018 - size[1]),
                    *size,
                    facecolor="white" if is_request else colors[index - has_request],
                    edgecolor=self._spec.contour_color if is_request else _PALE_INK,
                    linewidth=min(self._spec.contour_width, 3) if is_request else 0.4,
                    transform=self._figure.dpi_scale_trans,
                )
            )

    def add_text(self, spot: Spot, text: str, role: Role, color: str = _INK) -> None:
        self._figure.text(
            spot.left,
            self._layout.height - spot.top - self._lettering.points(role) / 72,
            text,
            transform=self._figure.dpi_scale_trans,
            fontproperties=self._lettering.font(role),
            color=color,
            va="baseline",
            parse_math=False,
        )

    def _add_outline(self, axes: Axes, region: BoolArray) -> None:
        """Draw the border of the region with a white halo, to be seen on any ground."""
        from matplotlib.patches import PathPatch
        from matplotlib.path import Path as Curve

        if self._spec.contour_width == 0:
            return
        lines = outline(region)
        codes = np.tile(np.array([Curve.MOVETO, Curve.LINETO], np.uint8), len(lines))
        curve = Curve(lines.reshape(-1, 2), codes)
        width = self._spec.contour_width
        for points, color in ((2 * width, "white"), (width, self._spec.contour_color)):
            axes.add_patch(
                PathPatch(
                    curve,
                    fill=False,
                    linewidth=points,
                    edgecolor=color,
                    capstyle="projecting",
                    clip_on=False,
                )
            )

    def _add_axes(self, place: Place) -> Axes:
        width, height = self._layout.width, self._layout.height
        bottom = height - place.top - place.height
        return self._figure.add_axes(
            (place.left / width, bottom / height, place.width / width, place.height / height)
        )
