"""A picture like figure 4 of the paper: accuracy, detection and localization side by side."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from gridsal_core.atomic import write_atomic
from gridsal_core.toy.bench.tables import Accuracy, Figures

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_STRENGTHS: Final = ("strong", "weak")
_MAP: Final = "cividis"
_BAR: Final = "#3b6fb6"


def save_picture(file: Path, found: Sequence[Figures], accuracy: Sequence[Accuracy]) -> None:
    """Draw one row for each strength: IoU and mCBD by biased and shown digit, and mCBL.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    strengths = [name for name in _STRENGTHS if any(f.strength == name for f in found)]
    methods = list(dict.fromkeys(each.method for each in found))
    figure = Figure(figsize=(2.6 + 2.1 * len(methods) + 2.6, 0.4 + 2.4 * len(strengths)))
    FigureCanvasAgg(figure)
    figure.set_layout_engine("constrained")
    grid = figure.subplots(
        len(strengths),
        2 + len(methods),
        squeeze=False,
        gridspec_kw={"width_ratios": [1.2, *([1.0] * len(methods)), 1.2]},
    )
    for row, strength in zip(grid, strengths, strict=True):
        _draw_accuracy(row[0], strength, accuracy)
        most = max((v for f in found for v in f.mcbd.values() if v is not None), default=1.0)
        for axes, method in zip(row[1:-1], methods, strict=True):
            _draw_detection(axes, [f for f in found if f.method == method], strength, most)
        _draw_localization(row[-1], [f for f in found if f.strength == strength])
    buffer = io.BytesIO()
    figure.savefig(buffer, format=file.suffix[1:], dpi=170)
    write_atomic(file, lambda opened: opened.write(buffer.getvalue()))


def _draw_accuracy(axes: Axes, strength: str, accuracy: Sequence[Accuracy]) -> None:
    rows = [each for each in accuracy if each.strength in ("none", strength)]
    values = np.array([each.by_digit for each in rows], np.float64)
    _heat(axes, values, [_name(each.digit) for each in rows], [str(d) for d in range(10)], 1.0)
    axes.set_title(f"(a) IoU, {strength} bias", fontsize=8)


def _draw_detection(axes: Axes, found: Sequence[Figures], strength: str, most: float) -> None:
    rows = [each for each in found if each.strength in ("none", strength)]
    digits = sorted({digit for each in rows for digit in each.mcbd})
    values = np.array(
        [[_known(each.mcbd.get(digit)) for digit in digits] for each in rows], np.float64
    )
    _heat(axes, values, [_name(each.digit) for each in rows], [str(d) for d in digits], most)
    axes.set_title(f"(b) mCBD, {rows[0].method if rows else ''}", fontsize=8)


def _draw_localization(axes: Axes, found: Sequence[Figures]) -> None:
    names = list(dict.fromkeys(each.method for each in found))
    values = [
        float(np.mean([f.mcbl for f in found if f.method == name and f.mcbl is not None] or [0.0]))
        for name in names
    ]
    places = range(len(names))
    axes.barh(places, values, color=_BAR)
    for place, value in zip(places, values, strict=True):
        if value > 0:
            axes.text(
                min(value, 0.98) - 0.02,
                place,
                f"{value:.2f}",
                va="center",
                ha="right",
                fontsize=6,
                color="white",
            )
    axes.axvline(0.5, color="black", linewidth=0.8, linestyle=":")
    axes.set_yticks(places, names, fontsize=6)
    axes.set_xlim(0, 1)
    axes.invert_yaxis()
    axes.tick_params(labelsize=6)
    axes.set_title("(c) mCBL, dotted: guessing", fontsize=8)


def _heat(
    axes: Axes, values: NDArray[np.float64], rows: list[str], columns: list[str], most: float
) -> None:
    axes.imshow(values, cmap=_MAP, vmin=0, vmax=most or 1.0, aspect="auto")
    axes.set_yticks(range(len(rows)), rows, fontsize=6)
    axes.set_xticks(range(len(columns)), columns, fontsize=6)
    axes.set_ylabel("biased digit", fontsize=6)
    axes.set_xlabel("shown digit", fontsize=6)
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            color = "white" if value < most / 2 else "black"
            axes.text(
                column,
                row,
                f"{value:.2f}".lstrip("0") or "0",
                ha="center",
                va="center",
                fontsize=5,
                color=color,
            )


def _name(digit: int | None) -> str:
    return "N" if digit is None else str(digit)


def _known(value: float | None) -> float:
    return float("nan") if value is None else value
