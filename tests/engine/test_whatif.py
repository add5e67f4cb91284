"""Figure 2: the context is taken away, or everything else is, and the network is asked again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gridsal_core import Explanation, Settings, explain
from gridsal_core.errors import RequestError
from gridsal_core.figure import FigureSpec, compose, exhibit_of_what_if, save_drawing
from gridsal_core.perturbation import ConstantColor
from gridsal_core.whatif import told, what_if
from tests.engine.networks import FarColumns, far_request, wrap

CHOSEN = Settings(
    mask_size=(3, 6),
    lam=0.005,
    steps=60,
    learning_rate=0.5,
    init=1.0,
    upsampling="nearest",
    perturbation=ConstantColor("black"),
)
START = 12


@pytest.fixture(scope="module")
def found() -> Explanation:
    """Class 1 everywhere because the columns from 12 on are bright; else class 0."""
    return explain(wrap(FarColumns(START)), far_request(), CHOSEN)


def test_without_the_salient_context_the_label_flips(found: Explanation) -> None:
    result = what_if(wrap(FarColumns(START)), found, "remove")
    region = found.request.region

    assert result.score_before > 0.9 > 0.5 > result.score_after
    np.testing.assert_array_equal(result.flipped, region)
    assert result.share_flipped == 1
    assert result.flips == ((0, int(region.sum())),)
    assert result.segmentation == ((0, int(region.sum())),)
    kept = 1 - found.saliency[..., None]
    np.testing.assert_allclose(result.image, found.request.image * kept, atol=1e-6)


def test_object_and_salient_context_alone_keep_the_label(found: Explanation) -> None:
    result = what_if(wrap(FarColumns(START)), found, "keep")

    assert not result.flipped.any()
    assert result.flips == ()
    np.testing.assert_allclose(result.image, found.perturbed, atol=1e-6)
    assert result.score_after == pytest.approx(found.scores.perturbed, abs=1e-5)
    assert "No pixel of the region" in told(result)


def test_the_context_that_a_gradient_map_shows_is_removed_however_small_its_values_are(
    found: Explanation,
) -> None:
    network = wrap(FarColumns(START))
    chosen = replace(CHOSEN, method="vg-context", scaled=False)
    gradient = explain(network, found.request, chosen)

    result = what_if(network, gradient, "remove")

    assert 0 < gradient.saliency.max() < 0.01
    assert result.share_flipped == 1


def test_a_painted_context_that_does_not_matter_changes_nothing(found: Explanation) -> None:
    painted = np.zeros(found.request.region.shape, bool)
    painted[:, : START - 1] = True
    result = what_if(wrap(FarColumns(START)), found, "painted", painted)

    assert not result.flipped.any()
    gone = painted & ~found.request.region
    assert result.image[gone].max() == 0
    np.testing.assert_array_equal(result.image[~gone], found.request.image[~gone])


@pytest.mark.parametrize("painted", ["missing", "other size", "inside"])
def test_a_painted_context_that_cannot_be_removed_is_refused(
    found: Explanation, painted: str
) -> None:
    region = found.request.region
    given = {"missing": None, "other size": region[:2], "inside": region}[painted]
    with pytest.raises(RequestError, match=r"[Pp]aint"):
        what_if(wrap(FarColumns(START)), found, "painted", given)


def test_a_gradient_map_can_be_removed_too(found: Explanation) -> None:
    explanation = explain(
        wrap(FarColumns(START)), found.request, replace(CHOSEN, method="vg-context")
    )
    result = what_if(wrap(FarColumns(START)), explanation, "remove")
    assert 0 <= result.image.min() <= result.image.max() <= 1


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_before_and_after_are_drawn_side_by_side(
    found: Explanation, tmp_path: Path, ending: str
) -> None:
    file = tmp_path / f"a.{ending}"
    result = what_if(wrap(FarColumns(START)), found, "remove")
    save_drawing(compose(FigureSpec(kind="what-if"), [exhibit_of_what_if(result)]), file)
    assert file.stat().st_size > 1000
    if ending == "png":
        with Image.open(file) as image:
            assert image.size[0] > 4 * found.request.region.shape[1]


def test_flips_are_told_by_the_classes_they_left_and_went_to(found: Explanation) -> None:
    result = what_if(wrap(FarColumns(START)), found, "remove")
    (flip,) = result.flips_by_class
    region = found.request.region

    assert (flip.before, flip.after, flip.pixels, flip.share) == (1, 0, int(region.sum()), 1)
    before = found.prediction.confidence[region].mean()
    assert flip.confidence_before == pytest.approx(float(before), abs=1e-6)
    after = result.prediction.confidence[region].mean()
    assert flip.confidence_after == pytest.approx(float(after), abs=1e-6)
    assert what_if(wrap(FarColumns(START)), found, "keep").flips_by_class == ()


def test_with_a_threshold_pixels_are_removed_as_a_whole(found: Explanation) -> None:
    result = what_if(wrap(FarColumns(START)), found, "remove", threshold=0.3)

    gone = found.saliency >= 0.3
    assert result.threshold == 0.3
    np.testing.assert_array_equal(result.image[gone], 0)
    np.testing.assert_array_equal(result.image[~gone], found.request.image[~gone])


@pytest.mark.parametrize("threshold", [0.0, 1.1, -1.0])
def test_a_threshold_is_a_saliency(found: Explanation, threshold: float) -> None:
    with pytest.raises(RequestError, match="threshold"):
        what_if(wrap(FarColumns(START)), found, "remove", threshold=threshold)
