"""The same network in four forms explains the same."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from gridsal_core import Request, Settings, explain, largest_segment, load_network, read_image
from gridsal_core.arrays import FloatArray
from gridsal_core.perturbation import ConstantColor
from tests.engine.formats.traced_networks import export_onnx, export_program
from tests.engine.networks import box, random_image
from tests.engine.saved import CARD, save_network

FORMS = ("TorchScript", "export", "ONNX")
# What a mask may differ by.
CLOSE = 1e-3
# Exported at sizes that the networks' divisors ask for; the images are smaller, and padded.
SMALL, SMALL_IMAGE = (32, 48), (27, 40)
STREET, STREET_IMAGE = (368, 480), (360, 480)
ROAD = 3


def in_all_forms(folder: Path, place: Path, size: tuple[int, int]) -> dict[str, Path]:
    """Write a `save_pretrained` folder as TorchScript, program and ONNX, with the same card."""
    module: nn.Module = load_network(folder, "cpu").module.eval().requires_grad_(False)
    example = (1, 3, *size)
    forms = {
        "TorchScript": place / "net.ts",
        "export": place / "net.pt2",
        "ONNX": place / "net.onnx",
    }
    trace: Callable[..., torch.jit.ScriptModule] = torch.jit.trace
    traced = trace(module, torch.rand(example), check_trace=False)
    torch.jit.save(traced, str(forms["TorchScript"]))
    export_program(forms["export"], module, example=example)
    # Folding rounds anew, and the steps multiply what that does at the kinks of the activations.
    export_onnx(forms["ONNX"], module, dynamic=False, example=example, fold=False)
    shutil.copy(folder / "gridsal.toml", place / "gridsal.toml")
    return forms


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    place = tmp_path_factory.mktemp("small")
    card = CARD.replace("[input]", "[input]\ndivisor = 16")
    folder = save_network(place / "folder", card=card)
    return {"smp": folder, **in_all_forms(folder, place, SMALL)}


@pytest.fixture(scope="module")
def small_mask(small: dict[str, Path]) -> FloatArray:
    return small_answer(small["smp"])


def small_answer(path: Path) -> FloatArray:
    image = random_image(*SMALL_IMAGE)
    request = Request(image, box(image.shape[:2], 2, 2, 9, 9), 1)
    settings = Settings(mask_size=(3, 4), steps=12, init=0.5, perturbation=ConstantColor("grey"))
    return explain(load_network(path, "cpu"), request, settings).mask


@pytest.mark.parametrize("form", FORMS)
def test_a_small_network(small: dict[str, Path], small_mask: FloatArray, form: str) -> None:
    assert small_mask.std() > 0.01
    np.testing.assert_allclose(small_answer(small[form]), small_mask, atol=CLOSE)


@pytest.fixture(scope="module")
def street(street_model: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    place = tmp_path_factory.mktemp("street")
    return {"smp": street_model, **in_all_forms(street_model, place, STREET)}


@pytest.fixture(scope="module")
def street_mask(street: dict[str, Path], street_images: Path) -> FloatArray:
    return street_answer(street["smp"], street_images)


def street_answer(path: Path, images: Path) -> FloatArray:
    network = load_network(path, "cpu")
    found = sorted(images.glob("*.jpg"))[0]
    image = read_image(found)
    assert image.shape[:2] == STREET_IMAGE
    region = largest_segment(network.predict(image).class_map, ROAD)
    assert all("differs" not in note for note in network.notes)
    # Steps of 1, the default, multiply a rounding of 1e-7 to 0.07 of the mask within eight.
    settings = Settings(
        mask_size=(6, 8),
        steps=8,
        init=0.5,
        learning_rate=0.1,
        perturbation=ConstantColor("grey"),
    )
    return explain(network, Request(image, region, ROAD), settings).mask


@pytest.mark.parametrize("form", FORMS)
def test_a_network_that_was_trained_on_streets(
    street: dict[str, Path], street_mask: FloatArray, street_images: Path, form: str
) -> None:
    assert street_mask.std() > 0.01
    np.testing.assert_allclose(street_answer(street[form], street_images), street_mask, atol=CLOSE)
