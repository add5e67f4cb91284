"""Where the parts of a figure go: panels in rows, below them bar and legend, then the caption.

Lengths are in inches; `top` and `left` are measured from the upper left corner.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gridsal_core.errors import SettingsError
from gridsal_core.figure.content import Content
from gridsal_core.figure.grid import Cells, fitted_cells, natural_cells
from gridsal_core.figure.lettering import Lettering, Role, one_line
from gridsal_core.figure.spec import FigureSpec

REQUEST: Final = "request"
_GAP: Final = 0.16
_LONGEST_NAME: Final = 2.2
_WIDEST_BAR: Final = 2.2
_LEAST_EMS: Final = 6  # of the body: words in a narrower column are cut to nothing
_MOST_SIDE: Final = 16_000
_MOST_DOTS: Final = 120_000_000


@dataclass(frozen=True)
class Spot:
    """A place on the page."""

    left: float
    top: float


@dataclass(frozen=True)
class Place:
    """A box on the page."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class Bar:
    """The scale of the maps, with the word below it if there is room."""

    place: Place
    says_saliency: bool


@dataclass(frozen=True)
class Layout:
    """Places of all parts of one figure, and its resolution in dots per inch."""

    width: float
    height: float
    dpi: float
    panels: tuple[Place, ...]
    titles: tuple[tuple[str, Spot], ...]
    bar: Bar | None
    legend: tuple[tuple[str, Spot], ...]
    caption: tuple[tuple[str, Spot], ...]
    small_print: tuple[tuple[str, Spot], ...]


@dataclass(frozen=True)
class _Foot:
    """What is below the panels, measured from its own top."""

    bar: Bar | None
    legend: tuple[tuple[str, Spot], ...]
    caption: tuple[tuple[str, Spot], ...]
    small_print: tuple[tuple[str, Spot], ...]
    height: float


def arrange(spec: FigureSpec, content: Content, lettering: Lettering) -> Layout:
    """Place every part on a page of the size that is asked for, or of the size that they need.

    Raises
    ------
    SettingsError
        If the page is too small for its parts, or has more dots than can be drawn.
    """
    width, height = spec.size_inches
    aspects = [panel.pixels.shape[1] / panel.pixels.shape[0] for panel in content.panels]
    titles = [panel.title for panel in content.panels]
    columns = spec.columns or content.columns
    if width is None and height is None:
        size = content.panels[0].pixels.shape[1]
        cells = natural_cells(aspects, titles, size, columns, spec.dpi, lettering)
        foot = _foot(spec, content, lettering, cells, cells.page_width)
        page = Place(0, 0, cells.page_width, cells.bottom + foot.height)
        return _placed(cells, foot, aspects, titles, page, lettering)
    if width is None:
        raise SettingsError("A figure of a given height needs a width too; give both.")
    if width < _LEAST_EMS * lettering.body / 72:
        raise SettingsError(
            f"The figure is too narrow for words of {lettering.body:g} points; "
            "make it wider, or its font smaller."
        )
    cells = fitted_cells(
        aspects,
        titles,
        (width, height),
        columns,
        spec.dpi,
        lettering,
        lambda tried: _foot(spec, content, lettering, tried, tried.page_width).height,
    )
    foot = _foot(spec, content, lettering, cells, cells.page_width)
    full = cells.bottom + foot.height
    page = Place(0, 0, cells.page_width, full if height is None else height)
    return _placed(cells, foot, aspects, titles, page, lettering)


def _placed(
    cells: Cells,
    foot: _Foot,
    aspects: Sequence[float],
    titles: Sequence[str],
    page: Place,
    lettering: Lettering,
) -> Layout:
    """Put panels and foot on the page, in the middle of what height there is."""
    dpi = cells.dpi
    width, height = (math.ceil(n * dpi - 0.5) / dpi for n in (page.width, page.height))
    _check_dots(width * dpi, height * dpi)
    down = max(0.0, (height - cells.bottom - foot.height) / 2)
    shift = down + cells.bottom
    bar = foot.bar
    if bar is not None:
        place = Place(bar.place.left, bar.place.top + shift, bar.place.width, bar.place.height)
        bar = Bar(place, bar.says_saliency)
    return Layout(
        width=width,
        height=height,
        dpi=dpi,
        panels=tuple(_panel(cells, index, aspect, down) for index, aspect in enumerate(aspects)),
        titles=tuple(_titles(cells, titles, lettering, down)),
        bar=bar,
        legend=_moved(foot.legend, shift),
        caption=_moved(foot.caption, shift),
        small_print=_moved(foot.small_print, shift),
    )


def _check_dots(width: float, height: float) -> None:
    if max(width, height) > _MOST_SIDE + 1 or width * height > _MOST_DOTS:
        raise SettingsError(
            f"The figure would be {width:,.0f} x {height:,.0f} dots; "
            "make it smaller, or give it fewer dots per inch."
        )


def _panel(cells: Cells, index: int, aspect: float, down: float) -> Place:
    """Fit a picture into its cell, on whole dots: only then is a pixel a block of equal dots."""
    left, top = cells.corner(index)
    width = min(cells.width, cells.height * aspect)
    height = min(cells.height, cells.width / aspect)
    left += (cells.width - width) / 2
    dpi = cells.dpi
    return Place(
        round(left * dpi) / dpi,
        round((top + down) * dpi) / dpi,
        max(1, round(width * dpi)) / dpi,
        max(1, round(height * dpi)) / dpi,
    )


def _titles(
    cells: Cells, titles: Sequence[str], lettering: Lettering, down: float
) -> list[tuple[str, Spot]]:
    """Stand the lines of each title on the upper edge of its cell."""
    placed: list[tuple[str, Spot]] = []
    for index, title in enumerate(titles):
        left, top = cells.corner(index)
        lines = cells.title_lines(title)
        for row, line in enumerate(lines):
            above = (len(lines) - row) * lettering.leading("title")
            placed.append((line, Spot(left, top + down - cells.title_space - above)))
    return placed


def _foot(
    spec: FigureSpec, content: Content, lettering: Lettering, cells: Cells, page: float
) -> _Foot:
    """Place bar and legend beside each other if there is room, then caption and small print."""
    left = cells.left
    width = page - cells.margin - left
    space = lettering.leading("body") * 0.4
    names = _names(spec, content)
    bar = _bar(lettering, left, width, cells) if content.has_scale else None
    bar_bottom = bar.place.height + lettering.leading("small") * 1.9 if bar is not None else 0.0
    legend = _legend(names, Spot(left, bar_bottom), width, lettering)
    if bar is not None and names:
        least = bar.place.width + 1.5 * _GAP
        beside = max(cells.pitch, least) if cells.columns > 1 else least
        if width - beside > _LEAST_EMS * lettering.body / 72:
            other = _legend(names, Spot(left + beside, 0.0), width - beside, lettering)
            legend = min(other, legend, key=lambda placed: _bottom(placed, lettering))
    bottom = max(bar_bottom, _bottom(legend, lettering))
    caption = _lines(content.caption, "body", bottom + space, left, width, lettering)
    if caption:
        bottom = caption[-1][1].top + lettering.leading("body")
    small = _lines(content.small_print, "small", bottom + space / 2, left, width, lettering)
    if small:
        bottom = small[-1][1].top + lettering.leading("small")
    return _Foot(bar, legend, caption, small, bottom + cells.margin)


def _bottom(legend: tuple[tuple[str, Spot], ...], lettering: Lettering) -> float:
    return max((spot.top + lettering.leading("body") for _, spot in legend), default=0.0)


def _names(spec: FigureSpec, content: Content) -> list[str]:
    if not spec.legend:
        return []
    request = [REQUEST] if spec.contour_width > 0 else []
    return [*request, *(one_line(info.name) for info in content.classes)]


def _bar(lettering: Lettering, left: float, width: float, cells: Cells) -> Bar:
    wanted = min(cells.width, _WIDEST_BAR) if cells.columns > 1 else _WIDEST_BAR
    # The word stands between 0 and 0.5; half of each number and some space are beside it.
    numbers = (lettering.width("0", "small") + lettering.width("0.5", "small")) / 2
    needed = 2 * (lettering.width("saliency", "small") + numbers + lettering.body / 72)
    wide = min(max(wanted, needed), width)
    edge = lettering.width("0", "small") / 2
    place = Place(left + edge, 0.03, max(wide - 2 * edge, 0.2), 0.9 * lettering.points("body") / 72)
    return Bar(place, wide >= needed)


def swatch(lettering: Lettering) -> tuple[float, float]:
    """Return width and height of the coloured box before a name in the legend."""
    return 1.8 * lettering.body / 72, 1.035 * lettering.body / 72


def swatch_lead(lettering: Lettering) -> float:
    """Return how far right of its entry's corner a name in the legend begins."""
    return swatch(lettering)[0] + 0.63 * lettering.body / 72


def _legend(
    names: Sequence[str], corner: Spot, width: float, lettering: Lettering
) -> tuple[tuple[str, Spot], ...]:
    """Fill columns of equal width from top to bottom, as many as fit."""
    if not names:
        return ()
    lead = swatch_lead(lettering)
    longest = min(width - lead, _LONGEST_NAME * max(1.0, lettering.body / 8))
    shown = [lettering.shortened(name, "body", longest) for name in names]
    pitch = lead + max(lettering.width(name, "body") for name in shown) + _GAP
    columns = max(1, int((width + _GAP) / pitch))
    rows = math.ceil(len(shown) / columns)
    line = lettering.leading("body")
    return tuple(
        (name, Spot(corner.left + (i // rows) * pitch, corner.top + (i % rows) * line))
        for i, name in enumerate(shown)
    )


def _lines(
    text: str, role: Role, top: float, left: float, width: float, lettering: Lettering
) -> tuple[tuple[str, Spot], ...]:
    if not text:
        return ()
    lines = [line for part in text.split("\n") for line in lettering.wrapped(part, role, width)]
    lead = lettering.leading(role)
    placed = ((line, Spot(left, top + row * lead)) for row, line in enumerate(lines))
    return tuple((line, spot) for line, spot in placed if line)  # paragraphs may lie apart


def _moved(placed: tuple[tuple[str, Spot], ...], down: float) -> tuple[tuple[str, Spot], ...]:
    return tuple((text, Spot(spot.left, spot.top + down)) for text, spot in placed)
