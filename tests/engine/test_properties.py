"""What holds of every explanation, whatever the network, the image, the region and the settings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from gridsal_core import Request, Settings, explain, explain_steps
from gridsal_core.methods import METHOD_INFOS, METHODS, Method
from gridsal_core.perturbation import ConstantColor, Noise
from tests.engine.networks import Convolutions, random_image, wrap

SIZE = (9, 14)
BLACK = ConstantColor("black")

seeds = st.integers(0, 9999)
mask_sizes = st.tuples(st.integers(1, 4), st.integers(1, 5))
starts = st.sampled_from([0.5, 1.0, "auto"])


class Blind(nn.Module):
    """The same logits for every image."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.logits = nn.Parameter(torch.randn(1, 3, *SIZE, generator=generator))

    def forward(self, x: Tensor) -> Tensor:
        return self.logits + 0 * x.sum()


class WideWindow(nn.Module):
    """Linear in the image: the logit of class 1 is a positively weighted sum around each pixel."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.window = nn.Conv2d(3, 1, 9, padding=4, bias=False)
        self.window.weight.data = torch.rand(self.window.weight.shape, generator=generator) / 40

    def forward(self, x: Tensor) -> Tensor:
        z = self.window(x)
        return torch.cat((torch.zeros_like(z), z), 1)


def asked(seed: int, class_index: int = 1) -> Request:
    random = np.random.default_rng(seed)
    region = random.random(SIZE) < 0.3
    region[4, 4] = True
    return Request(random_image(*SIZE, seed=seed), region, class_index)


@given(
    seed=seeds,
    method=st.sampled_from(["context", "grid"]),
    cells=mask_sizes,
    init=starts,
    lam=st.floats(0, 5),
    rate=st.floats(0.01, 50),
    momentum=st.floats(0, 0.95),
)
@settings(max_examples=25, deadline=None)
def test_a_mask_never_leaves_zero_to_one(
    seed: int,
    method: Method,
    cells: tuple[int, int],
    init: float,
    lam: float,
    rate: float,
    momentum: float,
) -> None:
    chosen = Settings(
        method=method,
        mask_size=cells,
        lam=lam,
        learning_rate=rate,
        momentum=momentum,
        init=init,
        steps=6,
        perturbation=Noise(seed),
    )

    for snapshot in explain_steps(wrap(Convolutions(3, seed=seed), 3), asked(seed), chosen):
        assert snapshot.mask.min() >= 0
        assert snapshot.mask.max() <= 1


@pytest.mark.parametrize(
    "method", [name for name in METHODS if METHOD_INFOS[name].form == "context"]
)
@given(seed=seeds, cells=mask_sizes)
@settings(max_examples=8, deadline=None)
def test_a_context_map_is_zero_inside_the_region(
    method: Method, seed: int, cells: tuple[int, int]
) -> None:
    request = asked(seed)
    chosen = Settings(method=method, mask_size=cells, steps=3, samples=2, init=1.0)

    saliency = explain(wrap(Convolutions(3, seed=seed), 3), request, chosen).saliency

    assert not saliency[request.region].any()
    assert saliency[~request.region].any()


@pytest.mark.parametrize("method", ["context", "grid"])
@given(seed=seeds, cells=mask_sizes, init=starts, lam=st.floats(0.01, 2))
@settings(max_examples=10, deadline=None)
def test_a_network_that_does_not_look_leaves_an_empty_mask(
    method: Method, seed: int, cells: tuple[int, int], init: float, lam: float
) -> None:
    # An idle cell moves by about rate * λ / (1 - momentum) a step: from 1 to 0 within 100.
    chosen = Settings(
        method=method, mask_size=cells, init=init, lam=lam, learning_rate=0.01 / lam, steps=120
    )

    found = explain(wrap(Blind(seed), 3), asked(seed), chosen)

    assert not found.mask.any()
    assert found.residual == pytest.approx(0, abs=1e-6)
    assert found.residual_without_context == pytest.approx(0, abs=1e-6)


@given(seed=seeds, cells=mask_sizes, lams=st.lists(st.floats(0.001, 0.5), min_size=2, max_size=3))
@settings(max_examples=8, deadline=None)
def test_a_larger_lambda_gives_no_larger_a_mask_and_no_smaller_a_residual(
    seed: int, cells: tuple[int, int], lams: list[float]
) -> None:
    # The hinge of a linear logit is convex in the mask, so that descent finds the minimum.
    chosen = Settings(
        mask_size=cells,
        score="logit",
        perturbation=BLACK,
        learning_rate=0.03,
        momentum=0.9,
        steps=300,
        keep_best=True,
    )
    network, request = wrap(WideWindow(seed)), asked(seed)

    found = [explain(network, request, replace(chosen, lam=lam)) for lam in sorted(lams)]

    sizes = [each.mask.sum() for each in found]
    residuals = [each.residual for each in found]
    for k in range(1, len(found)):
        assert sizes[k] <= sizes[k - 1] + 0.05
        assert residuals[k] >= residuals[k - 1] - 0.02
