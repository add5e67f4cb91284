"""From the mask's cells to the image's pixels: separable, so two small matrices do it.

M = A_h m A_wᵀ, with one row of weights for each pixel. The same matrices serve the optimisation
(torch), the live display and the record (NumPy), so that all of them show the same map.
"""

from __future__ import annotations

import numpy as np

from gridsal_core.arrays import FloatArray
from gridsal_core.methods import Form
from gridsal_core.settings import Upsampling


def bilinear_matrix(pixels: int, cells: int) -> FloatArray:
    """Weights of linear interpolation with half-pixel centres (align_corners=False).

    Parameters
    ----------
    pixels, cells
        Lengths after and before, at least 1.

    Returns
    -------
    (pixels, cells) float32; every row sums to 1. Beyond the outer cells' centres the outer cell
    goes on.
    """
    centers = (np.arange(pixels) + 0.5) * (cells / pixels) - 0.5
    position = np.clip(centers, 0, cells - 1)
    left = np.minimum(np.floor(position).astype(np.intp), max(cells - 2, 0))
    right = np.minimum(left + 1, cells - 1)
    weight = position - left
    matrix = np.zeros((pixels, cells))
    rows = np.arange(pixels)
    matrix[rows, left] += 1 - weight
    matrix[rows, right] += weight
    return matrix.astype(np.float32)


def nearest_matrix(pixels: int, cells: int) -> FloatArray:
    """One-hot weights: each pixel takes the cell that its centre lies in. (pixels, cells)."""
    matrix = np.zeros((pixels, cells), np.float32)
    cell = ((np.arange(pixels) + 0.5) * cells / pixels).astype(np.intp)
    matrix[np.arange(pixels), cell] = 1
    return matrix


MATRICES = {"bilinear": bilinear_matrix, "nearest": nearest_matrix}


def upsample(mask: FloatArray, size: tuple[int, int], kind: Upsampling = "bilinear") -> FloatArray:
    """Bring a mask to the image's size.

    Parameters
    ----------
    mask
        (h, w) float32 in [0, 1], m in the paper.
    size
        (H, W) in pixels.

    Returns
    -------
    (H, W) float32 in [0, 1], M in the paper.
    """
    matrix = MATRICES[kind]
    rows, columns = matrix(size[0], mask.shape[0]), matrix(size[1], mask.shape[1])
    full: FloatArray = (rows @ mask @ columns.T).astype(np.float32)
    # Rounding alone leaves [0, 1], unless a gradient map has a scale of its own.
    return np.clip(full, 0, 1) if 0 <= mask.min() <= mask.max() <= 1 else full


def saliency_map(
    mask: FloatArray, region: np.ndarray, form: Form, kind: Upsampling = "bilinear"
) -> FloatArray:
    """Return the map that is shown, exported and measured, never rescaled.

    (1 - R) * M for the context form, M for the grid form: (H, W) float32 in [0, 1].
    """
    full = upsample(mask, (region.shape[0], region.shape[1]), kind)
    if form == "context":
        full[region] = 0
    return full
