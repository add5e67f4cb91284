"""Train a segmentation network on fresh toy images. Imports torch: import this module late.

The network starts from random weights. One that has already learnt the digits without a bias has
no reason to learn the bias afterwards.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import segmentation_models_pytorch as smp
import torch

from gridsal_core.errors import DeviceError, SettingsError
from gridsal_core.toy.classes import CLASS_NAMES
from gridsal_core.toy.recipes import Recipe
from gridsal_core.toy.tensors import Statistics, batches, normalised, to_unit

# The cycle divides by the length of its rise, which a shorter one rounds to nothing.
_SHORTEST_CYCLE: Final = 10
# Four pixels in five are background; unweighted, the ten digits hardly count.
_BACKGROUND_WEIGHT: Final = 0.25


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a training is; `loss` is the mean cross entropy of the last step."""

    step: int
    steps: int
    loss: float


def choose_device(name: str) -> torch.device:
    """Turn `auto`, `cpu` or `cuda` into a device.

    Raises
    ------
    DeviceError
        `cuda` was asked for and there is none.
    SettingsError
        The name is none of the three.
    """
    if name not in ("auto", "cpu", "cuda"):
        raise SettingsError(f"There is no device {name!r}; choose auto, cpu or cuda.")
    if name == "cuda" and not torch.cuda.is_available():
        raise DeviceError("No CUDA device was found; choose --device cpu or auto.")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def build_network(recipe: Recipe) -> torch.nn.Module:
    """Build the recipe's network with random weights drawn from its seed.

    Raises
    ------
    SettingsError
        segmentation-models-pytorch cannot build it.
    """
    options: dict[str, Any] = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in recipe.options.items()
    }
    torch.manual_seed(recipe.seed)
    try:
        network: torch.nn.Module = smp.create_model(
            recipe.arch,
            encoder_name=recipe.encoder,
            encoder_weights=None,
            in_channels=1,
            classes=len(CLASS_NAMES),
            **options,
        )
    except (KeyError, ValueError, TypeError, RuntimeError) as error:
        raise SettingsError(
            f"segmentation-models-pytorch cannot build {recipe.arch!r} with the encoder "
            f"{recipe.encoder!r}: {error}"
        ) from error
    return network


def train_steps(
    network: torch.nn.Module, recipe: Recipe, statistics: Statistics, device: torch.device
) -> Iterator[Progress]:
    """Train a network in place, one optimizer step per item.

    Parameters
    ----------
    network : Module
        Takes N x 1 x 64 x 64 normalised greys, gives N x 11 x 64 x 64 logits.
    recipe : Recipe
        Images, bias, seed and the one cycle.
    statistics : Statistics
        Greys are normalised with these.
    device : torch.device
        Where to train; the network stays there.
    """
    network.to(device).to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=recipe.learning_rate, weight_decay=1e-2)
    cycle = torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        max_lr=recipe.learning_rate,
        total_steps=max(recipe.steps + 1, _SHORTEST_CYCLE),
        pct_start=0.2,
    )
    weight = torch.ones(len(CLASS_NAMES), device=device)
    weight[0] = _BACKGROUND_WEIGHT
    stacks = batches(recipe, "train", recipe.batch_size, recipe.bias)
    for step, (images, labels) in enumerate(islice(stacks, recipe.steps), start=1):
        with (
            _repeatable(),
            torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type == "cuda"),
        ):
            logits = network(normalised(to_unit(images), statistics, device))
            target = torch.from_numpy(labels).to(device, torch.long)
            loss = torch.nn.functional.cross_entropy(logits, target, weight)
            optimizer.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
            optimizer.step()
            cycle.step()
        yield Progress(step, recipe.steps, float(loss.detach()))
    network.eval()


@contextmanager
def _repeatable() -> Iterator[None]:
    """Ask torch for the same numbers every time, and leave its setting as it was."""
    before = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before, warn_only=warn_only)
