"""What is known of the predictions on the images of a folder, in columns that are quick to search.

Images are named by their row in the folder's listing. A hundred thousand of them with sixty kinds
of pixels each take 100 MB; any question below is one pass over these columns.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gridsal_core.evaluation.confusion import Confusion
from gridsal_core.evaluation.counts import CountArray, ImageCounts

FIRST_ROOM = 1024

Shares = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]


class FolderStatistics:
    """Counts of each image that was predicted, and their sums.

    Parameters
    ----------
    image_count
        Number of images of the folder.
    class_count
        C, the number of classes of the network.
    """

    def __init__(self, image_count: int, class_count: int) -> None:
        self.class_count = class_count
        self._total: CountArray = np.zeros((class_count + 1, class_count), np.int64)
        self._filled = 0
        self._rows: Rows = np.zeros(FIRST_ROOM, np.int32)
        self._codes: Rows = np.zeros(FIRST_ROOM, np.int32)
        self._pixels: npt.NDArray[np.int64] = np.zeros(FIRST_ROOM, np.int64)
        self._is_known: Flags = np.zeros(image_count, bool)
        self._is_labelled: Flags = np.zeros(image_count, bool)
        self._labelled_pixels: npt.NDArray[np.int64] = np.zeros(image_count, np.int64)
        self._correct: npt.NDArray[np.int64] = np.zeros(image_count, np.int64)

    def add(self, row: int, counts: ImageCounts) -> None:
        """Take over the counts of an image; those of one that is known already are dropped."""
        if self._is_known[row]:
            return
        stop = self._filled + len(counts.codes)
        self._make_room(stop)
        new = slice(self._filled, stop)
        self._rows[new], self._codes[new], self._pixels[new] = row, counts.codes, counts.pixels
        self._filled = stop
        true, predicted = np.divmod(counts.codes, self.class_count)
        has_true = true < self.class_count
        self._is_known[row], self._is_labelled[row] = True, counts.is_labelled
        self._labelled_pixels[row] = counts.pixels[has_true].sum()
        self._correct[row] = counts.pixels[true == predicted].sum()
        if counts.is_labelled:
            self._total.reshape(-1)[counts.codes] += counts.pixels

    @property
    def known(self) -> Flags:
        """(N,) bool, the images that were predicted."""
        return self._is_known

    @property
    def labelled(self) -> Flags:
        """(N,) bool, the images of those that have a label map."""
        return self._is_labelled

    @property
    def confusion(self) -> Confusion:
        """All labelled images together, as they are now."""
        return Confusion(self._total.copy(), int(self._is_labelled.sum()))

    def error_share(self, row: int) -> float | None:
        """Share of an image's labelled pixels that is wrong; None where that is not known."""
        labelled = int(self._labelled_pixels[row])
        return 1 - int(self._correct[row]) / labelled if labelled else None

    @property
    def error_shares(self) -> Shares:
        """(N,) the same of all images, NaN where it is not known."""
        shares = np.full(len(self._is_known), np.nan, np.float32)
        labelled = self._labelled_pixels
        np.divide(labelled - self._correct, labelled, out=shares, where=labelled > 0)
        return shares

    def pixels_of(self, true: int | None, predicted: int | None) -> npt.NDArray[np.int64]:
        """(N,) number of each image's pixels of one kind.

        Parameters
        ----------
        true, predicted
            The true class and the predicted one; None is any, for `true` also none at all.
        """
        codes, pixels = self._codes[: self._filled], self._pixels[: self._filled]
        if true is not None and predicted is not None:
            wanted = codes == true * self.class_count + predicted
        elif true is not None:
            wanted = codes // self.class_count == true
        elif predicted is not None:
            wanted = codes % self.class_count == predicted
        else:
            wanted = np.ones(len(codes), bool)
        rows = self._rows[: self._filled][wanted]
        sums = np.bincount(rows, pixels[wanted], minlength=len(self._is_known))
        return sums.astype(np.int64)

    def shares_of(self, true: int | None, predicted: int | None) -> Shares:
        """(N,) the same as shares of each image's labelled pixels, or without `true` of all.

        0 where nothing is known.
        """
        pixels = self.pixels_of(true, predicted)
        of = self._labelled_pixels if true is not None else self.pixels_of(None, None)
        shares = np.zeros(len(pixels), np.float32)
        np.divide(pixels, of, out=shares, where=of > 0)
        return shares

    def _make_room(self, size: int) -> None:
        if size <= len(self._rows):
            return
        room = max(size, 2 * len(self._rows))
        self._rows = _grown(self._rows, room)
        self._codes = _grown(self._codes, room)
        self._pixels = np.concatenate([self._pixels, np.zeros(room - len(self._pixels), np.int64)])


def _grown(column: Rows, room: int) -> Rows:
    return np.concatenate([column, np.zeros(room - len(column), np.int32)])
