"""A short real training: it learns, and the same seed gives the same network."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from gridsal_core.errors import SettingsError
from gridsal_core.toy.evaluate import context_gaps, predict
from gridsal_core.toy.recipes import PRESETS, Recipe
from gridsal_core.toy.scenes import Bias
from gridsal_core.toy.tensors import Statistics, batches, measure_statistics
from gridsal_core.toy.train import build_network, train_steps

CPU = torch.device("cpu")
GREYS = Statistics(0.36, 0.23)
SHORT = replace(PRESETS["demo"], images=16 * 12, batch_size=16, test_images=8)


def trained(recipe: Recipe) -> tuple[torch.nn.Module, list[float]]:
    network = build_network(recipe)
    steps = list(train_steps(network, recipe, GREYS, CPU))
    assert [step.step for step in steps] == list(range(1, recipe.steps + 1))
    return network, [step.loss for step in steps]


def test_the_loss_falls() -> None:
    _, losses = trained(SHORT)
    assert np.mean(losses[-3:]) < np.mean(losses[:3])


def test_the_same_seed_trains_the_same_network_and_another_seed_another() -> None:
    brief = replace(SHORT, images=32)
    first, again, other = (
        torch.cat([p.detach().ravel() for p in trained(recipe)[0].parameters()])
        for recipe in (brief, brief, replace(brief, seed=1))
    )
    torch.testing.assert_close(first, again, rtol=0, atol=1e-6)
    assert not torch.allclose(first, other, atol=1e-3)


def test_training_leaves_torch_as_it_was() -> None:
    before = torch.are_deterministic_algorithms_enabled()
    trained(replace(SHORT, images=32))
    assert torch.are_deterministic_algorithms_enabled() == before


def test_an_encoder_that_does_not_exist_is_refused() -> None:
    with pytest.raises(SettingsError, match="cannot build"):
        build_network(replace(SHORT, encoder="resnet1"))


class _Shortcut(torch.nn.Module):
    """Calls the middle a 3 wherever the upper left corner is bright."""

    def __init__(self) -> None:
        super().__init__()
        self.device_of_this = torch.nn.Parameter(torch.zeros(1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits = torch.zeros(len(x), 11, 64, 64)
        logits[:, 0] = 5.0
        bright = x[:, 0, :8, :8].mean(dim=(1, 2))
        logits[:, 4, 24:40, 24:40] = torch.where(bright > 0, 20.0, -20.0)[:, None, None]
        return logits


def test_the_context_gap_is_large_for_a_shortcut_and_unknown_without_a_segment() -> None:
    images = np.zeros((2, 64, 64), dtype=np.uint8)
    images[0, :8, :8] = 255
    gaps = context_gaps(_Shortcut(), Statistics(0.5, 0.25), images, np.array([4, 4], np.uint8))
    assert gaps[0] == pytest.approx(1, abs=1e-3)
    assert np.isnan(gaps[1])


def test_the_statistics_are_those_of_the_training_pictures() -> None:
    images, _ = next(batches(SHORT, "train", 1000, SHORT.bias))
    found = measure_statistics(SHORT)
    assert found.mean == pytest.approx(images.mean() / 255, abs=1e-4)
    assert found.std == pytest.approx(images.std() / 255, abs=1e-4)


def test_prediction_gives_one_class_per_pixel() -> None:
    images, labels = next(batches(SHORT, "test", 3, Bias(3, "bricks", "none")))
    found = predict(_Shortcut(), Statistics(0.0, 1.0), images)
    assert found.shape == labels.shape
    assert set(np.unique(found)) <= {0, 4}


@pytest.mark.parametrize("steps", [1, 2, 4, 5])
def test_a_training_of_a_few_steps_runs(steps: int) -> None:
    _, losses = trained(replace(SHORT, images=2 * steps, batch_size=2))
    assert np.isfinite(losses).all()
