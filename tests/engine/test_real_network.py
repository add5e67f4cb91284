"""A network trained on real streets, where it lies beside the checkout."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import segmentation_models_pytorch as smp
import torch
from PIL import Image

from gridsal_core import (
    Explanation,
    Request,
    Settings,
    explain,
    largest_segment,
    load_network,
    read_image,
)
from gridsal_core.arrays import BoolArray, FloatArray
from gridsal_core.datasets.labels import read_label
from gridsal_core.perturbation import ConstantColor

SHARED = Path(__file__).parents[3] / "shared"
MODEL = SHARED / "models" / "camvid_deeplabv3plus_lite0"
CAMVID = SHARED / "data" / "camvid"
STEM = "0016E5_07959"
ROAD, CAR = 3, 8

pytestmark = pytest.mark.skipif(
    not (MODEL.is_dir() and CAMVID.is_dir()),
    reason=f"the CamVid network and photographs are not at {SHARED}",
)


@pytest.fixture(scope="module")
def answer() -> Explanation:
    """Three steps on the largest road of one photograph."""
    network = load_network(MODEL, "cpu")
    image = read_image(CAMVID / "images" / f"{STEM}.jpg")
    region = largest_segment(network.predict(image).class_map, ROAD)
    chosen = Settings(mask_size=(6, 8), steps=3, init=0.5, perturbation=ConstantColor("grey"))
    return explain(network, Request(image, region, ROAD), chosen)


def plain_score(image: FloatArray, region: BoolArray) -> float:
    """Mean road probability inside the region, in plain torch: 360 rows are padded to 368."""
    module = smp.from_pretrained(str(MODEL)).eval()
    planes = torch.from_numpy(image).permute(2, 0, 1)[None]
    padded = torch.nn.functional.pad((planes - 0.5) / 0.5, (0, 0, 0, 8))
    with torch.no_grad():
        road = module(padded)[0, :, :360].softmax(0)[ROAD].numpy()
    return float(road[region].mean())


def test_it_opens_with_its_card() -> None:
    network = load_network(MODEL, "cpu")

    assert len(network.classes) == 11
    assert network.classes[CAR].name == "Car"
    assert network.card.input.divisor == 16
    assert network.notes == ()
    np.testing.assert_allclose(network.mean_color, 0.5)


def test_it_sees_the_road(answer: Explanation) -> None:
    with Image.open(CAMVID / "images" / f"{STEM}.jpg") as image:
        assert answer.prediction.class_map.shape == (image.height, image.width)
    truth = read_label(CAMVID / "labels" / f"{STEM}.png") == ROAD
    seen = answer.prediction.class_map == ROAD

    assert (truth & seen).sum() / (truth | seen).sum() > 0.7


def test_its_scores_are_those_of_plain_torch(answer: Explanation) -> None:
    region, image = answer.request.region, answer.request.image
    alone = np.where(region[..., None], image, np.float32(0.5))

    assert answer.scores.image == pytest.approx(plain_score(image, region), abs=1e-4)
    assert answer.scores.object_alone == pytest.approx(plain_score(alone, region), abs=1e-4)
    assert answer.scores.perturbed == pytest.approx(plain_score(answer.perturbed, region), abs=1e-4)


def test_its_explanation_keeps_to_the_rules(answer: Explanation) -> None:
    region = answer.request.region
    assert answer.scores.image > 0.7
    assert 0 <= answer.mask.min() <= answer.mask.max() <= 1
    assert answer.saliency[region].max() == 0
    assert answer.residual <= answer.residual_without_context + 0.05
    np.testing.assert_allclose(answer.losses[0, 1], 0.01 * 0.5 * 48, rtol=1e-5)
    np.testing.assert_array_equal(answer.perturbed[region], answer.request.image[region])
