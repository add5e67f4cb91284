"""The digits of the toy data set: scikit-learn's 8x8 scans, upscaled smoothly."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from gridsal_core.errors import SettingsError

Split = Literal["train", "test"]

SPLITS: Final[tuple[Split, ...]] = ("train", "test")

# Every fifth scan is held out. The rule does not depend on a seed, so a test digit is new to
# every network, whatever seed it was trained with.
_TEST_EVERY: Final = 5
_INK: Final = 0.5


@dataclass(frozen=True, slots=True)
class DigitBank:
    """The scans of one split.

    Attributes
    ----------
    split : {"train", "test"}
    scans : ndarray
        n x 8 x 8, float64, ink in [0, 1].
    values : ndarray
        n, int64, the digit 0..9 each scan shows.
    """

    split: Split
    scans: NDArray[np.float64]
    values: NDArray[np.int64]

    def pick(self, digit: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return a random 8x8 scan of `digit`."""
        candidates = self.scans[self.values == digit]
        return np.asarray(candidates[rng.integers(len(candidates))])


@lru_cache(maxsize=2)
def load_bank(split: Split) -> DigitBank:
    """Read the scans of a split.

    Raises
    ------
    SettingsError
        The split has another name, or scikit-learn is not installed.
    """
    if split not in SPLITS:
        raise SettingsError(f"There is no split {split!r}; choose train or test.")
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise SettingsError(
            "The toy data set takes its digits from scikit-learn, which is not installed; "
            "run `pip install scikit-learn`."
        ) from error
    scans, values = load_digits(return_X_y=True)
    held_out = np.arange(len(values)) % _TEST_EVERY == 0
    chosen = held_out if split == "test" else ~held_out
    return DigitBank(
        split,
        np.asarray(scans[chosen], dtype=np.float64).reshape(-1, 8, 8) / 16.0,
        np.asarray(values[chosen], dtype=np.int64),
    )


@lru_cache(maxsize=256)
def _spline(source: int, target: int) -> NDArray[np.float64]:
    """Matrix of the cubic spline that stretches `source` samples to `target`."""
    from scipy.ndimage import zoom

    matrix: NDArray[np.float64] = zoom(
        np.eye(source), (target / source, 1), order=3, mode="nearest", grid_mode=True
    )
    return matrix


def upscale(scan: NDArray[np.float64], height: int, width: int) -> NDArray[np.bool_]:
    """Stretch a scan with a cubic spline and cut it at half the ink.

    Parameters
    ----------
    scan : ndarray
        Ink in [0, 1].
    height, width : int
        Size of the result in pixels.

    Returns
    -------
    ndarray
        height x width, bool, True on the digit.
    """
    stretched = _spline(scan.shape[0], height) @ scan @ _spline(scan.shape[1], width).T
    return np.asarray(stretched > _INK)


def place(
    scan: NDArray[np.float64], rng: np.random.Generator, size: int, smallest: int, largest: int
) -> NDArray[np.bool_]:
    """Put an upscaled scan at a random place of a square picture.

    Parameters
    ----------
    scan : ndarray
        8 x 8, ink in [0, 1].
    rng : numpy.random.Generator
        Draws scale and place.
    size : int
        Side of the picture in pixels.
    smallest, largest : int
        Range of the upscaled scan's side in pixels, both included, at most `size`.

    Returns
    -------
    ndarray
        size x size, bool, True on the digit.
    """
    side = int(rng.integers(smallest, largest + 1))
    top, left = rng.integers(0, size - side + 1, size=2)
    mask = np.zeros((size, size), dtype=np.bool_)
    mask[top : top + side, left : left + side] = upscale(scan, side, side)
    return mask
