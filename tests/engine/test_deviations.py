"""What goes beyond the paper is off by default, and does what its name says where it is on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gridsal_core import PAPER_STREET, PAPER_TOY, Request, Settings, explain, explain_many
from gridsal_core.optimize import Stage, stages
from gridsal_core.perturbation import Blur, ConstantColor, Noise, Robust, parse_perturbation
from gridsal_core.preparing import prepare
from gridsal_core.records import settings_record
from gridsal_core.regions import widened
from tests.engine.networks import (
    Convolutions,
    FarColumns,
    OwnPixel,
    box,
    far_request,
    random_image,
    wrap,
)

SIZE = (24, 32)
QUICK = Settings(mask_size=(4, 6), lam=0.02, steps=12, learning_rate=0.5, init=0.5)


def asked(seed: int = 0) -> Request:
    return Request(random_image(*SIZE, seed=seed), box(SIZE, 6, 8, 16, 18), class_index=1)


@pytest.mark.parametrize("chosen", [Settings(), PAPER_STREET, PAPER_TOY])
def test_they_are_off_by_default(chosen: Settings) -> None:
    assert chosen.deviations == ()


def test_the_record_names_those_that_are_on() -> None:
    chosen = replace(QUICK, keep_best=True, dilation=2)
    record = settings_record(explain(wrap(Convolutions(2)), asked(), chosen))
    assert record["deviations"] == ["dilation", "keep_best"]


class TestRobust:
    PARTS = (ConstantColor("black"), ConstantColor("white"), Noise(3))

    @given(seed=st.integers(0, 99))
    @settings(max_examples=10, deadline=None)
    def test_the_loss_is_the_mean_over_its_parts(self, seed: int) -> None:
        network, request = wrap(Convolutions(2, seed=seed)), asked(seed)
        masks = torch.rand((1, 4, 6), generator=torch.Generator().manual_seed(seed))
        with torch.no_grad():
            each = [
                prepare(network, [request], replace(QUICK, perturbation=part)).problem.losses(masks)
                for part in self.PARTS
            ]
            chosen = replace(QUICK, perturbation=Robust(self.PARTS))
            robust = prepare(network, [request], chosen).problem.losses(masks)

        for name in ("total", "preservation", "score"):
            expected = torch.stack([getattr(losses, name) for losses in each]).mean(0)
            torch.testing.assert_close(getattr(robust, name), expected, rtol=1e-4, atol=1e-6)

    def test_a_batch_with_two_starts_equals_single_runs(self) -> None:
        network = wrap(Convolutions(2))
        chosen = replace(QUICK, perturbation=Robust(self.PARTS), init="auto")
        requests = [asked(seed) for seed in range(3)]

        for request, result in zip(requests, explain_many(network, requests, chosen), strict=True):
            alone = explain(network, request, chosen)
            np.testing.assert_allclose(result.mask, alone.mask, atol=1e-5)
            np.testing.assert_allclose(result.losses, alone.losses, atol=1e-5)

    def test_its_spelling_is_read_back(self) -> None:
        chosen = Robust((ConstantColor((0.1, 0.2, 0.3)), Blur(2.5), Noise(7)))
        assert parse_perturbation(str(chosen)) == chosen


def test_total_variation_is_the_sum_of_the_differences_of_neighbours() -> None:
    network, mask = wrap(Convolutions(2)), torch.tensor([[[0.0, 1.0, 0.5], [0.2, 0.2, 0.9]]])
    chosen = replace(QUICK, mask_size=(2, 3))
    with torch.no_grad():
        plain = prepare(network, [asked()], chosen).problem.losses(mask)
        varied = prepare(network, [asked()], replace(chosen, total_variation=0.5)).problem.losses(
            mask
        )

    variation = (0.2 + 0.8 + 0.4) + (1 + 0.5) + (0 + 0.7)
    assert float(varied.mask - plain.mask) == pytest.approx(0.5 * variation, rel=1e-5)


def test_dilation_keeps_a_rim_of_the_image_and_scores_inside_the_region_alone() -> None:
    request, chosen = asked(), replace(QUICK, dilation=3)
    result = explain(wrap(Convolutions(2)), request, chosen)
    kept = widened(request.region, 3)

    assert kept.sum() > request.region.sum()
    np.testing.assert_array_equal(result.perturbed[kept], request.image[kept])
    assert result.saliency[kept].max() == 0
    with torch.no_grad():
        start = prepare(wrap(Convolutions(2)), [request], chosen)
    assert int(start.problem.area) == request.region.sum()


class TestEarlyStopping:
    CHOSEN = replace(
        QUICK,
        steps=400,
        learning_rate=0.2,
        tolerance=1e-3,
        perturbation=ConstantColor("black"),
    )

    def test_it_ends_once_nothing_changes_and_says_when(self) -> None:
        result = explain(
            wrap(FarColumns(12)), far_request(), replace(self.CHOSEN, mask_size=(3, 6))
        )
        whole = explain(
            wrap(FarColumns(12)),
            far_request(),
            replace(self.CHOSEN, mask_size=(3, 6), tolerance=0.0),
        )

        assert result.converged_at is not None
        assert result.converged_at == result.steps < 400
        assert not result.stopped
        assert whole.converged_at is None
        # The objective hardly changes along its valley; there the mask may move on.
        objective, final = (
            self.CHOSEN.lam * float(each.mask.sum()) + each.residual for each in (result, whole)
        )
        assert objective == pytest.approx(final, rel=0.02)

    def test_a_cell_that_is_still_being_emptied_does_not_stand_still(self) -> None:
        """However wide the tolerance: an idle cell takes 25 steps from 0.5 to 0 here."""
        white = Request(np.ones((16, 16, 3), np.float32), box((16, 16), 4, 4, 8, 8), class_index=1)

        found = explain(wrap(OwnPixel()), white, replace(PAPER_TOY, tolerance=0.5))

        assert found.converged_at is not None
        assert found.converged_at > 25
        assert not found.mask.any()

    def test_rows_of_a_batch_end_each_at_its_own_time(self) -> None:
        network, requests = wrap(Convolutions(2)), [asked(seed) for seed in range(3)]
        chosen = replace(self.CHOSEN, lam=0.01, tolerance=0.003)
        together = explain_many(network, requests, chosen)

        for request, result in zip(requests, together, strict=True):
            alone = explain(network, request, chosen)
            assert result.converged_at == alone.converged_at
            np.testing.assert_allclose(result.mask, alone.mask, atol=1e-5)
        assert len({result.converged_at for result in together}) > 1


class TestCoarseToFine:
    def test_steps_are_divided_among_the_sizes(self) -> None:
        chosen = replace(QUICK, mask_size=(16, 8), steps=80, coarse_to_fine=True)
        assert stages(chosen) == (Stage((4, 2), 20), Stage((8, 4), 20), Stage((16, 8), 40))

    @given(height=st.integers(1, 20), width=st.integers(1, 20), steps=st.integers(1, 50))
    def test_no_step_is_lost_and_the_last_stage_is_the_masks_own(
        self, height: int, width: int, steps: int
    ) -> None:
        found = stages(replace(QUICK, mask_size=(height, width), steps=steps, coarse_to_fine=True))
        assert sum(stage.steps for stage in found) == steps
        assert found[-1].cells == (height, width)
        assert all(stage.steps > 0 for stage in found)

    def test_an_idle_coarse_cell_moves_as_fast_as_the_cells_below_it(self) -> None:
        """Where the hinge is 0, λ alone moves the mask, by the same amount at every size."""
        chosen = replace(QUICK, mask_size=(8, 8), lam=0.01, steps=16, coarse_to_fine=True)
        constant = wrap(Convolutions(2))
        for weight in constant.module.parameters():
            weight.data.zero_()

        result = explain(constant, asked(), replace(chosen, momentum=0.0))

        assert result.mask.max() == pytest.approx(0.5 - 16 * 0.5 * 0.01, abs=1e-5)

    def test_the_mask_and_all_snapshots_have_the_masks_own_size(self) -> None:
        shapes = set()
        result = explain(
            wrap(Convolutions(2)),
            asked(),
            replace(QUICK, mask_size=(8, 8), coarse_to_fine=True),
            on_snapshot=lambda snapshot: shapes.add(snapshot.mask.shape),
        )
        assert shapes == {(8, 8)}
        assert result.mask.shape == (8, 8)


@given(seed=st.integers(0, 50))
@settings(max_examples=10, deadline=None)
def test_the_best_mask_is_at_least_as_good_as_the_last_and_as_all_before(seed: int) -> None:
    chosen = replace(QUICK, learning_rate=20.0, steps=8)
    network, request = wrap(Convolutions(2, seed=seed)), asked(seed)
    last = explain(network, request, chosen)
    best = explain(network, request, replace(chosen, keep_best=True))

    def objective(mask: np.ndarray, residual: float) -> float:
        return chosen.lam * float(mask.sum()) + residual

    found = objective(best.mask, best.residual)
    assert found <= objective(last.mask, last.residual) + 1e-6
    assert found <= last.losses[1:, 0].min() + 1e-5
