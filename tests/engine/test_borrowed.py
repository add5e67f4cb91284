"""The network is borrowed: it comes back as it was, and the same question has the same answer."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gridsal_core import Explanation, Request, Settings, explain, explain_steps
from gridsal_core.errors import CheckpointError, RequestError
from gridsal_core.grid_saliency import explain_many
from gridsal_core.network import SegmentationNetwork
from gridsal_core.perturbation import Noise
from gridsal_core.records import save_record
from tests.engine.networks import Convolutions, Normalised, box, random_image, wrap

REQUEST = Request(random_image(10, 12), box((10, 12), 2, 2, 7, 8), class_index=1)
CHOSEN = Settings(mask_size=(2, 3), steps=6, lam=0.02, perturbation=Noise(4))


class Failing(Convolutions):
    """Breaks off after four image batches, as a broken driver would."""

    def __init__(self) -> None:
        super().__init__(2)
        self.calls = itertools.count(1)

    def forward(self, x: Tensor) -> Tensor:
        if next(self.calls) > 4:
            raise RuntimeError("the driver went away")
        return super().forward(x)


def used(module: nn.Module) -> SegmentationNetwork:
    """Wrap a network as a training loop leaves it: train mode, one layer frozen on purpose."""
    module.train()
    next(iter(module.parameters())).requires_grad_(False)
    return wrap(module, 3 if isinstance(module, Normalised) else 2)


@contextmanager
def given_back(network: SegmentationNetwork) -> Iterator[None]:
    """Check that modes and flags are afterwards what they were before, and no gradient is left."""

    def state() -> list[bool]:
        flags = [weight.requires_grad for weight in network.module.parameters()]
        return flags + [part.training for part in network.module.modules()]

    before = state()
    yield
    assert state() == before
    assert all(weight.grad is None for weight in network.module.parameters())


def finish(steps: Iterator[object]) -> None:
    for _ in steps:
        pass


def test_after_success() -> None:
    network = used(Normalised())
    with given_back(network):
        explain(network, REQUEST, CHOSEN)
        explain_many(network, [REQUEST, REQUEST], CHOSEN)
        network.predict(REQUEST.image)


def test_after_an_exception_in_the_network() -> None:
    network = used(Failing())
    with given_back(network), pytest.raises(CheckpointError, match="driver went away"):
        explain(network, REQUEST, CHOSEN)


def test_after_a_request_that_does_not_fit() -> None:
    network = used(Normalised())
    with given_back(network), pytest.raises(RequestError, match="classes 0 to 2"):
        explain(network, replace(REQUEST, class_index=3), CHOSEN)


def test_after_a_generator_that_was_closed() -> None:
    network = used(Normalised())
    with given_back(network):
        steps = explain_steps(network, REQUEST, CHOSEN)
        next(steps)
        assert not network.module.training
        assert not any(weight.requires_grad for weight in network.module.parameters())
        steps.close()


def test_after_a_stop() -> None:
    network = used(Normalised())
    with given_back(network):
        finish(explain_steps(network, REQUEST, CHOSEN, stop=lambda: True))


def test_after_an_exception_in_the_snapshot_handler() -> None:
    network = used(Normalised())

    def refuse(_: object) -> None:
        raise ZeroDivisionError

    with given_back(network), pytest.raises(ZeroDivisionError):
        explain(network, REQUEST, CHOSEN, on_snapshot=refuse)


@pytest.mark.parametrize("first", [0, 1])
def test_two_explanations_drawn_in_turn_share_it_whichever_ends_first(first: int) -> None:
    network = used(Normalised())
    alone = explain(network, REQUEST, CHOSEN)
    with given_back(network):
        both = [explain_steps(network, REQUEST, CHOSEN) for _ in range(2)]
        for steps in both:
            next(steps)
        finish(both[first])
        assert not network.module.training
        last = list(both[1 - first])
    np.testing.assert_array_equal(last[-1].losses, alone.losses)


def test_gradient_mode_of_the_caller_stays_as_it_is_between_steps() -> None:
    network = used(Normalised())
    with torch.no_grad():
        for _ in explain_steps(network, REQUEST, CHOSEN):
            assert not torch.is_grad_enabled()
    for _ in explain_steps(network, REQUEST, CHOSEN):
        assert torch.is_grad_enabled()


def test_the_request_is_not_changed() -> None:
    image, region = REQUEST.image.copy(), REQUEST.region.copy()

    result = explain(wrap(Convolutions(2)), REQUEST, CHOSEN)

    np.testing.assert_array_equal(REQUEST.image, image)
    np.testing.assert_array_equal(REQUEST.region, region)
    assert not np.shares_memory(result.perturbed, REQUEST.image)


@pytest.mark.parametrize("init", [0.5, "auto"])
def test_the_same_question_has_the_same_answer_to_the_byte(init: float, tmp_path: Path) -> None:
    def ask(name: str) -> tuple[Explanation, bytes]:
        result = explain(wrap(Convolutions(2, seed=9)), REQUEST, replace(CHOSEN, init=init))
        save_record(result, tmp_path / name)
        return result, (tmp_path / name).read_bytes()

    (first, first_file), (second, second_file) = ask("first.npz"), ask("second.npz")

    for name in ("mask", "saliency", "perturbed", "losses", "score_history"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    assert first_file == second_file
