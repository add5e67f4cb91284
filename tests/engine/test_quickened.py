"""Quicker ways are taken where they hold on the network at hand, and said to be left out else."""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gridsal_core import Explanation, Request, Settings, explain
from gridsal_core.errors import SettingsError
from gridsal_core.network import SegmentationNetwork
from gridsal_core.records import settings_record
from gridsal_core.settings import preset_values
from tests.engine.networks import Convolutions, box, random_image, wrap

SIZE = (24, 32)
USUAL = Settings(mask_size=(4, 6), lam=0.02, steps=12, learning_rate=0.5, init=0.5)


def asked(seed: int = 0) -> Request:
    return Request(random_image(*SIZE, seed=seed), box(SIZE, 6, 8, 16, 18), class_index=1)


def network() -> SegmentationNetwork:
    return wrap(Convolutions(2, seed=1))


class OwnPrecision(nn.Module):
    """A network that says something else in 16 bits."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = Convolutions(2, seed=1)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.layers(x)
        return out.roll(1, dims=1) if torch.is_autocast_enabled(x.device.type) else out


@pytest.fixture(scope="module")
def usual() -> Explanation:
    return explain(network(), asked(), USUAL)


class TestBfloat16:
    CHOSEN = replace(USUAL, precision="bfloat16")

    def test_masks_are_those_of_float32_to_a_few_hundredths(self, usual: Explanation) -> None:
        found = explain(network(), asked(), self.CHOSEN)
        assert found.notes == ()
        np.testing.assert_allclose(found.mask, usual.mask, atol=0.05)
        assert (found.losses != usual.losses).any()

    def test_what_is_recorded_at_the_end_is_computed_in_float32(self) -> None:
        found = explain(network(), asked(), self.CHOSEN)
        again = network().predict_scored(found.perturbed, found.request.region, 1, "probability")
        assert found.scores.perturbed == pytest.approx(again[1], abs=1e-6)

    def test_it_is_left_out_where_the_answers_would_be_others(
        self, usual: Explanation, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.WARNING):
            found = explain(wrap(OwnPrecision()), asked(), self.CHOSEN)
        (note,) = found.notes
        assert note.startswith("bfloat16 is not used, since scores would differ by")
        assert "bfloat16 is not used" in caplog.text
        np.testing.assert_array_equal(found.mask, usual.mask)

    def test_the_record_says_that_it_was_asked_for_and_whether_it_was_used(self) -> None:
        record = settings_record(explain(wrap(OwnPrecision()), asked(), self.CHOSEN))
        assert record["settings"]["precision"] == "bfloat16"
        assert "precision" in record["deviations"]
        assert any("bfloat16 is not used" in note for note in record["notes"])


class TestExecution:
    def test_cuda_graphs_are_left_out_without_a_cuda_device(self, usual: Explanation) -> None:
        found = explain(network(), asked(), replace(USUAL, execution="cuda-graphs"))
        assert found.notes == (
            "CUDA graphs is not used, since it does not run here; the log says more.",
        )
        np.testing.assert_array_equal(found.mask, usual.mask)

    def test_a_compiler_that_is_not_there_is_no_reason_to_fail(
        self, usual: Explanation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def compile_nothing(*_: object, **__: object) -> None:
            raise RuntimeError("no C++ compiler")

        monkeypatch.setattr(torch, "compile", compile_nothing)
        found = explain(network(), asked(), replace(USUAL, execution="compile"))
        assert found.notes[0].startswith("torch.compile is not used")
        np.testing.assert_array_equal(found.mask, usual.mask)

    def test_what_is_compiled_is_the_network_on_the_box(
        self, usual: Explanation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        given: list[tuple[nn.Module, tuple[int, ...]]] = []

        # The compiler itself takes up to minutes.
        def compile_soon(module: nn.Module, **_: object) -> nn.Module:
            given.append((module, tuple(module(torch.rand(1, 3, *SIZE)).shape)))
            return module

        monkeypatch.setattr(torch, "compile", compile_soon)
        found = explain(network(), asked(), replace(USUAL, execution="compile"))
        assert {shape for _, shape in given} == {(1, 2, 10, 10)}
        assert found.notes == ()
        np.testing.assert_allclose(found.mask, usual.mask, atol=1e-5)


def test_a_preset_that_does_not_exist_is_refused() -> None:
    with pytest.raises(SettingsError, match="preset 'quick' is unknown; choose paper or fast"):
        preset_values("quick")
