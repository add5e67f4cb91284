"""Procedural grey textures for the toy data set.

A texture is a pure function of pixel coordinates on an endless plane, so a crop is nothing but an
offset: the caller draws the offset, and the same offset always gives the same crop. The paper
takes its textures from photographs (section 4.1); these need no download.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gridsal_core.errors import SettingsError

Plane = NDArray[np.float64]
Pattern = Callable[[Plane, Plane], Plane]

# Offsets are drawn from a square of this side: far larger than any period below.
_PLANE_SIDE: Final = 4096.0


# --- building blocks -------------------------------------------------------------------------


def _wave(phase: Plane) -> Plane:
    """Sine of a phase counted in periods, scaled to [0, 1]."""
    return 0.5 + 0.5 * np.sin(2 * np.pi * phase)


def _soft(distance: Plane) -> Plane:
    """Step from 0 to 1 over one pixel, so that edges are not jagged."""
    return np.clip(distance + 0.5, 0.0, 1.0)


def _fold(value: Plane, period: float) -> Plane:
    """Distance to the nearest multiple of `period`, in [0, period / 2]."""
    return np.abs(value - period * np.round(value / period))


def _lines(value: Plane, period: float, width: float) -> Plane:
    """1 on lines of `width` pixels that repeat every `period` pixels."""
    return _soft(width / 2 - _fold(value, period))


def _hash(column: Plane, row: Plane, salt: int) -> Plane:
    """Pseudo-random numbers in [0, 1), one for each integer lattice point."""
    state = (
        column.astype(np.int64).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        + row.astype(np.int64).astype(np.uint64) * np.uint64(0xC2B2AE3D27D4EB4F)
        + np.uint64(salt)
    )
    state ^= state >> np.uint64(29)
    state *= np.uint64(0xBF58476D1CE4E5B9)
    state ^= state >> np.uint64(32)
    return (state >> np.uint64(40)).astype(np.float64) / 2.0**24


def _noise(x: Plane, y: Plane, size: float, salt: int) -> Plane:
    """Smooth value noise with features of about `size` pixels, in [0, 1]."""
    u, v = x / size, y / size
    column, row = np.floor(u), np.floor(v)
    s, t = u - column, v - row
    s, t = s * s * (3 - 2 * s), t * t * (3 - 2 * t)
    top = _hash(column, row, salt) * (1 - s) + _hash(column + 1, row, salt) * s
    bottom = _hash(column, row + 1, salt) * (1 - s) + _hash(column + 1, row + 1, salt) * s
    return top * (1 - t) + bottom * t


def _parity(column: Plane, row: Plane) -> Plane:
    return np.mod(column + row, 2.0)


# --- the patterns ----------------------------------------------------------------------------

_PATTERNS: Final[dict[str, tuple[Pattern, float, float]]] = {}


def _pattern(low: float, high: float) -> Callable[[Pattern], Pattern]:
    """Register a pattern under its function's name, with the greys of its 0 and its 1."""

    def register(pattern: Pattern) -> Pattern:
        _PATTERNS[pattern.__name__] = (pattern, low, high)
        return pattern

    return register


@_pattern(0.10, 0.70)
def bars_level(x: Plane, y: Plane) -> Plane:
    """Broad level bars."""
    return _soft(3.0 * np.sin(2 * np.pi * y / 12))


@_pattern(0.35, 0.95)
def bars_upright(x: Plane, y: Plane) -> Plane:
    """Broad upright bars."""
    return _soft(3.0 * np.sin(2 * np.pi * x / 12))


@_pattern(0.20, 0.80)
def stripes_rising(x: Plane, y: Plane) -> Plane:
    """Soft stripes that rise to the right."""
    return _wave((x + y) / 11)


@_pattern(0.00, 0.55)
def stripes_falling(x: Plane, y: Plane) -> Plane:
    """Soft stripes that fall to the right."""
    return _wave((x - y) / 11)


@_pattern(0.80, 0.15)
def pinstripes(x: Plane, y: Plane) -> Plane:
    """Thin dark upright lines on a light ground."""
    return _lines(x, 7, 1.6)


@_pattern(0.12, 0.75)
def ruled(x: Plane, y: Plane) -> Plane:
    """Thin light level lines on a dark ground."""
    return _lines(y, 6, 1.6)


@_pattern(0.30, 0.90)
def waves(x: Plane, y: Plane) -> Plane:
    """Level stripes that swing up and down."""
    return _wave((y + 4 * np.sin(2 * np.pi * x / 26)) / 10)


@_pattern(0.05, 0.65)
def zigzag(x: Plane, y: Plane) -> Plane:
    """Herringbone of sharp folds."""
    return _soft(3.0 * np.sin(2 * np.pi * (y + _fold(x, 16)) / 11))


@_pattern(0.15, 0.85)
def checks(x: Plane, y: Plane) -> Plane:
    """Chess board."""
    return _parity(np.floor(x / 7), np.floor(y / 7))


@_pattern(0.40, 0.75)
def diamonds(x: Plane, y: Plane) -> Plane:
    """Chess board on its corner."""
    return _parity(np.floor((x + y) / 12), np.floor((x - y) / 12))


@_pattern(0.85, 0.25)
def polka(x: Plane, y: Plane) -> Plane:
    """Dark dots on a light ground."""
    return _soft(3.2 - np.hypot(_fold(x, 11), _fold(y, 11)))


@_pattern(0.05, 0.80)
def stars(x: Plane, y: Plane) -> Plane:
    """Small light dots in staggered rows on a dark ground."""
    shifted = x + 4.5 * np.mod(np.round(y / 7), 2.0)
    return _soft(1.9 - np.hypot(_fold(shifted, 9), _fold(y, 7)))


@_pattern(0.10, 0.90)
def rings(x: Plane, y: Plane) -> Plane:
    """Targets of concentric rings."""
    return _soft(2.0 * np.sin(2 * np.pi * np.hypot(_fold(x, 26), _fold(y, 26)) / 6.5))


@_pattern(0.45, 0.95)
def bricks(x: Plane, y: Plane) -> Plane:
    """Brick wall with light joints."""
    row = np.floor(y / 8)
    joints = np.maximum(_lines(y, 8, 1.6), _lines(x + 8 * np.mod(row, 2.0), 16, 1.6))
    shade = 0.45 * _hash(np.floor((x + 8 * np.mod(row, 2.0)) / 16 - 1e-9), row, 11)
    return np.maximum(joints, shade)


@_pattern(0.70, 0.05)
def mesh(x: Plane, y: Plane) -> Plane:
    """Square wire mesh."""
    return np.maximum(_lines(x, 9, 2.0), _lines(y, 9, 2.0))


@_pattern(0.20, 0.95)
def lattice(x: Plane, y: Plane) -> Plane:
    """Wire mesh on its corner."""
    return np.maximum(_lines(x + y, 15, 2.6), _lines(x - y, 15, 2.6))


@_pattern(0.15, 0.75)
def weave(x: Plane, y: Plane) -> Plane:
    """Basket weave of three-strand bands."""
    over = _parity(np.floor(x / 12), np.floor(y / 12))
    return np.where(over > 0.5, _wave(x / 4), _wave(y / 4))


@_pattern(0.00, 1.00)
def grain(x: Plane, y: Plane) -> Plane:
    """Fine film grain."""
    return _noise(x, y, 1.3, 21)


@_pattern(0.00, 0.55)
def clouds(x: Plane, y: Plane) -> Plane:
    """Soft large blobs."""
    return np.clip(1.6 * _noise(x, y, 13, 22) - 0.3, 0.0, 1.0)


@_pattern(0.25, 1.00)
def stone(x: Plane, y: Plane) -> Plane:
    """Noise of four octaves."""
    octaves = sum(_noise(x, y, 16 / 2**k, 30 + k) / 2**k for k in range(4))
    return np.clip(1.8 * np.asarray(octaves) / 1.875 - 0.4, 0.0, 1.0)


@_pattern(0.50, 1.00)
def marble(x: Plane, y: Plane) -> Plane:
    """Bent veins."""
    return np.abs(np.sin(np.pi * ((x + 0.6 * y) / 17 + 1.8 * _noise(x, y, 15, 41)))) ** 0.7


@_pattern(0.05, 0.50)
def wood(x: Plane, y: Plane) -> Plane:
    """Level grain of a plank."""
    return _wave(y / 5 + 2.5 * _noise(x, 3 * y, 34, 51))


@_pattern(0.90, 0.30)
def cells(x: Plane, y: Plane) -> Plane:
    """Cobbles: dark seams half way between scattered points."""
    size = 11.0
    column, row = np.floor(x / size), np.floor(y / size)
    near = np.full_like(x, np.inf)
    second = np.full_like(x, np.inf)
    for i in (-1, 0, 1):
        for j in (-1, 0, 1):
            u, v = column + i, row + j
            distance = np.hypot(
                x - size * (u + _hash(u, v, 61)),
                y - size * (v + _hash(u, v, 62)),
            )
            second = np.minimum(second, np.maximum(near, distance))
            near = np.minimum(near, distance)
    return _soft(1.4 - (second - near))


@_pattern(0.20, 0.70)
def scales(x: Plane, y: Plane) -> Plane:
    """Rows of overlapping fish scales."""
    row = np.floor(y / 8)
    shifted = x + 8 * np.mod(row, 2.0)
    return np.asarray(np.clip(np.hypot(_fold(shifted, 16), y - 8 * row) / 10, 0.0, 1.0) ** 2)


@_pattern(0.00, 0.95)
def ramps(x: Plane, y: Plane) -> Plane:
    """Saw teeth: dark to light, again and again."""
    return np.mod(x / 16, 1.0)


@_pattern(0.95, 0.40)
def crosses(x: Plane, y: Plane) -> Plane:
    """Small dark plus signs on a light ground."""
    u, v = _fold(x, 12), _fold(y, 12)
    return np.maximum(
        np.minimum(_soft(1.5 - u), _soft(4.5 - v)), np.minimum(_soft(4.5 - u), _soft(1.5 - v))
    )


@_pattern(0.65, 0.10)
def triangles(x: Plane, y: Plane) -> Plane:
    """Rows of dark triangles."""
    return _soft(np.mod(y, 12.0) / 2 - _fold(x, 12))


@_pattern(0.55, 0.00)
def speckle(x: Plane, y: Plane) -> Plane:
    """Scattered dark specks on mid grey."""
    return np.where(_hash(np.floor(x / 3), np.floor(y / 3), 71) > 0.75, 1.0, 0.0)


@_pattern(0.45, 1.00)
def bubbles(x: Plane, y: Plane) -> Plane:
    """Soft egg crate."""
    return _wave(x / 15) * _wave(y / 15)


@_pattern(0.00, 0.60)
def squares(x: Plane, y: Plane) -> Plane:
    """Nested squares."""
    return _soft(2.0 * np.sin(2 * np.pi * np.maximum(_fold(x, 20), _fold(y, 20)) / 5))


# --- what the rest of the program uses -------------------------------------------------------

TEXTURES: Final[tuple[str, ...]] = tuple(_PATTERNS)
"""Names of all textures; the position of a name is its number."""


def require_texture(name: str) -> str:
    """Return `name` if there is such a texture.

    Raises
    ------
    SettingsError
        There is none; the message lists those that exist.
    """
    if name not in _PATTERNS:
        raise SettingsError(f"There is no texture {name!r}; choose one of: {', '.join(TEXTURES)}.")
    return name


def render(name: str, rng: np.random.Generator, shape: tuple[int, int] = (64, 64)) -> Plane:
    """Cut a random piece of a texture.

    Parameters
    ----------
    name : str
        One of `TEXTURES`.
    rng : numpy.random.Generator
        Where to cut; advanced by two draws.
    shape : tuple of int
        Height and width in pixels.

    Returns
    -------
    ndarray
        Greys in [0, 1], float64, of the given shape.

    Raises
    ------
    SettingsError
        There is no such texture.
    """
    pattern, low, high = _PATTERNS[require_texture(name)]
    # Whole pixels would leave a period of 12 with twelve phases only.
    x0, y0 = rng.uniform(0.0, _PLANE_SIDE, size=2)
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float64)
    return low + (high - low) * pattern(x + x0, y + y0)
