"""Settings and perturbations: one spelling, every range checked, each refusal a useful sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from gridsal_core import PAPER_STREET, PAPER_TOY, Request, Settings, explain
from gridsal_core.errors import SettingsError
from gridsal_core.images import read_image
from gridsal_core.perturbation import (
    MAX_SIGMA,
    Blur,
    ConstantColor,
    Noise,
    Perturbation,
    parse_perturbation,
)
from gridsal_core.settings import parse_init, parse_mask_size, suggest_settings
from tests.engine.networks import OwnPixel, box, random_image, wrap

unit = st.floats(0, 1)
perturbations: st.SearchStrategy[Perturbation] = st.one_of(
    st.sampled_from(["mean", "black", "grey", "white"]).map(ConstantColor),
    st.lists(unit, min_size=1, max_size=4).map(lambda parts: ConstantColor(tuple(parts))),
    st.floats(0, MAX_SIGMA, exclude_min=True).map(Blur),
    st.integers(0, 2**64).map(Noise),
)
all_settings = st.builds(
    Settings,
    method=st.sampled_from(["context", "grid"]),
    mask_size=st.tuples(st.integers(1, 512), st.integers(1, 512)),
    lam=st.floats(0, 1e6),
    steps=st.integers(1, 100_000),
    learning_rate=st.floats(0, 1e6, exclude_min=True),
    momentum=st.floats(0, 1, exclude_max=True),
    init=st.one_of(st.just("auto"), unit),
    perturbation=perturbations,
    score=st.sampled_from(["probability", "logit"]),
    upsampling=st.sampled_from(["bilinear", "nearest"]),
)

MEAN = np.array([0.2, 0.4, 0.6], np.float32)


@given(perturbations)
@settings(deadline=None)
def test_a_perturbation_is_read_back_from_its_spelling_without_loss(value: Perturbation) -> None:
    assert parse_perturbation(str(value)) == value


@given(all_settings)
@settings(deadline=None)
def test_settings_survive_a_json_file(value: Settings) -> None:
    assert Settings.from_dict(json.loads(json.dumps(value.to_dict()))) == value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("constant", ConstantColor("mean")),
        ("constant:Grey", ConstantColor("grey")),
        (" blur:3.5 ", Blur(3.5)),
        ("BLUR", Blur(10)),
        ("noise:7", Noise(7)),
        ("constant:0.25, 0.5, 1", ConstantColor((0.25, 0.5, 1.0))),
        ("constant:0.5", ConstantColor((0.5,))),
    ],
)
def test_spellings(text: str, expected: Perturbation) -> None:
    assert parse_perturbation(text) == expected


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("gauss:3", "choose constant, blur, noise"),
        ("", "choose constant, blur, noise"),
        ("constant:pink", "choose mean, black, grey or white"),
        ("constant:", "choose mean, black, grey or white"),
        ("constant:255,0,0", "each part is from 0 to 1"),
        ("constant:nan", "each part is from 0 to 1"),
        ("blur:0", "above 0"),
        ("blur:-1", "above 0"),
        ("blur:inf", "above 0, at most 500"),
        ("blur:500.1", "sigma is 500.1; give a number of pixels above 0, at most 500"),
        ("blur:1e9", "above 0, at most 500"),
        ("blur:nan", "above 0"),
        ("blur:x", "as in blur:10"),
        ("blur:", "as in blur:10"),
        ("noise:-1", "from 0"),
        ("noise:1.5", "as in noise:0"),
    ],
)
def test_a_bad_spelling_is_told_with_what_would_be_right(text: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        parse_perturbation(text)


def test_a_constant_colour_is_one_in_image_space() -> None:
    image = random_image(4, 5)
    for color, expected in (
        ("black", (0, 0, 0)),
        ("grey", (0.5, 0.5, 0.5)),
        ("white", (1, 1, 1)),
        ((0.1, 0.2, 0.3), (0.1, 0.2, 0.3)),
        ((0.7,), (0.7, 0.7, 0.7)),
    ):
        blank = ConstantColor(color).uninformative(image, MEAN)
        np.testing.assert_allclose(blank, np.broadcast_to(expected, image.shape), atol=1e-7)
        assert blank.dtype == np.float32


def test_the_mean_is_that_of_the_networks_data_set_in_image_space() -> None:
    card = {"range": (0.0, 255.0), "mean": (51.0, 102.0, 204.0), "std": (60.0,)}
    network = wrap(OwnPixel(), inputs=card)
    request = Request(random_image(8, 8), box((8, 8), 0, 0, 3, 3), 1)
    chosen = Settings(mask_size=(2, 2), steps=60, lam=1, learning_rate=1)

    empty = explain(network, request, chosen).perturbed

    outside = empty[~request.region]
    np.testing.assert_allclose(outside, np.broadcast_to((0.2, 0.4, 0.8), outside.shape), atol=1e-6)
    np.testing.assert_array_equal(empty[request.region], request.image[request.region])


def test_a_colour_with_other_channels_than_the_image_is_told() -> None:
    with pytest.raises(SettingsError, match="has 2 parts and the image has 3 channels"):
        ConstantColor((0.1, 0.2)).uninformative(random_image(4, 4), MEAN)


@pytest.mark.parametrize("color", [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.2, 0.4, 0.8)])
def test_on_a_grey_image_a_colour_is_what_the_image_reader_would_make_of_it(
    color: tuple[float, float, float], tmp_path: Path
) -> None:
    Image.new("RGB", (2, 2), tuple(round(255 * part) for part in color)).save(tmp_path / "c.png")

    blank = ConstantColor(color).uninformative(random_image(2, 2)[..., :1], MEAN[:1])

    assert blank.shape == (2, 2, 1)
    np.testing.assert_allclose(blank, read_image(tmp_path / "c.png", 1), atol=1e-6)


@given(value=unit, sigma=st.floats(0.1, 5))
@settings(deadline=None)
def test_blur_keeps_an_image_of_one_colour(value: float, sigma: float) -> None:
    image = np.full((6, 7, 3), value, np.float32)
    np.testing.assert_allclose(Blur(sigma).uninformative(image, MEAN), image, atol=1e-5)


def test_blur_smooths_each_channel_by_itself() -> None:
    image = np.zeros((21, 21, 3), np.float32)
    image[10, 10, 1] = 1

    blurred = Blur(2).uninformative(image, MEAN)

    assert blurred[..., [0, 2]].max() == 0
    assert 0 < blurred[..., 1].max() < 0.1
    assert blurred.sum() == pytest.approx(1, abs=1e-3)


def test_noise_comes_from_its_seed_and_fills_the_range() -> None:
    image = random_image(40, 40)
    first, again, other = (Noise(seed).uninformative(image, MEAN) for seed in (1, 1, 2))

    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).mean() > 0.2
    assert 0 <= first.min() < 0.01
    assert 0.99 < first.max() <= 1


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ({"method": "both"}, "choose context or grid"),
        ({"score": "confidence"}, "choose probability or logit"),
        ({"upsampling": "cubic"}, "choose bilinear or nearest"),
        ({"mask_size": [0, 4]}, "at least 1x1"),
        ({"mask_size": [4, -1]}, "at least 1x1"),
        ({"mask_size": [4]}, "at least 1x1"),
        ({"mask_size": [4.5, 4]}, "at least 1x1"),
        ({"mask_size": 4}, "at least 1x1"),
        ({"mask_size": "4x4"}, "at least 1x1"),
        ({"lam": -0.01}, "at least 0"),
        ({"lam": float("nan")}, "at least 0"),
        ({"lam": float("inf")}, "at least 0"),
        ({"lam": "small"}, "at least 0"),
        ({"steps": 0}, "1 to 100,000"),
        ({"steps": 100_001}, "1 to 100,000"),
        ({"steps": 2.5}, "1 to 100,000"),
        ({"steps": True}, "1 to 100,000"),
        ({"learning_rate": 0}, "above 0"),
        ({"learning_rate": float("inf")}, "above 0"),
        ({"learning_rate": None}, "above 0"),
        ({"momentum": 1}, "from 0 up to, not with, 1"),
        ({"momentum": -0.1}, "from 0 up to, not with, 1"),
        ({"momentum": float("nan")}, "from 0 up to, not with, 1"),
        ({"init": 1.1}, "from 0 to 1, or auto"),
        ({"init": float("nan")}, "from 0 to 1, or auto"),
        ({"init": "half"}, "from 0 to 1, or auto"),
        ({"perturbation": "fog"}, "choose constant, blur, noise"),
        ({"perturbation": 5}, "choose constant, blur, noise"),
        ({"lambda": 0.1}, "Unknown setting 'lambda'; the settings are absolute, coarse_to_fine"),
    ],
)
def test_every_setting_out_of_its_range_is_refused(setting: dict[str, Any], told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        Settings.from_dict(setting)


def test_a_perturbation_that_was_not_parsed_is_told() -> None:
    with pytest.raises(SettingsError, match="make it with parse_perturbation"):
        Settings(perturbation="blur:3")  # type: ignore[arg-type]  # on purpose


@pytest.mark.parametrize(
    ("text", "size"), [("16x32", (16, 32)), ("4X5", (4, 5)), (" 1 \u00d7 2", (1, 2))]
)
def test_mask_sizes(text: str, size: tuple[int, int]) -> None:
    assert parse_mask_size(text) == size


@pytest.mark.parametrize("text", ["", "16", "16x", "x32", "16x32x3", "axb", "1.5x2", "16,32"])
def test_a_mask_size_that_is_none_is_told(text: str) -> None:
    with pytest.raises(SettingsError, match="as in 16x32"):
        parse_mask_size(text)


def test_initial_values() -> None:
    assert parse_init("auto") == parse_init(" AUTO ") == "auto"
    assert parse_init("0.25") == 0.25
    with pytest.raises(SettingsError, match="or auto"):
        parse_init("half")


def test_the_papers_settings() -> None:
    toy, street = PAPER_TOY, PAPER_STREET
    assert (toy.mask_size, toy.learning_rate, toy.steps, toy.lam) == ((4, 4), 0.2, 100, 0.05)
    assert (street.mask_size, street.learning_rate, street.steps) == ((16, 32), 1, 80)
    assert street.lam == 0.01
    assert toy.momentum == street.momentum == toy.init == street.init == 0.5


@given(height=st.integers(1, 3000), width=st.integers(1, 3000))
@settings(deadline=None)
def test_suggested_settings_fit_every_image(height: int, width: int) -> None:
    suggest_settings(height, width).check_image(height, width)


def test_a_card_overrides_single_suggestions() -> None:
    suggested = suggest_settings(360, 480, {"lam": 0.2, "mask_size": [6, 8]})

    assert (suggested.lam, suggested.mask_size, suggested.steps) == (0.2, (6, 8), 80)
    assert suggest_settings(360, 480).mask_size == (16, 21)
    assert suggest_settings(64, 64).mask_size == (4, 4)
    assert suggested.init == "auto"
