"""The known traps of the method, each with a network whose behaviour is known beforehand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from gridsal_core import Request, Settings, explain
from gridsal_core.grid_saliency import explain_many
from gridsal_core.perturbation import Blur, ConstantColor, Noise
from gridsal_core.preparing import prepare
from gridsal_core.reading import read_explanation
from gridsal_core.settings import Upsampling
from gridsal_core.types import Snapshot
from gridsal_core.upsampling import upsample
from tests.engine.networks import (
    Convolutions,
    FarColumns,
    Neighbourhood,
    Normalised,
    OwnPixel,
    box,
    far_request,
    random_image,
    wrap,
)

BLACK = ConstantColor("black")
QUICK = Settings(
    mask_size=(3, 6), lam=0.02, steps=60, learning_rate=0.5, init=0.5, perturbation=BLACK
)


def test_the_map_finds_the_context_that_the_network_looks_at_and_nothing_else() -> None:
    result = explain(
        wrap(FarColumns(start=12)), far_request(), replace(QUICK, upsampling="nearest")
    )

    assert result.mask[:, :3].max() == 0
    assert result.mask[:, 3:].min() > 0.1
    assert result.residual < 0.1 < 0.8 < result.residual_without_context


def test_cells_inside_the_region_get_no_gradient_from_the_hinge_and_end_at_zero() -> None:
    image = random_image(24, 24, seed=4)
    # The second row and column of 4x4 cells, with all pixels that bilinear weights bring them.
    request = Request(image, box((24, 24), 3, 3, 15, 15), class_index=1)
    network = wrap(Convolutions(3, seed=4), 3)
    chosen = replace(QUICK, mask_size=(4, 4), lam=0.03)
    with torch.no_grad():
        problem = prepare(network, [request], chosen).problem
    masks = torch.full((1, 4, 4), 0.5, requires_grad=True)

    losses = problem.losses(masks)
    (from_hinge,) = torch.autograd.grad(losses.preservation.sum(), masks, retain_graph=True)
    (from_both,) = torch.autograd.grad(losses.total.sum(), masks)

    assert float(from_hinge[0, 1, 1]) == 0
    assert float(from_hinge.abs().max()) > 0
    assert float(from_both[0, 1, 1]) == pytest.approx(0.03)
    assert explain(network, request, chosen).mask[1, 1] == 0


@pytest.mark.parametrize("init", [0.5, 1.0, "auto"])
def test_an_object_that_scores_alone_leaves_an_empty_mask(init: float) -> None:
    result = explain(wrap(OwnPixel()), far_request(), replace(QUICK, init=init))

    assert result.mask.max() == 0
    assert result.saliency.max() == 0
    assert result.residual == result.residual_without_context == 0
    assert result.scores.object_alone == pytest.approx(result.scores.image)


def test_without_lambda_the_hinge_ends_at_zero() -> None:
    result = explain(
        wrap(FarColumns(12)), far_request(), replace(QUICK, lam=0, learning_rate=2, steps=200)
    )

    assert result.residual == pytest.approx(0, abs=1e-6)
    assert result.mask.max() > 0.5


@pytest.mark.parametrize("init", [0.5, 1.0])
def test_a_large_lambda_empties_the_mask_and_it_stays_empty(init: float) -> None:
    result = explain(wrap(FarColumns(12)), far_request(), replace(QUICK, lam=50, init=init))

    assert result.mask.max() == 0
    assert result.residual == pytest.approx(result.residual_without_context)
    assert read_explanation(result).verdict == "not converged"


@pytest.mark.parametrize("upsampling", ["bilinear", "nearest"])
@pytest.mark.parametrize("shift", [(0, 1), (2, 0), (-1, 2)])
def test_translating_image_and_region_by_whole_cells_translates_the_mask(
    upsampling: Upsampling, shift: tuple[int, int]
) -> None:
    cell, cells = 4, 10
    scene = np.zeros((40, 40, 3), np.float32)
    scene[14:24, 14:25] = random_image(10, 11, seed=2) * 0.5 + 0.5
    region = box((40, 40), 17, 17, 21, 22)
    chosen = replace(QUICK, mask_size=(cells, cells), upsampling=upsampling, steps=40)
    network = wrap(Neighbourhood(reach=4))
    pixels = (shift[0] * cell, shift[1] * cell)

    here = explain(network, Request(scene, region, 1), chosen)
    there = explain(
        network,
        Request(np.roll(scene, pixels, (0, 1)), np.roll(region, pixels, (0, 1)), 1),
        chosen,
    )

    assert here.mask.max() > 0.1
    np.testing.assert_allclose(there.mask, np.roll(here.mask, shift, (0, 1)), atol=1e-4)
    np.testing.assert_allclose(there.saliency, np.roll(here.saliency, pixels, (0, 1)), atol=1e-4)


@pytest.mark.parametrize("init", [0.5, "auto"])
@pytest.mark.parametrize("method", ["context", "grid"])
def test_a_batch_of_requests_equals_single_runs(method: str, init: float) -> None:
    network = wrap(Convolutions(3, seed=6), 3)
    size = (12, 18)
    chosen = Settings.from_dict({"method": method, "mask_size": [3, 4], "steps": 12, "init": init})
    requests = [
        Request(random_image(*size, seed=1), box(size, 0, 0, 4, 4), 0),
        Request(random_image(*size, seed=2), box(size, 6, 10, 12, 18), 1),
        Request(random_image(*size, seed=2), box(size, 3, 3, 9, 9), 2),
    ]

    together = explain_many(network, requests, chosen)

    assert len(together) == 3
    for request, result in zip(requests, together, strict=True):
        alone = explain(network, request, chosen)
        np.testing.assert_allclose(result.mask, alone.mask, atol=1e-5)
        np.testing.assert_allclose(result.losses, alone.losses, atol=1e-5)
        np.testing.assert_allclose(result.saliency, alone.saliency, atol=1e-5)
        np.testing.assert_array_equal(result.prediction.class_map, alone.prediction.class_map)
        assert result.init == alone.init
        assert result.request is request


@pytest.mark.parametrize("perturbation", [Noise(3), Blur(2), ConstantColor()])
def test_a_batch_gives_every_request_the_uninformative_image_of_a_single_run(
    perturbation: Noise | Blur | ConstantColor,
) -> None:
    network, chosen = wrap(OwnPixel()), replace(QUICK, perturbation=perturbation, steps=1)
    requests = [Request(random_image(8, 9, seed=n), box((8, 9), 1, 1, 4, 4), 1) for n in (1, 2)]

    for request, result in zip(requests, explain_many(network, requests, chosen), strict=True):
        np.testing.assert_array_equal(result.perturbed, explain(network, request, chosen).perturbed)


def test_a_batch_shows_every_step_with_the_mask_of_its_first_request() -> None:
    network, chosen = wrap(OwnPixel()), replace(QUICK, steps=3)
    requests = [Request(random_image(8, 9, seed=n), box((8, 9), 1, 1, 4, 4), 1) for n in (1, 2)]
    snapshots: list[Snapshot] = []

    results = explain_many(network, requests, chosen, on_snapshot=snapshots.append)

    assert [(each.step, each.steps) for each in snapshots] == [(1, 3), (2, 3), (3, 3)]
    np.testing.assert_array_equal(snapshots[-1].mask, results[0].mask)


def test_no_requests_give_no_explanations() -> None:
    assert explain_many(wrap(OwnPixel()), []) == []


def test_batch_norm_in_train_mode_neither_drifts_nor_changes_the_result() -> None:
    module, same = Normalised().train(), Normalised().eval()
    request = Request(random_image(12, 16), box((12, 16), 3, 3, 8, 8), class_index=1)
    chosen = replace(QUICK, steps=4)
    before = {name: value.clone() for name, value in module.state_dict().items()}

    result = explain(wrap(module, 3), request, chosen)

    assert module.training
    assert module.norm.training
    for name, value in module.state_dict().items():
        assert torch.equal(value, before[name]), name
    np.testing.assert_array_equal(result.losses, explain(wrap(same, 3), request, chosen).losses)


@pytest.mark.parametrize(("upsampling", "bound"), [("bilinear", 0.9375), ("nearest", 1.0)])
def test_a_full_upper_half_leaks_across_the_midline_unless_upsampled_to_the_nearest(
    upsampling: Upsampling, bound: float
) -> None:
    upper = np.zeros((4, 4), np.float32)
    upper[:2] = 1

    full = upsample(upper, (64, 64), upsampling)

    assert full[:32].sum() / full.sum() == pytest.approx(bound, abs=0.002)


def test_whether_there_is_context_to_find_is_told_by_the_hinge_at_the_empty_mask() -> None:
    request = far_request()
    empty = np.where(request.region[..., None], request.image, np.float32(0))
    network = wrap(FarColumns(12))

    result = explain(network, request, replace(QUICK, steps=1))

    kept, lost = (network.predict(image).confidence[5, 2] for image in (request.image, empty))
    assert result.scores.image == pytest.approx(kept)
    assert result.scores.object_alone == pytest.approx(1 - lost, abs=1e-6)
    assert result.residual_without_context == pytest.approx(kept - (1 - lost), abs=1e-6)
