"""Display colours for classes that bring none, safe for colour-blind eyes as far as they reach.

The first 21 are published: all of Okabe and Ito (2008) but black, Paul Tol's muted scheme, and
those of his vibrant, light and dark schemes (2021) that differ from all before. Further colours
are spread as far apart as possible in OKLab, where lightness counts most: it is the one difference
that every eye sees.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from gridsal_core.arrays import ByteArray
from gridsal_core.types import ClassInfo

Rgb = tuple[int, int, int]

_OKABE_ITO = "E69F00 56B4E9 009E73 F0E442 0072B2 D55E00 CC79A7"
_TOL_MUTED = "332288 88CCEE 44AA99 117733 999933 DDCC77 CC6677 882255 AA4499 DDDDDD"
_TOL_OTHERS = "CC3311 FFAABB 225555 663333"
_LEVELS = (0, 32, 64, 96, 128, 160, 192, 224, 255)
_LIGHTNESS_WEIGHT = 1.5
_DARKEST = 0.25  # OKLab tells near-blacks apart better than eyes on a screen do

_LINEAR_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_LMS_TO_OKLAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def numbered_classes(count: int) -> tuple[ClassInfo, ...]:
    """Name and colour the classes of a network that says nothing of them.

    Parameters
    ----------
    count
        Number of classes, at least 0.

    Returns
    -------
    "class 0", "class 1" and so on. The first 500 and more have colours of their own; the same
    class has the same colour for every `count`.
    """
    colors = _colors()
    return tuple(ClassInfo(f"class {i}", colors[i % len(colors)]) for i in range(count))


def color_table(classes: Sequence[ClassInfo]) -> ByteArray:
    """Return the (256, 3) uint8 colour table of an indexed image; unused entries are black.

    Classes from number 256 on have no entry: an indexed image cannot hold them.
    """
    table = np.zeros((256, 3), np.uint8)
    for index, info in enumerate(classes[:256]):
        table[index] = info.color
    return table


def perceptual_ramp(low: Rgb, high: Rgb, steps: int = 256) -> ByteArray:
    """Return (steps, 3) uint8 colours from one to the other, each as far from the next for the eye.

    A straight line in OKLab (Ottosson 2020), where distances are those that are perceived.
    """
    ends = _to_oklab(np.array([low, high]))
    part = np.linspace(0, 1, steps)[:, None]
    lab = ends[0] + part * (ends[1] - ends[0])
    lms = lab @ np.linalg.inv(_LMS_TO_OKLAB).T
    linear = np.clip(lms**3 @ np.linalg.inv(_LINEAR_TO_LMS).T, 0, 1)
    curved = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    colors: ByteArray = np.rint(255 * curved).astype(np.uint8)
    return colors


@cache
def _colors() -> tuple[Rgb, ...]:
    published = [_from_hex(code) for code in f"{_OKABE_ITO} {_TOL_MUTED} {_TOL_OTHERS}".split()]
    spare = np.stack(np.meshgrid(_LEVELS, _LEVELS, _LEVELS, indexing="ij"), -1).reshape(-1, 3)
    spare = spare[_perceived(spare)[:, 0] > _LIGHTNESS_WEIGHT * _DARKEST]
    places = _perceived(spare)
    distance = np.full(len(spare), np.inf)
    for place in _perceived(np.array(published)):
        distance = np.minimum(distance, np.linalg.norm(places - place, axis=1))
    colors = published
    while distance.max() > 0:
        farthest = int(distance.argmax())
        red, green, blue = (int(part) for part in spare[farthest])
        colors.append((red, green, blue))
        distance = np.minimum(distance, np.linalg.norm(places - places[farthest], axis=1))
    return tuple(colors)


def _from_hex(code: str) -> Rgb:
    red, green, blue = bytes.fromhex(code)
    return red, green, blue


def _perceived(rgb: npt.NDArray[np.integer]) -> npt.NDArray[np.float64]:
    """Return (N, 3) places in OKLab, with lightness drawn out."""
    lab = _to_oklab(rgb)
    lab[:, 0] *= _LIGHTNESS_WEIGHT
    return lab


def _to_oklab(rgb: npt.NDArray[np.integer]) -> npt.NDArray[np.float64]:
    part = rgb / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    lab: npt.NDArray[np.float64] = np.cbrt(linear @ _LINEAR_TO_LMS.T) @ _LMS_TO_OKLAB.T
    return lab
