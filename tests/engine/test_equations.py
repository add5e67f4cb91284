"""Equations 2 and 3: what is minimised is what the paper says, and it is minimised as it says."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gridsal_core import PAPER_STREET, PAPER_TOY, Request, Settings, explain, explain_steps
from gridsal_core.network import SegmentationNetwork
from gridsal_core.objective import Problem
from gridsal_core.perturbation import ConstantColor, Noise
from gridsal_core.preparing import prepare
from tests.engine.networks import (
    Convolutions,
    FarColumns,
    OwnPixel,
    box,
    far_request,
    random_image,
    wrap,
)
from tests.engine.reference import Reference

SIZE = (9, 14)
BLACK = ConstantColor("black")

cases = st.fixed_dictionaries(
    {
        "method": st.sampled_from(["context", "grid"]),
        "score": st.sampled_from(["probability", "logit"]),
        "upsampling": st.sampled_from(["bilinear", "nearest"]),
        "mask_size": st.tuples(st.integers(1, 4), st.integers(1, 5)),
        "lam": st.sampled_from([0.0, 0.05, 2.0]),
    }
)


def posed(
    case: dict[str, object], channels_out: int, seed: int
) -> tuple[Problem, Reference, torch.Tensor]:
    """Return the engine's problem and the reference's for random network, image, region, mask."""
    random = np.random.default_rng(seed)
    chosen = replace(Settings(perturbation=Noise(seed + 1000)), **case)  # type: ignore[arg-type]
    module = Convolutions(channels_out, seed=seed)
    network = wrap(module, channels_out)
    region = random.random(SIZE) < 0.3
    region[4, 4] = True
    image = random_image(*SIZE, seed=seed)
    request = Request(image, region, int(random.integers(max(channels_out, 2))))
    blank = chosen.perturbation.uninformative(image, network.mean_color)
    reference = Reference(
        module,
        image,
        blank,
        region,
        request.class_index,
        chosen.lam,
        chosen.method,
        chosen.score,
        chosen.upsampling,
    )
    mask = torch.from_numpy(random.uniform(0.05, 0.95, chosen.mask_size))
    with torch.no_grad():
        return prepare(network, [request], chosen).problem, reference, mask


@given(case=cases, channels_out=st.integers(1, 4), seed=st.integers(0, 999))
@settings(max_examples=60, deadline=None)
def test_the_loss_is_that_of_the_equations(
    case: dict[str, object], channels_out: int, seed: int
) -> None:
    problem, reference, mask = posed(case, channels_out, seed)

    with torch.no_grad():
        losses = problem.losses(mask.float()[None])

    assert float(losses.preservation) == pytest.approx(
        float(reference.preservation(mask)), rel=1e-4, abs=1e-5
    )
    assert float(losses.total) == pytest.approx(float(reference.total(mask)), rel=1e-4, abs=1e-5)
    np.testing.assert_allclose(
        problem.perturbed(mask.float()[None])[0], reference.perturbed(mask), atol=1e-5
    )


@given(case=cases, channels_out=st.integers(1, 4), seed=st.integers(0, 999))
@settings(max_examples=25, deadline=None)
def test_the_gradient_is_the_finite_difference_of_the_whole_loss(
    case: dict[str, object], channels_out: int, seed: int
) -> None:
    problem, reference, mask = posed(case, channels_out, seed)

    masks = mask.float()[None].requires_grad_(True)
    (gradient,) = torch.autograd.grad(problem.losses(masks).total.sum(), masks)

    np.testing.assert_allclose(
        gradient[0], reference.finite_differences(mask), rtol=2e-3, atol=2e-4
    )


def test_the_preservation_loss_moves_the_mask_and_not_only_lambda() -> None:
    chosen = Settings(mask_size=(3, 6), lam=0, steps=1, init=0.5)

    result = explain(wrap(FarColumns(12)), far_request(), replace(chosen, perturbation=BLACK))

    assert result.mask[:, 4:].min() > 0.51
    assert result.mask[:, :2] == pytest.approx(0.5)


@pytest.mark.parametrize("method", ["context", "grid"])
def test_the_first_steps_are_sgd_with_momentum_and_projection(method: str) -> None:
    case: dict[str, object] = {"method": method, "mask_size": (3, 4), "lam": 0.05}
    problem, reference, _ = posed(case, 3, seed=5)
    chosen = replace(problem.settings, learning_rate=1.5, momentum=0.7, steps=6, init=0.5)
    request = Request(reference.image, reference.region, reference.class_index)

    snapshots = list(explain_steps(problem.network, request, chosen))

    mask, velocity = torch.full((3, 4), 0.5).double(), torch.zeros(3, 4).double()
    for snapshot in snapshots:
        mask.requires_grad_(True)
        total = reference.total(mask)
        (gradient,) = torch.autograd.grad(total, mask)
        assert snapshot.losses[-1, 0] == pytest.approx(float(total.detach()), abs=1e-4)
        velocity = 0.7 * velocity + gradient
        mask = (mask.detach() - 1.5 * velocity).clamp(0, 1)
        np.testing.assert_allclose(snapshot.mask, mask, atol=2e-4)
    assert any((snapshot.mask == 0).any() for snapshot in snapshots), "projection was never needed"
    assert snapshots[0].losses[0, 2] > 0.01, "nothing was to be preserved"


@pytest.mark.parametrize(
    "paper", [PAPER_TOY, PAPER_STREET], ids=["toy settings", "street settings"]
)
def test_an_idle_cell_moves_by_two_hundredths_a_step_in_both_of_the_papers_settings(
    paper: Settings,
) -> None:
    white = Request(np.ones((32, 32, 3), np.float32), box((32, 32), 8, 8, 20, 20), class_index=1)

    masks = [
        snapshot.mask
        for snapshot in explain_steps(wrap(OwnPixel()), white, replace(paper, steps=30))
    ]

    speed = paper.learning_rate * paper.lam / (1 - paper.momentum)
    assert speed == pytest.approx(0.02)
    for before, after in pairwise(masks[12:20]):
        np.testing.assert_allclose(before - after, speed, atol=1e-5)
    assert masks[22].min() > 0
    assert masks[26].max() == 0


def test_the_losses_are_recorded_before_each_update() -> None:
    problem, reference, _ = posed({"mask_size": (3, 4), "lam": 0.05}, 3, seed=2)
    request = Request(reference.image, reference.region, reference.class_index)
    chosen = replace(problem.settings, steps=5, init=1.0)

    snapshots = list(explain_steps(problem.network, request, chosen))
    result = explain(problem.network, request, chosen)

    visited = [np.ones((3, 4)), *(snapshot.mask for snapshot in snapshots)]
    expected = [float(reference.total(torch.from_numpy(mask).double())) for mask in visited]
    assert result.losses.shape == (5, 3)
    np.testing.assert_allclose(result.losses[:, 0], expected[:-1], atol=1e-5)
    np.testing.assert_allclose(result.losses.sum(1), 2 * result.losses[:, 0], atol=1e-6)
    assert 0.05 * result.mask.sum() + result.residual == pytest.approx(expected[-1], abs=1e-5)


def test_one_channel_is_the_sigmoid_and_its_logit_counts_whole() -> None:
    module = Convolutions(1, seed=8)
    network: SegmentationNetwork = wrap(module, 1)
    image = random_image(*SIZE)
    request = Request(image, box(SIZE, 2, 2, 6, 9), class_index=1)
    with torch.no_grad():
        z = module(torch.from_numpy(image).permute(2, 0, 1)[None])[0, 0].numpy()

    likely = explain(network, request, Settings(mask_size=(2, 2), steps=1)).scores.image
    logit = explain(network, request, Settings(mask_size=(2, 2), steps=1, score="logit"))

    assert likely == pytest.approx((1 / (1 + np.exp(-z)))[request.region].mean(), abs=1e-5)
    assert logit.scores.image == pytest.approx(z[request.region].mean(), abs=1e-5)
    np.testing.assert_array_equal(network.predict(image).class_map, z > 0)
