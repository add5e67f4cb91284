"""From cells to pixels: the interpolation that PyTorch has, without PyTorch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from gridsal_core.arrays import FloatArray
from gridsal_core.upsampling import bilinear_matrix, nearest_matrix, saliency_map, upsample
from tests.engine.networks import box

sizes = st.tuples(st.integers(1, 9), st.integers(1, 9)).flatmap(
    lambda cells: st.tuples(
        st.just(cells), st.tuples(st.integers(cells[0], 70), st.integers(cells[1], 70))
    )
)


@given(sizes=sizes, seed=st.integers(0, 99))
@settings(max_examples=80, deadline=None)
def test_bilinear_upsampling_is_that_of_pytorch(
    sizes: tuple[tuple[int, int], tuple[int, int]], seed: int
) -> None:
    cells, pixels = sizes
    mask = np.random.default_rng(seed).random(cells, np.float32)

    full = upsample(mask, pixels)

    expected = functional.interpolate(
        torch.from_numpy(mask)[None, None], pixels, mode="bilinear", align_corners=False
    )
    np.testing.assert_allclose(full, expected[0, 0].numpy(), atol=2e-6)
    assert full.dtype == np.float32


@given(sizes=sizes, seed=st.integers(0, 99))
@settings(max_examples=80, deadline=None)
def test_nearest_upsampling_gives_each_pixel_the_cell_that_its_centre_lies_in(
    sizes: tuple[tuple[int, int], tuple[int, int]], seed: int
) -> None:
    cells, pixels = sizes
    mask = np.random.default_rng(seed).random(cells, np.float32)

    full = upsample(mask, pixels, "nearest")

    row, column = (
        [(2 * i + 1) * have // (2 * want) for i in range(want)]
        for have, want in zip(cells, pixels, strict=True)
    )
    np.testing.assert_array_equal(full, mask[np.ix_(row, column)])


@given(cells=st.integers(1, 12), cell_pixels=st.integers(1, 9))
@settings(deadline=None)
@pytest.mark.parametrize("matrix", [bilinear_matrix, nearest_matrix])
def test_every_pixel_is_a_mean_of_cells(
    matrix: Callable[[int, int], FloatArray], cells: int, cell_pixels: int
) -> None:
    weights = np.asarray(matrix(cells * cell_pixels, cells))

    assert weights.min() >= 0
    np.testing.assert_allclose(weights.sum(1), 1, atol=1e-6)
    np.testing.assert_allclose(weights.sum(0), cell_pixels, atol=1e-4)


@given(row=st.integers(1, 3), column=st.integers(1, 5), pixels=st.integers(2, 12))
@settings(deadline=None)
def test_the_centroid_of_one_cell_lies_at_the_cells_centre(
    row: int, column: int, pixels: int
) -> None:
    mask = np.zeros((5, 7), np.float32)
    mask[row, column] = 1

    full = upsample(mask, (5 * pixels, 7 * pixels)).astype(np.float64)

    rows, columns = np.indices(full.shape) + 0.5
    assert (rows * full).sum() / full.sum() == pytest.approx((row + 0.5) * pixels, abs=1e-3)
    assert (columns * full).sum() / full.sum() == pytest.approx((column + 0.5) * pixels, abs=1e-3)


def test_the_context_map_leaves_the_region_out_and_is_never_rescaled() -> None:
    mask = np.full((2, 2), 0.25, np.float32)
    region = box((8, 8), 1, 1, 5, 5)

    context, grid = (saliency_map(mask, region, method) for method in ("context", "grid"))

    assert context[region].max() == 0
    np.testing.assert_allclose(context[~region], 0.25)
    np.testing.assert_allclose(grid, 0.25)
    assert saliency_map(np.zeros_like(mask), region, "context").max() == 0
