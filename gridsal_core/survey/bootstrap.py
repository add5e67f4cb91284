"""Confidence intervals by a bootstrap over images that reads each of them once.

Images are what is drawn: requests on one image are not independent of each other. Instead of
drawing n of n images again and again, each replicate gives each image a weight from a Poisson
distribution of mean 1 (Hanley and MacGibbon 2006), which is the same in the limit and needs no
list of the images: the sums of all replicates are kept, and every image is added to them once. The
weights of an image come from its name and the seed alone. So the order of images does not matter,
everything that is compared is compared on the same draws, and so are two networks on the same
images.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]

REPLICATES: Final = 2000
SEED: Final = 0
LEVEL: Final = 0.95
# Of fewer images the spread between them says too little of what others would show.
LEAST_IMAGES: Final = 5


@dataclass(frozen=True)
class Sampling:
    """How often images are drawn again, and from which seed."""

    replicates: int = REPLICATES
    seed: int = SEED

    def weights(self, image: str) -> Numbers:
        """Return how often each replicate draws an image: (B,), whole numbers of mean 1."""
        return _weights(image, self.seed, self.replicates)


@lru_cache(maxsize=32)
def _weights(image: str, seed: int, replicates: int) -> Numbers:
    digest = hashlib.sha256(f"{seed}\0{image}".encode("utf-8", "surrogatepass")).digest()
    generator = np.random.Generator(np.random.PCG64(int.from_bytes(digest, "big")))
    drawn: Numbers = generator.poisson(1.0, replicates).astype(np.float64)
    drawn.flags.writeable = False
    return drawn


@dataclass(frozen=True, eq=False)
class Shares:
    """A distribution over K classes, and the same in each of B replicates.

    `value` is (K,), `replicates` (B, K); where there are no votes they are NaN.
    """

    value: Numbers
    replicates: Numbers

    def interval(self) -> tuple[Numbers, Numbers]:
        """Return the lower and the upper ends of the percentile intervals, (K,) each."""
        usable = self.replicates[~np.isnan(self.replicates).any(1)]
        if not len(usable):
            nothing = np.full(self.value.shape, np.nan)
            return nothing, nothing
        tail = (1 - LEVEL) / 2
        low, high = np.quantile(usable, (tail, 1 - tail), axis=0)
        return low, high


class VoteSums:
    """Votes for K classes, summed over images, and the sums of all replicates beside them."""

    def __init__(self, classes: int, sampling: Sampling) -> None:
        self._sampling = sampling
        self._total = np.zeros(classes)
        self._replicates = np.zeros((sampling.replicates, classes))

    def add(self, image: str, votes: Sequence[float]) -> None:
        """Add the votes of one request on an image."""
        given = np.asarray(votes, np.float64)
        self._total += given
        present = np.flatnonzero(given)
        drawn = self._sampling.weights(image)
        self._replicates[:, present] += drawn[:, None] * given[present]

    def shares(self) -> Shares:
        """Return the distribution of the votes so far."""
        return Shares(_normalised(self._total), _normalised(self._replicates))


def _normalised(votes: Numbers) -> Numbers:
    total = votes.sum(-1, keepdims=True)
    shares: Numbers = np.full(votes.shape, np.nan)
    np.divide(votes, total, out=shares, where=total > 0)
    return shares


@dataclass(frozen=True, eq=False)
class Contrasts:
    """Differences of two distributions, tested together.

    Parameters
    ----------
    value
        (K,) differences.
    error
        (K,) their standard errors by the bootstrap; 0 where nothing varies, NaN where there is
        nothing to compare.
    largest
        (B,) the largest |difference - value| / error of each replicate; 0 where nothing varies.
    """

    value: Numbers
    error: Numbers
    largest: Numbers

    @classmethod
    def between(cls, one: Shares, other: Shares) -> Contrasts:
        """Subtract the second distribution from the first."""
        value = one.value - other.value
        drawn = one.replicates - other.replicates
        usable = ~np.isnan(drawn).any(1)
        if np.isnan(value).any() or np.count_nonzero(usable) < 2:
            return cls(value, np.full(value.shape, np.nan), np.zeros(len(drawn)))
        error = drawn[usable].std(0, ddof=1)
        # Sums of the same votes may differ in the last digit.
        error[error < 1e-12] = 0
        moved = np.abs(drawn - value)
        scaled = np.divide(
            moved, error, out=np.zeros(moved.shape), where=(error > 0) & ~np.isnan(moved)
        )
        return cls(value, error, scaled.max(1))

    def interval(self, critical: float) -> tuple[Numbers, Numbers]:
        """Return the simultaneous intervals, (K,) lower and (K,) upper ends."""
        reach = critical * self.error
        return self.value - reach, self.value + reach

    def is_significant(self, critical: float) -> npt.NDArray[np.bool_]:
        """(K,) bool: whose simultaneous interval excludes 0."""
        found: npt.NDArray[np.bool_] = (self.error > 0) & (
            np.abs(self.value) > critical * self.error
        )
        return found


def critical_value(largest: Numbers | None) -> float:
    """Return how many standard errors wide intervals are that hold all at once.

    Parameters
    ----------
    largest
        (B,) the largest of `Contrasts.largest` over all contrasts that are tested together.

    Notes
    -----
    The single-step max-T method (Westfall and Young 1993): with probability 0.95 no interval of
    them all misses its difference, however many there are and however they depend on each other.
    """
    if largest is None or not len(largest):
        return float("nan")
    return float(np.quantile(largest, LEVEL))
