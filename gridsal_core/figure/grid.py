"""The cells that panels stand in: how many in a row, and how large; lengths are in inches."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from gridsal_core.errors import SettingsError
from gridsal_core.figure.lettering import Lettering

_WIDE_MARGIN: Final = 0.14  # of a page without a size, to be looked at by itself
_MARGIN: Final = 0.04  # of a page with a size: a paper has margins of its own
_GAP: Final = 0.16
_TIGHT_GAP: Final = 0.09
_PANEL_AREA: Final = 7.5
_LONGEST_SIDE: Final = 5.5
_STACKED_WIDTH: Final = 7.0
_STACKED_FROM: Final = 2.6  # width over height from which panels are stacked
_LEAST_WIDTH: Final = 4.8
_READABLE: Final = 1.0  # a square panel narrower than this is hard to read
_LEAST: Final = 0.25
_MOST_TITLE_LINES: Final = 3
_HIGHEST: Final = 1.6  # of the page's width, where no height is asked for
_MOST_PIXELS: Final = 16_000


@dataclass(frozen=True)
class Cells:
    """A table of equal cells, each below the lines of its title.

    Parameters
    ----------
    width, height
        Of one cell.
    columns, rows
        Of the table.
    left
        Where the first column begins.
    pitch
        From one column to the next.
    tops
        Where the cells of each row begin.
    bottom
        Where what is below the table begins.
    margin, page_width, dpi
        Of the page.
    title_width, title_space
        How wide a title may be, and how far above its cell it stands.
    """

    width: float
    height: float
    columns: int
    left: float
    pitch: float
    tops: tuple[float, ...]
    bottom: float
    margin: float
    page_width: float
    dpi: float
    title_width: float
    title_space: float
    lettering: Lettering

    def corner(self, index: int) -> tuple[float, float]:
        """Return left and top of a cell."""
        row, column = divmod(index, self.columns)
        return self.left + column * self.pitch, self.tops[row]

    def title_lines(self, title: str) -> list[str]:
        """Break a title into lines."""
        return _title_lines(title, self.title_width, self.lettering)


FootHeight = Callable[[Cells], float]


def natural_cells(
    aspects: Sequence[float],
    titles: Sequence[str],
    pixels: int,
    columns: int | None,
    least_dpi: int,
    lettering: Lettering,
) -> Cells:
    """Make cells of a good size to look at, in which every image pixel is a square of whole dots.

    Parameters
    ----------
    aspects
        Width over height of each panel.
    titles
        Of each panel.
    pixels
        Width of the first panel's image.
    columns
        Panels in a row; None chooses.
    least_dpi
        Dots per inch, at least, unless the page would get too large.
    lettering
        Of the titles.
    """
    count, aspect = len(aspects), _common(aspects)
    columns = min(columns or _natural_columns(count, aspect), count)
    width = _STACKED_WIDTH if columns == 1 and count > 1 else _panel_width(aspect, count)
    titled = max(lettering.width(title, "title") for title in titles)
    titled = titled if count <= 4 else 0.0
    pitch = max(width, titled) + _GAP
    rows = math.ceil(count / columns)
    most_dpi = _MOST_PIXELS / max(columns * pitch, rows * (width / aspect + _GAP) + 1)
    dots = max(1, math.ceil(least_dpi * width / pixels))
    cells = Cells(
        width=width,
        height=width / aspect,
        columns=columns,
        left=_WIDE_MARGIN,
        pitch=pitch,
        tops=(),
        bottom=0,
        margin=_WIDE_MARGIN,
        page_width=max(columns * pitch - _GAP, _LEAST_WIDTH) + 2 * _WIDE_MARGIN,
        dpi=min(dots * pixels / width, most_dpi),
        title_width=pitch - _GAP,
        title_space=0.04,
        lettering=lettering,
    )
    return _stacked(cells, titles, 0.1)


def fitted_cells(
    aspects: Sequence[float],
    titles: Sequence[str],
    page: tuple[float, float | None],
    columns: int | None,
    dpi: float,
    lettering: Lettering,
    foot_height: FootHeight,
) -> Cells:
    """Make the largest cells that fit onto a page.

    Parameters
    ----------
    aspects, titles, columns, lettering
        See `natural_cells`.
    page
        Its width, and its height if that is given.
    dpi
        Dots per inch.
    foot_height
        Says how much room is taken below the cells.

    Raises
    ------
    SettingsError
        If there is no room for them.
    """
    table = _Table(aspects, titles, page, dpi, lettering, foot_height)
    count = len(aspects)
    choices = [min(columns, count)] if columns else _choices(count)
    if page[1] is None and columns is None:
        readable = _READABLE * math.sqrt(max(table.aspect, 1))
        fine = [choice for choice in choices if table.widest(choice) >= readable]
        if fine and (found := table.largest(max(fine))) is not None and found.width >= _LEAST * 2:
            return found
    tried = [cells for choice in choices if (cells := table.largest(choice)) is not None]
    if not tried:
        raise SettingsError(
            f"There is no room for {count} panels with their titles, legend and caption; "
            "make the figure larger, its font smaller, or leave parts out."
        )
    return max(tried, key=lambda cells: cells.width)


@dataclass(frozen=True)
class _Table:
    """Tables that one page could hold."""

    aspects: Sequence[float]
    titles: Sequence[str]
    page: tuple[float, float | None]
    dpi: float
    lettering: Lettering
    foot_height: FootHeight

    @property
    def aspect(self) -> float:
        return _common(self.aspects)

    def widest(self, columns: int) -> float:
        """Return the width of a cell where the page's width alone limits it."""
        width = (self.page[0] - 2 * _MARGIN - (columns - 1) * _TIGHT_GAP) / columns
        if self.page[1] is None:
            rows = math.ceil(len(self.aspects) / columns)
            width = min(width, _HIGHEST * self.page[0] / rows * self.aspect)
        return width

    def largest(self, columns: int) -> Cells | None:
        """Return the largest cells with so many in a row, if there is room for any."""
        high = self.widest(columns)
        if high < _LEAST:
            return None
        if self._fits(cells := self._cells(columns, high)):
            return cells
        low = _LEAST
        if not self._fits(best := self._cells(columns, low)):
            return None
        for _ in range(10):
            middle = (low + high) / 2
            if self._fits(cells := self._cells(columns, middle)):
                low, best = middle, cells
            else:
                high = middle
        return best

    def _fits(self, cells: Cells) -> bool:
        height = self.page[1]
        return height is None or cells.bottom + self.foot_height(cells) <= height

    def _cells(self, columns: int, width: float) -> Cells:
        block = columns * (width + _TIGHT_GAP) - _TIGHT_GAP
        cells = Cells(
            width=width,
            height=width / self.aspect,
            columns=columns,
            left=(self.page[0] - block) / 2,
            pitch=width + _TIGHT_GAP,
            tops=(),
            bottom=0,
            margin=_MARGIN,
            page_width=self.page[0],
            dpi=self.dpi,
            title_width=width,
            title_space=0.03,
            lettering=self.lettering,
        )
        return _stacked(cells, self.titles, 0.06)


def _stacked(cells: Cells, titles: Sequence[str], gap: float) -> Cells:
    """Find where the rows begin, below the longest title of each."""
    top, tops = cells.margin, []
    for start in range(0, len(titles), cells.columns):
        lines = max(len(cells.title_lines(t)) for t in titles[start : start + cells.columns])
        top += lines * cells.lettering.leading("title") + (cells.title_space if lines else 0)
        tops.append(top)
        top += cells.height + gap
    return replace(cells, tops=tuple(tops), bottom=top)


def _title_lines(title: str, width: float, lettering: Lettering) -> list[str]:
    if not title:
        return []
    lines = lettering.wrapped(title, "title", width)
    if len(lines) > _MOST_TITLE_LINES:
        rest = " ".join(lines[_MOST_TITLE_LINES - 1 :])
        lines = [*lines[: _MOST_TITLE_LINES - 1], lettering.shortened(rest, "title", width)]
    return lines


def _choices(count: int) -> list[int]:
    """Return numbers of columns, one for each number of rows: fewer would leave a row unfilled."""
    return sorted({math.ceil(count / rows) for rows in range(1, count + 1)})


def _common(aspects: Sequence[float]) -> float:
    return math.exp(sum(math.log(aspect) for aspect in aspects) / len(aspects))


def _natural_columns(count: int, aspect: float) -> int:
    if count <= 4:
        if aspect > _STACKED_FROM:
            return 1
        return 2 if count == 4 and aspect > 0.8 else count
    return max(1, round(math.sqrt(1.4 * count / aspect)))


def _panel_width(aspect: float, count: int) -> float:
    """Give panels of every shape about the same area, unless one side gets too long."""
    area = _PANEL_AREA * min(1.0, 4 / count)
    return min(math.sqrt(area * aspect), _LONGEST_SIDE * min(aspect, 1))
