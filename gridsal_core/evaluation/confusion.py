"""The confusion matrix of many images: shares, intersection over union, and a file of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gridsal_core.atomic import write_atomic
from gridsal_core.evaluation.counts import CountArray
from gridsal_core.types import ClassInfo

UNLABELLED = "unlabelled"


@dataclass(frozen=True, eq=False)
class Confusion:
    """Pixels of all labelled images together.

    Parameters
    ----------
    counts
        (C + 1, C), see `CountArray`; the last row is ignored by all figures below.
    images
        How many images were counted.
    """

    counts: CountArray
    images: int

    @property
    def labelled(self) -> CountArray:
        """(C, C) pixels with a true class: rows are true, columns predicted."""
        return self.counts[:-1]

    @property
    def shares(self) -> npt.NDArray[np.float64]:
        """(C, C) share of each true class's pixels that is predicted as each class.

        Rows add up to 1; NaN in the rows of classes that no pixel truly is.
        """
        totals = self.labelled.sum(axis=1, keepdims=True)
        shares = np.full(self.labelled.shape, np.nan)
        np.divide(self.labelled, totals, out=shares, where=totals > 0)
        return shares

    @property
    def iou(self) -> npt.NDArray[np.float64]:
        """(C,) intersection over union of each class over all images; NaN where it is 0 / 0.

        True positives / (true positives + false positives + false negatives).
        """
        both = np.diagonal(self.labelled)
        either = self.labelled.sum(axis=0) + self.labelled.sum(axis=1) - both
        iou = np.full(len(both), np.nan)
        np.divide(both, either, out=iou, where=either > 0)
        return iou

    @property
    def mean_iou(self) -> float | None:
        """Mean of the classes that occur; None if none does."""
        return None if np.isnan(self.iou).all() else float(np.nanmean(self.iou))

    @property
    def accuracy(self) -> float | None:
        """Share of the labelled pixels that is predicted correctly; None if there is none."""
        total = int(self.labelled.sum())
        return int(np.trace(self.labelled)) / total if total else None


def write_confusion(confusion: Confusion, classes: Sequence[ClassInfo], path: Path) -> None:
    """Write the counts as CSV: a row for each true class, a column for each predicted one.

    The last row holds the pixels without a true class, the last column the IoU of the row's class,
    empty where it is 0 / 0.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    names = [info.name for info in classes]
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["true / predicted", *names, "IoU"])
    for name, row, iou in zip(names, confusion.labelled, confusion.iou, strict=True):
        rows.writerow([name, *row.tolist(), "" if np.isnan(iou) else f"{iou:.6f}"])
    rows.writerow([UNLABELLED, *confusion.counts[-1].tolist(), ""])
    write_atomic(path, lambda file: file.write(text.getvalue().encode()))
