"""The digits of the toy data set: scikit-learn's 8x8 scans or MNIST's, upscaled smoothly."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gridsal_core.errors import SettingsError
from gridsal_core.toy.mnist import SPLITS, Split, read_mnist

# Every fifth scan is held out. The rule does not depend on a seed, so a test digit is new to
# every network, whatever seed it was trained with.
_TEST_EVERY: Final = 5
_INK: Final = 0.5
# Of MNIST: fainter ink than this is no part of the digit when its margin is cut off.
_FAINT: Final = 0.2
_NO_MARGIN: Final = 8


@dataclass(frozen=True, slots=True)
class DigitBank:
    """The scans of one split.

    Attributes
    ----------
    split : {"train", "test"}
    scans : tuple of ndarray
        n squares, float64, ink in [0, 1].
    values : ndarray
        n, int64, the digit 0..9 each scan shows.
    """

    split: Split
    scans: tuple[NDArray[np.float64], ...]
    values: NDArray[np.int64]

    def pick(self, digit: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return a random scan of `digit`."""
        candidates = np.flatnonzero(self.values == digit)
        return self.scans[int(candidates[rng.integers(len(candidates))])]


@lru_cache(maxsize=8)
def load_bank(split: Split, file: str | None = None) -> DigitBank:
    """Read the scans of a split.

    Parameters
    ----------
    split : {"train", "test"}
        Where a file does not tell its test scans apart, every fifth one is held out.
    file : str, optional
        MNIST as an .npz file or a folder of idx files, see `read_mnist`; by default
        scikit-learn's digits.

    Raises
    ------
    SettingsError
        The split has another name, scikit-learn is not installed, or the file cannot be used.
    """
    if split not in SPLITS:
        raise SettingsError(f"There is no split {split!r}; choose train or test.")
    if file is None:
        return _chosen(split, *_scikit_learn_digits())
    found = read_mnist(Path(file))
    if isinstance(found, dict):
        images, labels = found[split]
        return _bank(split, images, labels)
    return _chosen(split, *found)


def _scikit_learn_digits() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise SettingsError(
            "The toy data set takes its digits from scikit-learn, which is not installed; "
            "run `pip install scikit-learn`."
        ) from error
    scans, values = load_digits(return_X_y=True)
    images = np.asarray(scans, dtype=np.float64).reshape(-1, 8, 8) / 16.0
    return images, np.asarray(values, dtype=np.int64)


def _chosen(split: Split, images: NDArray[np.float64], values: NDArray[np.int64]) -> DigitBank:
    held_out = np.arange(len(values)) % _TEST_EVERY == 0
    chosen = held_out if split == "test" else ~held_out
    return _bank(split, images[chosen], values[chosen])


def _bank(split: Split, images: NDArray[np.float64], values: NDArray[np.int64]) -> DigitBank:
    if set(np.unique(values).tolist()) != set(range(10)):
        raise SettingsError(
            f"The digits of the {split} split do not show all of 0 to 9; take more of them."
        )
    return DigitBank(split, tuple(_without_margin(image) for image in images), values)


def _without_margin(scan: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cut a scan to the smallest square around its ink, with a pixel to spare.

    Small scans stay as they are: scikit-learn's have no margin.
    """
    if scan.shape[0] <= _NO_MARGIN:
        return scan
    rows, columns = (np.flatnonzero((scan > _FAINT).any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return scan
    side = min(max(np.ptp(rows), np.ptp(columns)) + 3, *scan.shape)
    top, left = (
        int(np.clip((found[0] + found[-1] + 1 - side) // 2, 0, length - side))
        for found, length in zip((rows, columns), scan.shape, strict=True)
    )
    return np.ascontiguousarray(scan[top : top + side, left : left + side])


@lru_cache(maxsize=1024)
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
        Ink in [0, 1].
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
