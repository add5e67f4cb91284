"""Run a benchmark: train what is not trained, measure what is not measured. Imports torch."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic

import torch

from gridsal_core.checkpoints import load_network
from gridsal_core.network import SegmentationNetwork
from gridsal_core.settings import Settings
from gridsal_core.toy.bench.measure import Row, images_of, measure
from gridsal_core.toy.bench.plan import TUNED, Case, Plan
from gridsal_core.toy.bench.store import Store
from gridsal_core.toy.bench.tables import Choice, choose
from gridsal_core.toy.demo import run_recipe, write_demo
from gridsal_core.toy.files import write_json

Advance = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Bench:
    """A plan, where it is kept, where it computes, and who is told how far it is."""

    plan: Plan
    store: Store
    device: torch.device
    on_progress: Callable[[str, int, int, str], None]

    def run(self) -> None:
        """Do all that is not done yet.

        Raises
        ------
        OutputError
            If the folder cannot be used.
        SettingsError, ImageError
            If the network cannot be built or the digits or textures not be read.
        """
        self.store.begin(self.plan)
        methods = dict(self.plan.methods)
        if self.plan.validation is not None:
            methods[TUNED] = self._tuned()
        for case in self.plan.cases():
            network = self._network(case)
            for name, settings in methods.items():
                for digit in self.plan.digits_of(case):
                    self._measured(case, network, name, settings, digit, self.plan.per_digit)

    def _tuned(self) -> Settings:
        """Choose settings on the validation networks, unless that was done before."""
        file = self.store.folder / "tuned.json"
        if file.is_file():
            chosen = json.loads(file.read_text(encoding="utf-8"))["chosen"]
            return self.plan.candidates[chosen]
        count = self.plan.validation_per_digit
        found: list[Choice] = []
        for case in self.plan.validation_cases():
            network = self._network(case)
            for name, settings in self.plan.candidates.items():
                rows = {
                    digit: self._measured(case, network, name, settings, digit, count)
                    for digit in self.plan.digits_of(case)
                }
                found.append(Choice.of(case, name, rows))
        best = choose(found)
        write_json(file, {"chosen": best, "tried": [choice.as_dict() for choice in found]})
        return self.plan.candidates[best]

    def _network(self, case: Case) -> SegmentationNetwork:
        folder = self.store.network(case)
        if not self.store.metrics(case):
            recipe = self.plan.recipe_of(case)
            title, began = f"train {case.name}", monotonic()
            trained = run_recipe(
                recipe,
                self.device,
                lambda state: self.on_progress(
                    title, state.step, state.steps, f"loss {state.loss:.3f}"
                ),
            )
            folder.mkdir(parents=True, exist_ok=True)
            write_demo(folder, replace(trained, minutes=(monotonic() - began) / 60), "")
        return load_network(folder / "model", str(self.device))

    def _measured(
        self,
        case: Case,
        network: SegmentationNetwork,
        name: str,
        settings: Settings,
        digit: int,
        count: int,
    ) -> list[Row]:
        rows = self.store.rows(case, name, digit)
        if rows is None:
            pictures = images_of(case, digit, count, self.plan.recipe.source)
            title, rows = f"{name} on {case.name}, digit {digit}", []
            for row in measure(network, pictures, settings, self.plan.batch):
                rows.append(row)
                self.on_progress(title, len(rows), count, "")
            rows.sort(key=lambda row: row.index)
            self.store.write_rows(case, name, digit, rows)
        return rows
