"""Textures are seeded, in range, and easy to tell apart."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from gridsal_core.errors import SettingsError
from gridsal_core.toy.textures import TEXTURES, render


def _statistics(name: str) -> NDArray[np.float64]:
    """Describe a texture by mean, spread, and likeness to itself a few pixels on."""
    crops = [render(name, np.random.default_rng(seed)) for seed in range(8)]
    found = []
    for crop in crops:
        centred = (crop - crop.mean()) / crop.std()
        shifts = [(0, k) for k in range(1, 9)] + [(k, 0) for k in range(1, 9)]
        shifts += [(k, k) for k in range(1, 9)] + [(k, -k) for k in range(1, 9)]
        likeness = [
            float((centred * np.roll(centred, shift, axis=(0, 1)))[8:-8, 8:-8].mean())
            for shift in shifts
        ]
        found.append([crop.mean(), crop.std(), *likeness])
    return np.asarray(np.mean(found, axis=0))


def test_there_are_at_least_25() -> None:
    assert len(set(TEXTURES)) >= 25


@given(st.sampled_from(TEXTURES), st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_any_crop_is_finite_and_in_range(name: str, seed: int) -> None:
    crop = render(name, np.random.default_rng(seed), (32, 64))
    assert crop.shape == (32, 64)
    assert np.isfinite(crop).all()
    assert crop.min() >= 0
    assert crop.max() <= 1


@pytest.mark.parametrize("name", TEXTURES)
def test_the_same_seed_cuts_the_same_crop_and_another_seed_another(name: str) -> None:
    first, again, other = (render(name, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).mean() > 0.01


@pytest.mark.parametrize("name", TEXTURES)
def test_no_texture_is_flat(name: str) -> None:
    assert render(name, np.random.default_rng(0)).std() > 0.08


def test_no_two_textures_are_alike() -> None:
    described = {name: _statistics(name) for name in TEXTURES}
    distances = {
        (a, b): float(np.abs(described[a] - described[b]).max())
        for a in TEXTURES
        for b in TEXTURES
        if a < b
    }
    closest = min(distances, key=lambda pair: distances[pair])
    assert distances[closest] > 0.2, closest


def test_an_unknown_texture_is_refused_with_the_list_of_those_that_exist() -> None:
    with pytest.raises(SettingsError, match=r"no texture 'tartan'.*bricks"):
        render("tartan", np.random.default_rng(0))
