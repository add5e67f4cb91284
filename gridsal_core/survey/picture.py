"""Heat maps of class distributions, in the manner of the paper's figure 6."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from gridsal_core.figure.lettering import Lettering, one_line
from gridsal_core.figure.spec import FONTS
from gridsal_core.survey.bootstrap import Numbers
from gridsal_core.survey.difference import DifferenceTable
from gridsal_core.survey.kinds import SECTION_TITLES
from gridsal_core.survey.tables import Table
from gridsal_core.types import ClassInfo

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SHARES: Final = "GnBu"
_DIFFERENCES: Final = "RdBu_r"
_BODY_POINTS, _CELL_POINTS = 8.0, 5.6
_CELL: Final = 0.36  # inches
_LINE: Final = 0.26
_GAP: Final = 0.1  # between two groups of lines, in lines
_LONGEST: Final = 2.6
_INK: Final = "#1a1a1a"
_PALE_INK: Final = "#5a5a5a"


@dataclass(frozen=True, eq=False)
class _Line:
    """One line of a heat map; a significant cell is marked by +1 (more) or -1 (less), else 0.

    `is_first` sets it off from the line above.
    """

    name: str
    values: Numbers
    marks: Sequence[int]
    is_first: bool
    is_pale: bool = False


def draw_table(table: Table) -> Figure:
    """Draw the class distributions of a table, one line for each row.

    Of predicted segments the baseline is drawn below each, and a triangle marks what exceeds it
    (up) or falls below it (down) significantly. Otherwise rows of one true class stand together,
    and triangles mark what errors have more or less of than correct predictions of that class.
    """
    is_predicted = table.section == "predicted"
    lines: list[_Line] = []
    true: int | None = None
    for row in table.rows:
        if not row.cells:
            continue
        is_first = is_predicted or row.true_class != true
        true = row.true_class
        found = [cell.excess if is_predicted else cell.against_correct for cell in row.cells]
        marks = [0 if each is None else _mark(each.value, each.is_significant) for each in found]
        shares = np.array([cell.share.value for cell in row.cells])
        lines.append(_Line(f"{table.name(row)} ({row.items})", shares, marks, is_first))
        if is_predicted:
            baseline = np.array([cell.baseline.value for cell in row.cells])
            lines.append(_Line("baseline", baseline, [0] * len(baseline), False, is_pale=True))
    against = "the baseline" if is_predicted else "correct predictions of the same true class"
    told = (
        "Share of the salient context by its class, in lines by request (number of requests). "
        f"▲ ▼: significantly more or less than {against}."
    )
    return _draw(SECTION_TITLES[table.section], lines, table.classes, told, None)


def draw_difference(table: DifferenceTable) -> Figure:
    """Draw how two surveys differ: red where the first network looks more, blue where less."""
    lines = [
        _Line(
            table.name(row),
            np.array([each.value for each in row.contrasts]),
            [_mark(each.value, each.is_significant) for each in row.contrasts],
            is_first=True,
        )
        for row in table.rows
    ]
    most = max((float(np.abs(line.values).max()) for line in lines), default=0.0)
    first, second = (one_line(name) for name in table.names)
    told = (
        f"Share of the salient context in {first} minus that in {second}. ▲ ▼: the difference is "
        "significant."
    )
    return _draw(SECTION_TITLES[table.section], lines, table.classes, told, max(most, 0.01))


def _mark(value: float, is_significant: bool) -> int:
    return int(np.sign(value)) if is_significant else 0


def _draw(
    title: str,
    lines: Sequence[_Line],
    classes: Sequence[ClassInfo],
    told: str,
    most: float | None,
) -> Figure:
    """Draw lines of cells; with `most` on a scale from -most to most, else from 0 to 1."""
    from matplotlib.figure import Figure

    type_ = Lettering(FONTS[0], _BODY_POINTS)
    names = [type_.shortened(one_line(line.name), "body", _LONGEST) for line in lines]
    columns = [type_.shortened(one_line(info.name), "body", _LONGEST) for info in classes]
    left = 0.25 + max((type_.width(name, "body") for name in names), default=0.5)
    head = 0.5 + max(type_.width(name, "body") for name in columns)
    groups = sum(line.is_first for line in lines)
    body = _LINE * (len(lines) + _GAP * groups)
    width = max(left + _CELL * len(columns) + 0.9, 5.2)
    words = type_.wrapped(told, "small", width - 0.3)
    foot = 0.2 + 0.13 * len(words)
    height = head + max(body, _LINE) + foot
    figure = Figure(figsize=(width, height), dpi=200, facecolor="white")
    figure.text(0.15 / width, 1 - 0.25 / height, title, fontproperties=type_.font("title"))
    axes = figure.add_axes(
        (left / width, foot / height, _CELL * len(columns) / width, max(body, _LINE) / height)
    )
    places = _draw_cells(axes, lines, len(columns), most)
    axes.set_yticks(places, names)
    axes.set_xticks([index + 0.5 for index in range(len(columns))], columns, rotation=90)
    axes.xaxis.tick_top()
    axes.tick_params(length=0, pad=3)
    for label, line in zip(axes.get_yticklabels(), lines, strict=True):
        label.set_fontproperties(type_.font("small" if line.is_pale else "body"))
        label.set_color(_PALE_INK if line.is_pale else _INK)
    for label in axes.get_xticklabels():
        label.set_fontproperties(type_.font("body"))
    for number, text in enumerate(words):
        figure.text(
            0.15 / width,
            (foot - 0.2 - 0.13 * number) / height,
            text,
            fontproperties=type_.font("small"),
            color=_PALE_INK,
            parse_math=False,
        )
    return figure


def _draw_cells(
    axes: Axes, lines: Sequence[_Line], columns: int, most: float | None
) -> list[float]:
    """Draw the cells, and return where the middle of each line is."""
    from matplotlib import colormaps
    from matplotlib.patches import Rectangle

    colors = colormaps[_SHARES if most is None else _DIFFERENCES]
    top, places = 0.0, []
    for line in lines:
        top += _GAP if line.is_first else 0.0
        places.append(top + 0.5)
        for column, value in enumerate(line.values.tolist()):
            level = value if most is None else 0.5 + value / (2 * most)
            color = colors(level) if np.isfinite(value) else (0.92, 0.92, 0.92, 1.0)
            axes.add_patch(
                Rectangle((column, top), 1, 1, facecolor=color, edgecolor="white", linewidth=0.6)
            )
            _write_value(axes, column, top, value, line.marks[column], color)
        top += 1
    axes.set_xlim(0, columns)
    axes.set_ylim(max(top, 1), 0)
    for side in axes.spines.values():
        side.set_visible(False)
    return places


def _write_value(
    axes: Axes, column: int, top: float, value: float, mark: int, color: tuple[float, ...]
) -> None:
    red, green, blue = color[:3]
    ink = "black" if 0.299 * red + 0.587 * green + 0.114 * blue > 0.5 else "white"
    text = spelt(value)
    if text and mark:
        text += "▲" if mark > 0 else "▼"
    axes.text(
        column + 0.5,
        top + 0.52,
        text,
        fontproperties=Lettering(FONTS[0], _CELL_POINTS).font("title" if mark else "body"),
        color=ink,
        ha="center",
        va="center",
    )


def spelt(value: float) -> str:
    """Write a share as in the paper, .31; nothing where it rounds to 0, an en dash if unknown."""
    if not np.isfinite(value):
        return "–"
    rounded = f"{value:.2f}"
    if float(rounded) == 0:
        return ""
    return rounded.replace("0.", ".", 1).replace("-", "−")
