"""Insertion and deletion curves, and the check against shuffled weights."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from gridsal_core import Explanation, Settings, explain
from gridsal_core.checks.check import CheckStoppedError, check_explanation
from gridsal_core.checks.curves import curves
from gridsal_core.checks.randomisation import (
    randomisation_check,
    rank_correlation,
    shuffled_weights,
)
from gridsal_core.checks.result import Check, Curve, Curves, write_curves
from gridsal_core.errors import CheckpointError
from gridsal_core.methods import METHODS
from gridsal_core.perturbation import ConstantColor
from tests.engine.networks import (
    Convolutions,
    FarColumns,
    Normalised,
    OwnPixel,
    far_request,
    random_image,
    wrap,
)

CHOSEN = Settings(
    mask_size=(3, 6),
    lam=0.02,
    steps=40,
    learning_rate=0.5,
    init=1.0,
    upsampling="nearest",
    perturbation=ConstantColor("black"),
)
START = 12


@pytest.fixture(scope="module")
def found() -> Explanation:
    return explain(wrap(FarColumns(START)), far_request(), CHOSEN)


def test_curves_begin_and_end_at_the_object_alone_and_the_whole_image(found: Explanation) -> None:
    measured = curves(wrap(FarColumns(START)), found)

    for curve in measured.insertion.values():
        assert (curve.shares[0], curve.shares[-1]) == (0, 1)
        assert curve.scores[0] == pytest.approx(found.scores.object_alone, abs=1e-5)
        assert curve.scores[-1] == pytest.approx(found.scores.image, abs=1e-5)
    for curve in measured.deletion.values():
        assert curve.scores[0] == pytest.approx(found.scores.image, abs=1e-5)
        assert curve.scores[-1] == pytest.approx(found.scores.object_alone, abs=1e-5)


def test_the_order_of_a_right_map_is_better_than_chance_and_than_dilation(
    found: Explanation,
) -> None:
    measured = curves(wrap(FarColumns(START)), found)

    for other in ("random", "dilation"):
        assert measured.insertion["map"].area > measured.insertion[other].area
        assert measured.deletion["map"].area < measured.deletion[other].area


def test_the_area_is_that_of_the_trapezoids() -> None:
    curve = Curve(np.array([0, 0.5, 1], np.float32), np.array([0, 1, 1], np.float32))
    assert curve.area == pytest.approx(0.75)


def test_cells_inside_the_region_are_no_part_of_a_context_curve() -> None:
    request = far_request()
    wide = replace(request, region=np.ones_like(request.region))
    wide.region[:, -1] = False
    explanation = explain(wrap(FarColumns(START)), wide, CHOSEN)
    # Only the last column of cells holds pixels outside.
    assert len(curves(wrap(FarColumns(START)), explanation).insertion["map"].shares) == 3 + 1


def test_a_region_without_any_context_is_checked_and_told_to_have_no_map() -> None:
    network, request = wrap(Convolutions(2), 2), far_request()
    whole = replace(request, region=np.ones_like(request.region))

    found = check_explanation(network, explain(network, whole, CHOSEN))

    assert found.is_flat
    assert found.correlation is None
    assert "this map is the same everywhere" in found.text


class TestShuffledWeights:
    def test_all_is_as_it_was_afterwards_also_when_something_fails(self) -> None:
        network = wrap(Convolutions(2))
        before = [weight.clone() for weight in network.module.parameters()]
        changed: list[bool] = []

        def fail_inside() -> None:
            with shuffled_weights(network, 1):
                pairs = zip(before, network.module.parameters(), strict=True)
                changed.extend(not torch.equal(old, new) for old, new in pairs)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail_inside()
        assert any(changed)
        for old, new in zip(before, network.module.parameters(), strict=True):
            assert torch.equal(old, new)

    def test_the_values_of_a_tensor_stay_and_their_order_changes(self) -> None:
        network = wrap(Convolutions(2))
        before = [weight.clone().flatten().sort().values for weight in network.module.parameters()]
        with shuffled_weights(network, 1):
            for old, new in zip(before, network.module.parameters(), strict=True):
                assert torch.equal(old, new.detach().flatten().sort().values)

    def test_cells_that_no_map_may_show_do_not_make_two_maps_alike(self) -> None:
        network = wrap(Convolutions(2), 2)
        request = far_request()
        region = np.ones_like(request.region)
        region[:, -8:] = False
        asked = replace(request, region=region, image=random_image(12, 24, seed=3))
        explanation = explain(network, asked, replace(CHOSEN, method="vg-context"))

        found = randomisation_check(network, explanation)

        # The outer two of six columns of cells.
        pair = (each.mask[:, 4:] for each in (explanation, found.explanation))
        assert found.correlation == pytest.approx(rank_correlation(*pair))
        whole = rank_correlation(explanation.mask, found.explanation.mask)
        assert whole is not None
        assert whole > 0.7

    def test_a_map_that_shows_what_was_learnt_changes_with_the_weights(self) -> None:
        request = far_request()
        network = wrap(_Columns(request.region.shape))
        explanation = explain(network, request, replace(CHOSEN, method="vg-grid"))

        check = randomisation_check(network, explanation, seed=3)

        assert explanation.mask[:, :3].max() == 0
        assert check.correlation is not None
        assert check.correlation < 0.5
        assert rank_correlation(explanation.mask, explanation.mask) == pytest.approx(1)

    def test_an_empty_map_has_no_correlation(self) -> None:
        assert rank_correlation(np.zeros((2, 2)), np.eye(2)) is None

    def test_a_network_without_weights_is_refused(self) -> None:
        network = wrap(OwnPixel())
        explanation = explain(network, far_request(), CHOSEN)
        with pytest.raises(CheckpointError, match="no weights that can be shuffled"):
            randomisation_check(network, explanation)


class _Columns(nn.Module):
    """One weight for every pixel of the image, 0 but in the right half."""

    def __init__(self, size: tuple[int, ...]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(size))
        self.weight.data[:, size[1] // 2 :] = 0.1

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        z = (self.weight * x.mean(1)).sum((1, 2))[:, None, None, None]
        z = (z - 1).expand(-1, 1, *x.shape[-2:])
        return torch.cat((-z, z), 1)


class _Weighted(nn.Module):
    """FarColumns with a weight, so that there is something to shuffle."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = FarColumns(START)
        self.weight = nn.Parameter(torch.tensor([1.0, 0.0]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.inner(x) * self.weight[0] + self.weight[1]
        return out


def test_a_check_says_in_words_what_it_found_and_writes_its_curves(tmp_path: Path) -> None:
    network = wrap(_Weighted())
    explanation = explain(network, far_request(), CHOSEN)
    check = check_explanation(network, explanation)
    write_curves(check, tmp_path / "curves.csv")

    assert "better than a random one and than dilation" in check.text
    assert "Shuffled weights" in check.text
    with (tmp_path / "curves.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert {(line["curve"], line["order"]) for line in lines} == {
        (curve, order)
        for curve in ("insertion", "deletion")
        for order in ("map", "random", "dilation")
    }
    scores = [float(line["score"]) for line in lines if line["order"] == "map"]
    np.testing.assert_allclose(scores[0], explanation.scores.object_alone, atol=1e-5)


def level(score: float) -> Curve:
    return Curve(np.array([0, 1], np.float32), np.full(2, score, np.float32))


@pytest.mark.parametrize(
    ("random", "dilation", "told"),
    [
        (0.2, 0.3, "better than a random one and than dilation, in both curves"),
        (0.2, 0.6, "beats only a random order"),
        (0.6, 0.2, "beats only dilation"),
        (0.6, 0.6, "beats neither a random order nor dilation"),
    ],
)
def test_it_is_said_which_orders_are_beaten_in_both_curves(
    random: float, dilation: float, told: str
) -> None:
    insertion = {"map": level(0.5), "random": level(random), "dilation": level(dilation)}
    deletion = {"map": level(0.1), "random": level(0.5), "dilation": level(0.5)}
    assert told in Check(Curves(insertion, deletion), 0.0).order_told


class TestToldOfShuffledWeights:
    CURVES = Curves({}, {})

    @pytest.mark.parametrize(
        ("correlation", "is_flat", "told"),
        [
            (0.1, False, "+0.10; the map depends on what the network learnt"),
            (0.9, False, "+0.90; the map hardly depends on what was learnt: do not trust it"),
            (None, False, "does not come from the image alone"),
            (None, True, "this map is the same everywhere; nothing to compare"),
        ],
    )
    def test_it_is_said_what_a_correlation_or_none_means(
        self, correlation: float | None, is_flat: bool, told: str
    ) -> None:
        assert told in Check(self.CURVES, correlation, is_flat).weights_told

    def test_of_an_empty_map_it_is_said_that_it_is_flat(self) -> None:
        network = wrap(_Weighted())
        explanation = explain(network, far_request(), replace(CHOSEN, lam=9.0))
        assert explanation.mask.max() == 0
        assert check_explanation(network, explanation).is_flat


class TestFollowedAndStopped:
    """A long check says how far it is, and can be ended at any moment."""

    SHORT = replace(CHOSEN, steps=5, samples=5)

    def test_it_counts_up_to_its_end(self) -> None:
        network = wrap(_Weighted())
        explanation = explain(network, far_request(), self.SHORT)
        told: list[tuple[int, int]] = []
        check_explanation(network, explanation, on_progress=lambda *now: told.append(now))

        (total,) = {total for _, total in told}
        assert [done for done, _ in told] == list(range(1, total + 1))
        assert total > self.SHORT.steps

    def test_one_that_converges_early_ends_at_its_total_too(self) -> None:
        network = wrap(_Weighted())
        explanation = explain(network, far_request(), replace(self.SHORT, steps=90, tolerance=0.9))
        told: list[tuple[int, int]] = []
        check_explanation(network, explanation, on_progress=lambda *now: told.append(now))
        assert told[-1][0] == told[-1][1]
        assert len(told) < told[-1][1]

    @pytest.mark.parametrize("method", METHODS)
    def test_between_its_steps_and_afterwards_the_network_is_what_it_was(self, method: str) -> None:
        network, image = wrap(Normalised(), class_count=3), random_image(12, 24, seed=4)
        request = replace(far_request(), image=random_image(12, 24))
        settings = Settings.from_dict(self.SHORT.to_dict() | {"method": method})
        explanation = explain(network, request, settings)
        before = network.predict(image)
        seen = list[bool]()

        def look(_done: int, _total: int) -> None:
            now = network.predict(image)
            seen.append(np.array_equal(now.confidence, before.confidence))

        check_explanation(network, explanation, on_progress=look)

        assert all(seen)
        assert np.array_equal(explain(network, request, settings).mask, explanation.mask)

    @pytest.mark.parametrize("part", ["curves", "shuffled weights"])
    def test_one_that_is_stopped_leaves_nothing_behind(self, part: str) -> None:
        network, image = wrap(Normalised(), class_count=3), random_image(12, 24, seed=4)
        request = replace(far_request(), image=random_image(12, 24))
        explanation = explain(network, request, self.SHORT)
        before = network.predict(image)
        modes = [module.training for module in network.module.modules()]
        flags = [weight.requires_grad for weight in network.module.parameters()]
        left = list[int]()

        with pytest.raises(CheckStoppedError):
            check_explanation(
                network,
                explanation,
                on_progress=lambda done, total: left.append(total - done),
                stop=lambda: part == "curves" or left[-1] == 2,
            )

        assert np.array_equal(network.predict(image).confidence, before.confidence)
        assert np.array_equal(explain(network, request, self.SHORT).mask, explanation.mask)
        assert modes == [module.training for module in network.module.modules()]
        assert flags == [weight.requires_grad for weight in network.module.parameters()]

    def test_a_network_without_weights_is_refused_before_anything_is_measured(self) -> None:
        network = wrap(OwnPixel())
        explanation = explain(network, far_request(), self.SHORT)
        told: list[tuple[int, int]] = []
        with pytest.raises(CheckpointError, match="no weights that can be shuffled"):
            check_explanation(network, explanation, on_progress=lambda *now: told.append(now))
        assert told == []
