"""Other optimisers than the paper's find masks as good as its own, in fewer steps."""

from __future__ import annotations

from dataclasses import replace

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis.extra import numpy as arrays
from torch import Tensor, nn

from gridsal_core import Explanation, Request, Settings, explain, explain_many
from gridsal_core.arrays import FloatArray
from gridsal_core.descents import Polyak
from gridsal_core.network import SegmentationNetwork
from gridsal_core.settings import preset_values
from tests.engine.networks import Convolutions, box, far_request, random_image, wrap

SIZE = (24, 32)
USUAL = Settings(mask_size=(4, 6), lam=0.02, steps=12, learning_rate=0.5, init=0.5)
FAST = replace(USUAL, **preset_values("fast"))
ADAM = replace(USUAL, optimizer="adam", steps=20, learning_rate=0.4, init="auto", keep_best=True)
both = pytest.mark.parametrize("chosen", [FAST, ADAM], ids=["fast", "adam"])


def asked(seed: int = 0) -> Request:
    return Request(random_image(*SIZE, seed=seed), box(SIZE, 6, 8, 16, 18), class_index=1)


def network(seed: int = 1) -> SegmentationNetwork:
    return wrap(Convolutions(2, seed=seed))


def objective(found: Explanation) -> float:
    return USUAL.lam * float(found.mask.sum()) + found.residual


class OwnRegion(nn.Module):
    """Needs no context."""

    def forward(self, x: Tensor) -> Tensor:
        z = 8 * (x.mean(1, keepdim=True) - 0.5)
        return torch.cat((-z, z), 1)


@both
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_it_reaches_the_objective_of_more_of_the_papers_steps(chosen: Settings, seed: int) -> None:
    reference = explain(network(seed), asked(seed), replace(USUAL, steps=100))
    found = explain(network(seed), asked(seed), chosen)
    assert len(found.losses) == chosen.steps
    assert objective(found) <= 1.02 * objective(reference)


@both
def test_it_is_a_deviation_that_the_record_names(chosen: Settings) -> None:
    assert chosen.deviations == ("keep_best", "optimizer")


@both
@pytest.mark.parametrize("coarse_to_fine", [False, True])
def test_context_that_is_not_needed_leaves_an_empty_mask(
    chosen: Settings, coarse_to_fine: bool
) -> None:
    chosen = replace(chosen, mask_size=(4, 8), coarse_to_fine=coarse_to_fine)
    assert explain(wrap(OwnRegion()), far_request(), chosen).mask.max() == 0


@both
def test_rows_of_a_batch_do_not_touch_each_other(chosen: Settings) -> None:
    together = explain_many(network(), [asked(0), asked(5)], chosen)
    alone = explain(network(), asked(5), chosen)
    np.testing.assert_allclose(together[1].mask, alone.mask, atol=1e-4)


def test_no_more_than_the_whole_objective_is_aimed_at() -> None:
    whole = explain(network(), asked(), replace(FAST, learning_rate=1))
    more = explain(network(), asked(), replace(FAST, learning_rate=7))
    np.testing.assert_array_equal(more.mask, whole.mask)
    assert np.isfinite(whole.losses).all()


@given(
    masks=arrays.arrays(np.float32, (2, 3, 4), elements=st.floats(0.125, 1, width=32)),
    rate=st.floats(0.05, 0.4),
)
def test_a_step_takes_its_share_off_an_objective_that_is_linear(
    masks: FloatArray, rate: float
) -> None:
    settings = replace(FAST, mask_size=(3, 4), lam=1e-3, learning_rate=rate, momentum=0)
    cells = torch.from_numpy(masks.copy()).requires_grad_(True)
    cells.grad = torch.full_like(cells, settings.lam)
    before = settings.lam * cells.detach().sum((1, 2))
    Polyak(cells, settings, settings.steps).step(before)

    after = settings.lam * cells.detach().sum((1, 2))
    least = 0.002 * settings.lam * 12
    np.testing.assert_allclose(after, (1 - rate) * before - least, rtol=1e-4)


def test_without_a_cell_that_may_move_nothing_moves() -> None:
    masks = torch.zeros((1, 3, 4), requires_grad=True)
    masks.grad = torch.ones_like(masks)
    Polyak(masks, replace(FAST, mask_size=(3, 4)), FAST.steps).step(torch.tensor([0.7]))
    assert masks.detach().eq(0).all()
