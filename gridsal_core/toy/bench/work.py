"""One piece of a benchmark: train a network, or measure a method on it. Imports torch: import late.

A piece reads what it needs from the benchmark's folder and leaves there what it found, so that any
process can do it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from time import monotonic

import torch

from gridsal_core.checkpoints import load_network
from gridsal_core.network import SegmentationNetwork
from gridsal_core.settings import Settings
from gridsal_core.toy.bench.measure import images_of, measure
from gridsal_core.toy.bench.plan import Case, Plan
from gridsal_core.toy.bench.store import Store
from gridsal_core.toy.demo import run_recipe, write_demo

Tell = Callable[[str, int, int, str], None]
"""Called with what is done, how much of it, of how much, and a note."""


@dataclass(frozen=True)
class Training:
    """Train the network of a case."""

    case: Case

    @property
    def title(self) -> str:
        """What is done, for the user."""
        return f"train {self.case.name}"

    def do(self, place: Place, tell: Tell) -> None:
        """Train, and keep the network."""
        recipe, began = place.plan.recipe_of(self.case), monotonic()
        trained = run_recipe(
            recipe,
            place.device,
            lambda state: tell(self.title, state.step, state.steps, f"loss {state.loss:.3f}"),
        )
        folder = place.store.network(self.case)
        folder.mkdir(parents=True, exist_ok=True)
        write_demo(
            folder, replace(trained, minutes=(monotonic() - began) / 60), "gridsal toy bench"
        )


@dataclass(frozen=True)
class Measuring:
    """Explain the images of a digit by one method, and measure the maps."""

    case: Case
    method: str
    settings: Settings
    digit: int
    images: int

    @property
    def title(self) -> str:
        """What is done, for the user."""
        return f"{self.method} on {self.case.name}, digit {self.digit}"

    def do(self, place: Place, tell: Tell) -> None:
        """Measure, and keep the rows."""
        network = _network(place.store.network(self.case), str(place.device))
        pictures = images_of(self.case, self.digit, self.images, place.plan.recipe.source)
        rows = []
        for row in measure(network, pictures, self.settings, place.plan.batch):
            rows.append(row)
            tell(self.title, len(rows), self.images, "")
        rows.sort(key=lambda row: row.index)
        place.store.write_rows(self.case, self.method, self.digit, rows)


Piece = Training | Measuring


@dataclass(frozen=True)
class Place:
    """What is computed, where it is kept, and on which device."""

    plan: Plan
    store: Store
    device: torch.device


# Pieces of one network mostly follow each other.
@lru_cache(maxsize=2)
def _network(folder: Path, device: str) -> SegmentationNetwork:
    return load_network(folder / "model", device)
