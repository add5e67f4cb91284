"""Where the parts of a figure go: panels in rows, below them bar and legend, then the caption.

Lengths are in inches; `top` and `left` are measured from the upper left corner.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gridsal_core.figure_text import shortened, text_width, wrapped

TITLE: Final = 9.5  # points
BODY: Final = 8.0
SMALL: Final = 6.5
MARGIN: Final = 0.14
SWATCH: Final = (0.2, 0.115)
SWATCH_GAP: Final = 0.07
BAR_HEIGHT: Final = 0.1

_GAP: Final = 0.16
_PANEL_AREA: Final = 7.5
_LONGEST_SIDE: Final = 5.5
_STACKED_WIDTH: Final = 7.0
_LONGEST_NAME: Final = 2.2
_STACKED_FROM: Final = 2.6  # width over height from which panels are stacked
_LEAST_WIDTH: Final = 4.8
_BAR_AND_SCALE: Final = 0.42
_LEAST_DPI: Final = 200
_MOST_PIXELS: Final = 16_000


@dataclass(frozen=True)
class Spot:
    """A place on the page."""

    left: float
    top: float


@dataclass(frozen=True)
class Layout:
    """Places of all parts of one figure, and its resolution in dots per inch."""

    width: float
    height: float
    dpi: float
    panel: tuple[float, float]
    panels: tuple[Spot, ...]
    bar: Spot
    bar_width: float
    legend: tuple[tuple[str, Spot], ...]
    caption: tuple[tuple[str, Spot], ...]
    settings: tuple[tuple[str, Spot], ...]


@dataclass(frozen=True)
class _Grid:
    panel: tuple[float, float]
    columns: int
    pitch: tuple[float, float]
    dpi: float

    def spot(self, index: int) -> Spot:
        """Corner of a panel, on whole dots: only then is an image pixel a block of equal dots."""
        row, column = divmod(index, self.columns)
        left = MARGIN + column * self.pitch[0]
        top = MARGIN + row * self.pitch[1] + title_height()
        return Spot(round(left * self.dpi) / self.dpi, round(top * self.dpi) / self.dpi)


def arrange(
    size: tuple[int, int],
    titles: Sequence[str],
    legend: Sequence[str],
    caption: str,
    settings: str,
) -> Layout:
    """Place every part.

    Parameters
    ----------
    size
        (height, width) of the image in pixels.
    titles
        One for each panel.
    legend
        Names of the entries, as many as there are; long ones are shortened.
    caption, settings
        Broken into as many lines as they need.
    """
    grid = _grid(size, titles)
    rows = math.ceil(len(titles) / grid.columns)
    width = max(grid.columns * grid.pitch[0] - _GAP, _LEAST_WIDTH) + 2 * MARGIN
    key_top = MARGIN + rows * grid.pitch[1]
    bar_width = grid.panel[0] if grid.columns > 1 else 2.2
    legend_left = MARGIN + (grid.pitch[0] if grid.columns > 1 else bar_width + 2 * _GAP)
    entries = _legend(legend, Spot(legend_left, key_top), width - MARGIN - legend_left)
    key_bottom = max(key_top + _BAR_AND_SCALE, *(spot.top + leading(BODY) for _, spot in entries))
    text = _lines(caption, BODY, key_bottom + 0.12, width)
    small = _lines(settings, SMALL, text[-1][1].top + leading(BODY) + 0.03, width)
    height = small[-1][1].top + leading(SMALL) + MARGIN
    return Layout(
        width=math.ceil(width * grid.dpi) / grid.dpi,
        height=math.ceil(height * grid.dpi) / grid.dpi,
        dpi=grid.dpi,
        panel=grid.panel,
        panels=tuple(grid.spot(i) for i in range(len(titles))),
        bar=Spot(MARGIN, key_top + 0.03),
        bar_width=bar_width,
        legend=entries,
        caption=text,
        settings=small,
    )


def leading(points: float) -> float:
    """Return the height of a line of type."""
    return 1.4 * points / 72


def title_height() -> float:
    """Return the height of a panel's title with the space below it."""
    return leading(TITLE) + 0.04


def _grid(size: tuple[int, int], titles: Sequence[str]) -> _Grid:
    aspect = size[1] / size[0]
    columns = _columns(len(titles), aspect)
    width = _panel_width(aspect) if columns > 1 else _STACKED_WIDTH
    panel = (width, width / aspect)
    title = max(text_width(title, TITLE, bold=True) for title in titles)
    pitch = (max(width, title) + _GAP, panel[1] + title_height() + 0.1)
    rows = math.ceil(len(titles) / columns)
    most_dpi = _MOST_PIXELS / max(columns * pitch[0], rows * pitch[1])
    dots = max(1, math.ceil(_LEAST_DPI * width / size[1]))
    return _Grid(panel, columns, pitch, min(dots * size[1] / width, most_dpi))


def _columns(count: int, aspect: float) -> int:
    if aspect > _STACKED_FROM:
        return 1
    return 2 if count == 4 and aspect > 0.8 else count


def _panel_width(aspect: float) -> float:
    """Give panels of every shape about the same area, unless one side gets too long."""
    return min(math.sqrt(_PANEL_AREA * aspect), _LONGEST_SIDE * min(aspect, 1))


def _legend(names: Sequence[str], corner: Spot, width: float) -> tuple[tuple[str, Spot], ...]:
    """Fill columns of equal width from top to bottom, as many as fit."""
    lead = SWATCH[0] + SWATCH_GAP
    shown = [shortened(name, BODY, min(width - lead, _LONGEST_NAME)) for name in names]
    pitch = lead + max(text_width(name, BODY) for name in shown) + _GAP
    columns = max(1, int((width + _GAP) / pitch))
    rows = math.ceil(len(shown) / columns)
    return tuple(
        (
            name,
            Spot(
                corner.left + (index // rows) * pitch, corner.top + (index % rows) * leading(BODY)
            ),
        )
        for index, name in enumerate(shown)
    )


def _lines(text: str, size: float, top: float, width: float) -> tuple[tuple[str, Spot], ...]:
    lines = wrapped(text, size, width - 2 * MARGIN)
    return tuple((line, Spot(MARGIN, top + row * leading(size))) for row, line in enumerate(lines))
