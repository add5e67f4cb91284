"""Equations 4 and 5: Vanilla Gradient, SmoothGrad and Integrated Gradients of S(x, R, c)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from captum.attr import IntegratedGradients, NoiseTunnel, Saliency
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from gridsal_core import Request, Settings, explain, explain_many, explain_steps
from gridsal_core.gradients import pixel_gradients
from gridsal_core.methods import METHOD_INFOS, METHODS
from gridsal_core.network import SegmentationNetwork
from gridsal_core.preparing import prepare
from gridsal_core.reading import read_explanation
from tests.engine.networks import Convolutions, box, random_image, wrap

SIZE = (12, 16)
GRADIENTS = tuple(name for name in METHODS if METHOD_INFOS[name].family == "gradient")
RAW = Settings(mask_size=SIZE, samples=4, absolute=False, scaled=False)
REGION = box(SIZE, 3, 4, 8, 9)


def raw(method: str, **changes: object) -> Settings:
    """Settings of a method that leave its map as the equation gives it, at every pixel."""
    return Settings.from_dict(RAW.to_dict() | {"method": method, **changes})


SEEN = 2
"""The class that the network of these tests sees in the region."""


def asked(seed: int = 0, class_index: int = SEEN) -> Request:
    return Request(random_image(*SIZE, seed=seed), REGION, class_index)


def score(module: nn.Module, pixels: Tensor) -> Tensor:
    """S(x, R, c) of eq. 4 with the softmax written out, for (B, C, H, W) float64 pixels."""
    powers = torch.exp(module(pixels))
    share = powers[:, SEEN] / powers.sum(1)
    inside = torch.from_numpy(REGION)
    return share[:, inside].sum(1) / inside.sum()


def slope(module: nn.Module, pixels: Tensor) -> Tensor:
    """The gradient of S at every pixel by central differences, summed over channels: (H, W)."""
    found = torch.zeros_like(pixels)
    for place in np.ndindex(*pixels.shape):
        ahead, behind = pixels.clone(), pixels.clone()
        ahead[place] += 1e-5
        behind[place] -= 1e-5
        found[place] = (score(module, ahead[None]) - score(module, behind[None]))[0] / 2e-5
    return found.sum(0)


@pytest.mark.parametrize("kind", ["vg", "sg", "ig"])
def test_maps_are_the_mean_of_the_gradients_of_the_equation(kind: str) -> None:
    request, module = asked(), Convolutions(3)
    x = torch.from_numpy(request.image).double().permute(2, 0, 1)
    dice = torch.Generator().manual_seed(7)
    noise = [torch.randn((3, *SIZE), generator=dice).double() * 0.1 for _ in range(2)]
    copies = {"vg": [x], "sg": [x + n for n in noise], "ig": [x / 2, x]}[kind]
    exact = Convolutions(3).double().requires_grad_(False)
    expected = sum(slope(exact, copy) for copy in copies) / len(copies)
    chosen = raw(f"{kind}-grid", samples=2, noise=0.1, seed=7)

    result = explain(wrap(module, 3), request, chosen)

    np.testing.assert_allclose(result.mask, expected, rtol=2e-3, atol=1e-7)
    np.testing.assert_allclose(result.saliency, result.mask, atol=1e-7)


@pytest.mark.parametrize("method", GRADIENTS)
def test_the_context_form_leaves_out_the_region_before_the_mean_filter(method: str) -> None:
    fine = explain(wrap(Convolutions(3), 3), asked(), raw(method))
    coarse = explain(wrap(Convolutions(3), 3), asked(), raw(method, mask_size=[3, 4]))

    blocks = fine.mask.reshape(3, 4, 4, 4).mean((1, 3))
    np.testing.assert_allclose(coarse.mask, blocks, rtol=1e-4, atol=1e-9)
    is_context = METHOD_INFOS[fine.settings.method].form == "context"
    assert (np.abs(fine.mask[REGION]).max() == 0) == is_context
    assert (np.abs(coarse.saliency[REGION]).max() == 0) == is_context
    assert np.abs(fine.mask[~REGION]).max() > 0


@given(seed=st.integers(0, 99), method=st.sampled_from(GRADIENTS))
@settings(max_examples=20, deadline=None)
def test_by_default_maps_are_absolute_and_scaled_by_the_largest_value_of_the_image(
    seed: int, method: str
) -> None:
    chosen = raw(method)
    plain = explain(wrap(Convolutions(3, seed=seed), 3), asked(seed), chosen).mask
    whole = explain(
        wrap(Convolutions(3, seed=seed), 3),
        asked(seed),
        raw(method.replace("context", "grid")),
    ).mask
    shown = explain(
        wrap(Convolutions(3, seed=seed), 3),
        asked(seed),
        replace(chosen, absolute=True, scaled=True),
    ).mask

    np.testing.assert_allclose(shown, np.abs(plain) / np.abs(whole).max(), rtol=1e-4, atol=1e-6)
    assert 0 <= shown.min() <= shown.max() <= 1


class Linear(nn.Module):
    """The logit of class 1 is a weighted sum of all pixels, that of class 0 is 0."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        dice = torch.Generator().manual_seed(seed)
        self.weight = nn.Parameter(torch.randn((1, 3, *SIZE), generator=dice))

    def forward(self, x: Tensor) -> Tensor:
        z = (self.weight * x).sum((1, 2, 3))[:, None, None, None].expand(-1, 1, *SIZE)
        return torch.cat((torch.zeros_like(z), z), 1)


@given(seed=st.integers(0, 9999), samples=st.integers(1, 5))
@settings(max_examples=15, deadline=None)
def test_integrated_gradients_times_the_image_are_complete_on_a_linear_network(
    seed: int, samples: int
) -> None:
    chosen = raw("ig-grid", score="logit", times_input=True, samples=samples)

    result = explain(wrap(Linear(seed)), asked(seed, class_index=1), chosen)

    # The black image has a logit of 0. The sum is of terms of both signs, far larger than itself.
    assert float(result.mask.sum()) == pytest.approx(result.scores.image, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("method", GRADIENTS)
def test_a_batch_equals_single_runs(method: str) -> None:
    requests = [asked(seed) for seed in range(3)]
    chosen = raw(method, mask_size=[3, 4])
    network = wrap(Convolutions(3), 3)

    together = explain_many(network, requests, chosen)

    for request, result in zip(requests, together, strict=True):
        alone = explain(network, request, chosen)
        np.testing.assert_allclose(result.mask, alone.mask, rtol=1e-4, atol=1e-8)
        np.testing.assert_allclose(result.score_history, alone.score_history, rtol=1e-5)


def test_stopping_leaves_the_mean_so_far_and_says_so() -> None:
    network, chosen = wrap(Convolutions(3), 3), raw("sg-grid", samples=5)
    # Of a small image all copies are taken at once.
    request = Request(random_image(400, 400), box((400, 400), 9, 9, 60, 80), SEEN)
    steps = explain_steps(network, request, chosen, stop=lambda: True)
    snapshot = next(steps)
    with pytest.raises(StopIteration) as finished:
        next(steps)
    result = finished.value.value

    assert (snapshot.step, snapshot.steps) == (1, 5)
    assert result.stopped
    assert result.steps == 1
    assert read_explanation(result).verdict == "stopped"
    np.testing.assert_array_equal(result.mask, snapshot.mask)


def test_a_map_of_sensitivity_is_not_read_as_one_of_need() -> None:
    reading = read_explanation(explain(wrap(Convolutions(3), 3), asked(), raw("vg-context")))
    assert reading.verdict == "sensitivity"
    assert "does not say what the network needed" in reading.detail


class TestAgainstCaptum:
    """The same scalar score through the library that the field uses."""

    SAMPLES = 8

    def ours(self, network: SegmentationNetwork, method: str, noise: float = 0.1) -> np.ndarray:
        chosen = raw(method, samples=self.SAMPLES, noise=noise, seed=5)
        return explain(network, asked(), chosen).mask

    def pixels(self) -> Tensor:
        return torch.from_numpy(asked().image).permute(2, 0, 1)[None]

    def test_integrated_gradients_agree(self) -> None:
        module = Convolutions(3)
        theirs = IntegratedGradients(
            lambda x: score(module, x), multiply_by_inputs=False
        ).attribute(self.pixels(), n_steps=self.SAMPLES, method="riemann_right")

        close(self.ours(wrap(module, 3), "ig-grid"), theirs)

    def test_smoothgrad_agrees(self) -> None:
        module = Convolutions(3)
        tunnel = NoiseTunnel(Saliency(lambda x: score(module, x)))
        torch.manual_seed(5)
        theirs = tunnel.attribute(
            self.pixels(), nt_type="smoothgrad", nt_samples=self.SAMPLES, stdevs=0.1, abs=False
        )

        close(self.ours(wrap(module, 3), "sg-grid"), theirs)

    def test_memory_does_not_grow_with_the_number_of_copies(self) -> None:
        """No more than one copy of an image that is not small goes through at a time."""
        seen: list[int] = []
        module = Convolutions(3)
        module.register_forward_hook(lambda _m, inputs, _o: seen.append(len(inputs[0])))
        request = Request(random_image(300, 500), box((300, 500), 9, 9, 60, 80), SEEN)

        explain(wrap(module, 3), request, raw("ig-grid", samples=self.SAMPLES))

        assert set(seen) == {1}


def close(ours: np.ndarray, theirs: Tensor) -> None:
    expected = theirs.detach().sum(1)[0].numpy()
    np.testing.assert_allclose(ours, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())


def test_the_gradient_in_image_space_knows_the_normalisation() -> None:
    """A network that is normalised by its card is differentiated before the normalisation."""
    inputs = {"mean": [0.5] * 3, "std": [0.25] * 3}
    network = wrap(Convolutions(3), 3, inputs=inputs)
    request = asked()
    with torch.no_grad():
        start = prepare(network, [request], RAW)
    gradient, _ = pixel_gradients(start.problem, start.images)

    exact = Convolutions(3).double()
    x = torch.from_numpy(request.image).double().permute(2, 0, 1)
    at = ((x - 0.5) / 0.25).requires_grad_(True)
    (inner,) = torch.autograd.grad(score(exact, at[None]).sum(), at)
    np.testing.assert_allclose(gradient[0], inner / 0.25, rtol=1e-4, atol=1e-8)
