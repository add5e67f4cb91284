"""Making pixels fewer by averaging areas, from strips, so that the source is never held whole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gridsal_core.arrays import FloatArray

AnyArray = npt.NDArray[Any]

_CHUNK_VALUES = 6_000_000  # of the source at once; the sums take about three times their bytes


@dataclass(frozen=True)
class Taps:
    """Which source pixels an output pixel covers, and how much of each: both (n, k)."""

    index: npt.NDArray[np.intp]
    weight: FloatArray
    span: float


def taps(start: float, stop: float, source: int, size: int) -> Taps:
    """Cover [start, stop) of `source` pixels evenly by `size` output pixels.

    The weights are areas and sum to `span`, the source pixels per output pixel; whole numbers stay
    exact, and so does the mean of whole numbers.
    """
    edges = start + np.arange(size + 1) * (stop - start) / size
    first = np.floor(edges[:-1]).astype(np.intp)
    count = int((np.ceil(edges[1:]).astype(np.intp) - first).max())
    index = first[:, None] + np.arange(count)
    weight = np.minimum(edges[1:, None], index + 1) - np.maximum(edges[:-1, None], index)
    weight[index >= source] = 0
    return Taps(
        np.minimum(index, source - 1),
        np.maximum(weight, 0).astype(np.float32),
        (stop - start) / size,
    )


def reduce_area(strips: Iterable[AnyArray], down: Taps, across: Taps) -> FloatArray:
    """Average the areas that the taps cover.

    Parameters
    ----------
    strips
        (n, W, C) each, all rows of the source from top to bottom.
    down, across
        For rows and for columns.

    Returns
    -------
    (h, w, C) float32.
    """
    size = (len(down.index), len(across.index))
    result: FloatArray | None = None
    row = 0
    for strip in strips:
        if result is None:
            result = np.zeros((*size, strip.shape[2]), np.float32)
        step = max(1, _CHUNK_VALUES // (strip.shape[1] * strip.shape[2]))
        for start in range(0, len(strip), step):
            part = strip[start : start + step]
            _add_rows(result, part, row, down, across)
            row += len(part)
    if result is None:
        raise ValueError("there are no pixels")
    result /= np.float32(down.span * across.span)
    return result


def _add_rows(result: FloatArray, part: AnyArray, row: int, down: Taps, across: Taps) -> None:
    """Add what the source rows from `row` on give to the rows of the result that they touch."""
    last = row + len(part)
    touched = np.flatnonzero((down.index[:, 0] < last) & (down.index[:, -1] >= row))
    if not touched.size:
        return
    low, high = int(touched[0]), int(touched[-1]) + 1
    sums = np.zeros((high - low, *part.shape[1:]), np.float32)
    for tap in range(down.index.shape[1]):
        index, weight = down.index[low:high, tap], down.weight[low:high, tap]
        here = np.flatnonzero((index >= row) & (index < last) & (weight > 0))
        if here.size:
            chosen = slice(int(here[0]), int(here[-1]) + 1)
            rows = _rows(part, index[chosen] - row)
            _add_weighted(sums[chosen], rows, weight[chosen, None, None])
    for tap in range(across.index.shape[1]):
        columns = np.take(sums, across.index[:, tap], axis=1)
        _add_weighted(result[low:high], columns, across.weight[None, :, tap, None])


def _rows(part: AnyArray, index: npt.NDArray[np.intp]) -> AnyArray:
    """Take rows, as a view where they are evenly spaced."""
    steps = np.diff(index)
    if not steps.size:
        return part[index[0] : index[0] + 1]
    if steps[0] > 0 and (steps == steps[0]).all():
        return part[index[0] : index[-1] + 1 : int(steps[0])]
    return part[index]


def _add_weighted(sums: FloatArray, values: AnyArray, weight: FloatArray) -> None:
    if (weight == 1).all():
        sums += values
    else:
        sums += values * weight
