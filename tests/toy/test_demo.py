"""The embedded demo is what its README and its metrics.json say."""

import json
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import segmentation_models_pytorch as smp
import torch
from numpy.typing import NDArray
from PIL import Image

from gridsal_core import Explanation, Request, explain, load_network, segment_at
from gridsal_core.demo import find_demo
from gridsal_core.images import read_image
from gridsal_core.network import SegmentationNetwork
from gridsal_core.settings import suggest_settings
from gridsal_core.toy.classes import CLASS_NAMES
from gridsal_core.toy.demo_images import demo_images
from gridsal_core.toy.recipes import PRESETS
from gridsal_core.toy.scores import iou

DEMO = find_demo().model.parent
MEGABYTE = 2**20


@lru_cache(maxsize=1)
def figures() -> dict[str, Any]:
    read: dict[str, Any] = json.loads((DEMO / "metrics.json").read_text())
    return read


@lru_cache(maxsize=1)
def network() -> SegmentationNetwork:
    return load_network(DEMO / "model")


def pictures() -> list[Path]:
    return sorted((DEMO / "images").glob("*.png"))


def array(part: str, name: str) -> NDArray[np.uint8]:
    return np.asarray(Image.open(DEMO / part / name))


def biased() -> list[dict[str, Any]]:
    bias = figures()["recipe"]["bias"]
    return [
        entry
        for entry in figures()["demo_images"]
        if entry["digit"] == bias["digit"] and entry["bias_half"] is not None
    ]


@lru_cache(maxsize=64)
def predicted(name: str) -> NDArray[Any]:
    return network().predict(read_image(DEMO / "images" / name, 1)).class_map


@lru_cache(maxsize=8)
def explained(name: str, class_index: int) -> Explanation:
    pixels = read_image(DEMO / "images" / name, 1)
    region = predicted(name) == class_index
    height, width = region.shape
    settings = suggest_settings(height, width, network().card.explain)
    return explain(network(), Request(pixels, region, class_index, "predicted segment"), settings)


def test_the_network_is_small_and_saved_as_safetensors() -> None:
    weights = DEMO / "model" / "model.safetensors"
    assert weights.stat().st_size <= 8 * MEGABYTE
    loaded = smp.from_pretrained(DEMO / "model")
    with torch.inference_mode():
        assert loaded.eval()(torch.zeros(1, 1, 64, 64)).shape == (1, len(CLASS_NAMES), 64, 64)


def test_there_are_at_least_24_labelled_pictures_biased_and_unbiased() -> None:
    names = [path.name for path in pictures()]
    assert len(names) >= 24
    assert [path.name for path in sorted((DEMO / "labels").glob("*.png"))] == names
    assert sum("_biased_" in name for name in names) >= 8
    assert sum("_unbiased_" in name for name in names) >= 8
    for name in names:
        assert array("images", name).shape == array("labels", name).shape == (64, 64)


def test_the_names_tell_what_is_shown() -> None:
    bias = figures()["recipe"]["bias"]
    for entry in figures()["demo_images"]:
        label = array("labels", entry["name"])
        digit = int(label.max()) - 1
        assert f"_digit{digit}" in entry["name"]
        assert set(np.unique(label)) == {0, 1 + digit}
        over_texture = f"_{bias['texture']}_{entry['bias_half']}" in entry["name"]
        assert over_texture == (entry["bias_half"] is not None)
        follows = over_texture == (digit == bias["digit"])
        assert ("_unbiased_" in entry["name"]) == (not follows)


def test_the_pictures_are_those_that_the_preset_draws() -> None:
    recipe = PRESETS["demo"]
    shown = demo_images(recipe.bias, recipe.seed)
    assert [f"{entry.name}.png" for entry in shown] == [path.name for path in pictures()]
    for entry in shown:
        np.testing.assert_array_equal(array("images", f"{entry.name}.png"), entry.picture.image)
        np.testing.assert_array_equal(array("labels", f"{entry.name}.png"), entry.picture.label)
        np.testing.assert_array_equal(
            array("bias", f"{entry.name}.png") > 0, entry.picture.bias_mask
        )


def test_the_network_scores_what_its_figures_say() -> None:
    names = [path.name for path in pictures()]
    truth = np.stack([array("labels", name) for name in names])
    found = np.stack([predicted(name) for name in names]).astype(np.uint8)
    for name, value in iou(truth, found).as_dict().items():
        assert value == pytest.approx(figures()["iou_demo_images"][name], abs=0.01), name


def test_the_bias_is_strong_and_the_other_digits_are_learnt() -> None:
    digit = f"digit {figures()['recipe']['bias']['digit']}"
    unbiased, with_bias = figures()["iou_unbiased"], figures()["iou_biased"]
    assert unbiased[digit] < 0.1
    assert with_bias[digit] > 0.8
    others = [name for name in CLASS_NAMES if name != digit]
    assert np.mean([with_bias[name] for name in others]) > 0.7
    assert figures()["context_needed"] > 0.5 > 0.3 > figures()["context_needed_by_others"]


def test_some_pictures_are_predicted_wrongly() -> None:
    wrong = [
        entry["name"]
        for entry in figures()["demo_images"]
        if entry["predicted"] != f"digit {entry['digit']}"
    ]
    assert len(wrong) >= 4
    assert len(wrong) <= len(figures()["demo_images"]) / 2


def test_the_card_matches_the_figures() -> None:
    card = tomllib.loads((DEMO / "model" / "gridsal.toml").read_text())
    assert card["input"]["channels"] == 1
    assert card["input"]["mean"] == [figures()["mean"]]
    assert card["input"]["std"] == [figures()["std"]]
    assert [entry["name"] for entry in card["classes"]] == list(CLASS_NAMES)


@pytest.mark.parametrize("place", [0, -1])
def test_explaining_a_biased_digit_lights_up_the_half_with_the_bias_texture(place: int) -> None:
    """Eq. 7: the first biased picture has the texture above, the last below."""
    entry = biased()[place]
    found = explained(entry["name"], 1 + entry["digit"])
    context = array("labels", entry["name"]) == 0
    in_half = array("bias", entry["name"]) > 0
    saliency = found.saliency
    assert saliency[context].max() > 0.5
    assert saliency[in_half].sum() / saliency[context].sum() > 0.8
    assert found.residual < 0.3 * found.residual_without_context


def test_a_digit_without_a_bias_needs_far_less_context() -> None:
    plain = next(
        entry
        for entry in figures()["demo_images"]
        if "_plain_" in entry["name"] and entry["predicted"] == f"digit {entry['digit']}"
    )
    coupled = biased()[0]
    masks = [explained(entry["name"], 1 + entry["digit"]).mask.sum() for entry in (plain, coupled)]
    assert masks[0] < masks[1] / 2


def test_the_segment_of_a_fooled_picture_can_be_picked() -> None:
    """Another digit over the bias texture, taken for the biased one."""
    bias = figures()["recipe"]["bias"]
    fooled = next(
        entry
        for entry in figures()["demo_images"]
        if entry["digit"] != bias["digit"] and entry["predicted"] == f"digit {bias['digit']}"
    )
    classes = predicted(fooled["name"])
    y, x = np.argwhere(classes == 1 + bias["digit"])[0]
    region = segment_at(classes, int(x), int(y))
    assert region[y, x]
    assert (array("labels", fooled["name"])[region] == 1 + fooled["digit"]).mean() > 0.5
