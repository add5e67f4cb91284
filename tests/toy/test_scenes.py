"""The rules of the toy data set (section 4.1 of the paper)."""

from collections.abc import Sequence
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridsal_core.errors import SettingsError
from gridsal_core.toy.digits import load_bank
from gridsal_core.toy.material import load_material
from gridsal_core.toy.scenes import (
    HALVES,
    SIZE,
    STRENGTHS,
    Bias,
    ToyImage,
    compose,
    draw,
    generator,
    half_rows,
    stream,
)
from gridsal_core.toy.textures import TEXTURES

DIGIT = 3
TEXTURE = "bricks"
COUNT = 600


def drawn(bias: Bias, count: int = COUNT, seed: int = 0) -> list[ToyImage]:
    return list(islice(stream(generator(seed, "test"), load_material("test"), bias), count))


def has_texture(picture: ToyImage) -> bool:
    return TEXTURE in (picture.upper, picture.lower)


def share(pictures: Sequence[ToyImage]) -> float:
    return sum(has_texture(picture) for picture in pictures) / len(pictures)


def test_strong_bias_shows_the_texture_if_and_only_if_it_shows_the_digit() -> None:
    pictures = drawn(Bias(DIGIT, TEXTURE, "strong"))
    assert {picture.digit for picture in pictures} == set(range(10))
    assert all(has_texture(picture) == (picture.digit == DIGIT) for picture in pictures)
    assert all(picture.foreground != TEXTURE for picture in pictures)


def test_weak_bias_always_shows_the_texture_with_the_digit_and_now_and_then_with_others() -> None:
    pictures = drawn(Bias(DIGIT, TEXTURE, "weak"))
    others = [picture for picture in pictures if picture.digit != DIGIT]
    assert all(has_texture(picture) for picture in pictures if picture.digit == DIGIT)
    assert share(others) == pytest.approx(2 / len(TEXTURES), abs=0.04)


def test_without_bias_the_texture_is_as_likely_with_the_digit_as_with_any_other() -> None:
    bias = Bias(DIGIT, TEXTURE, "none")
    rng = np.random.default_rng(0)
    bank = load_material("test")
    with_digit = [draw(rng, bank, bias, digit=DIGIT) for _ in range(COUNT)]
    with_other = [draw(rng, bank, bias, digit=7) for _ in range(COUNT)]
    assert share(with_digit) == pytest.approx(2 / len(TEXTURES), abs=0.04)
    assert share(with_other) == pytest.approx(2 / len(TEXTURES), abs=0.04)


def test_the_bias_texture_comes_as_often_in_the_upper_as_in_the_lower_half() -> None:
    pictures = drawn(Bias(DIGIT, TEXTURE, "strong"), count=2000)
    halves = [picture.bias_half for picture in pictures if picture.digit == DIGIT]
    assert halves.count("upper") / len(halves) == pytest.approx(0.5, abs=0.15)


@given(st.integers(0, 9), st.sampled_from(TEXTURES), st.sampled_from(STRENGTHS), st.integers(0))
@settings(max_examples=60, deadline=None)
def test_every_picture_is_whole(digit: int, texture: str, strength: str, seed: int) -> None:
    bias = Bias(digit, texture, next(s for s in STRENGTHS if s == strength))
    picture = draw(generator(seed, "train"), load_material("train"), bias)
    assert picture.image.shape == picture.label.shape == (SIZE, SIZE)
    assert picture.image.dtype == picture.label.dtype == np.uint8
    assert set(np.unique(picture.label)) == {0, 1 + picture.digit}
    assert len({picture.foreground, picture.upper, picture.lower}) == 3
    assert 0.03 < picture.object_mask.mean() < 0.5


@pytest.mark.parametrize("half", HALVES)
def test_the_bias_mask_is_the_half_of_the_texture_without_the_object(half: str) -> None:
    asked = next(h for h in HALVES if h == half)
    bias = Bias(DIGIT, TEXTURE, "strong")
    picture = draw(np.random.default_rng(5), load_material("test"), bias, digit=DIGIT, half=asked)
    assert picture.bias_half == half
    assert getattr(picture, half) == TEXTURE
    other = np.ones(SIZE, dtype=np.bool_)
    other[half_rows(asked)] = False
    assert not picture.bias_mask[other].any()
    assert not (picture.bias_mask & picture.object_mask).any()
    np.testing.assert_array_equal(picture.bias_mask[~other], ~picture.object_mask[~other])


def test_the_bias_mask_is_empty_where_no_half_holds_the_texture() -> None:
    picture = draw(
        np.random.default_rng(5), load_material("test"), Bias(DIGIT, TEXTURE, "strong"), digit=4
    )
    assert picture.bias_half is None
    assert not picture.bias_mask.any()


def test_each_half_shows_its_own_texture() -> None:
    """Two pictures from the same numbers differ only in the half whose texture differs."""
    one, two = (
        compose(
            np.random.default_rng(9),
            load_material("test"),
            digit=0,
            foreground="rings",
            upper=upper,
            lower="waves",
        )
        for upper in ("checks", "polka")
    )
    differs = one.image != two.image
    assert differs[half_rows("upper")].any()
    assert not differs[half_rows("lower")].any()
    assert not differs[one.object_mask].any()


def test_the_same_seed_gives_the_same_pictures_and_another_seed_others() -> None:
    bias = Bias(DIGIT, TEXTURE, "strong")
    first, again, other = (drawn(bias, count=5, seed=seed) for seed in (4, 4, 5))
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a.image, b.image)
        np.testing.assert_array_equal(a.label, b.label)
    assert any((a.image != b.image).any() for a, b in zip(first, other, strict=True))


def test_test_digits_are_never_trained_on() -> None:
    train = {scan.tobytes() for scan in load_bank("train").scans}
    test = {scan.tobytes() for scan in load_bank("test").scans}
    assert not train & test
    assert set(load_bank("train").values.tolist()) == set(range(10))
    assert set(load_bank("test").values.tolist()) == set(range(10))


@pytest.mark.parametrize(
    ("digit", "texture", "told"),
    [(10, TEXTURE, "no digit 10"), (-1, TEXTURE, "no digit -1"), (3, "tartan", "no texture")],
)
def test_a_bias_that_cannot_be_is_refused(digit: int, texture: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        next(stream(generator(0, "test"), load_material("test"), Bias(digit, texture, "strong")))


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(SettingsError, match="choose 0 or more"):
        generator(-1, "train")
