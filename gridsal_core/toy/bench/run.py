"""Run a benchmark: train what is not trained, measure what is not measured. Imports torch."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

from gridsal_core.settings import Settings
from gridsal_core.toy.bench.crew import carry_out
from gridsal_core.toy.bench.plan import TUNED, Case, Plan
from gridsal_core.toy.bench.store import Store
from gridsal_core.toy.bench.tables import Choice, choose
from gridsal_core.toy.bench.work import Measuring, Piece, Place, Tell, Training
from gridsal_core.toy.files import write_json


@dataclass(frozen=True)
class Bench:
    """A plan, where it is kept, where it computes, and who is told how far it is.

    `jobs` is the number of processes that work side by side.
    """

    plan: Plan
    store: Store
    device: torch.device
    on_progress: Tell
    jobs: int = 1

    def run(self) -> None:
        """Do all that is not done yet.

        Raises
        ------
        OutputError
            If the folder cannot be used.
        SettingsError, ImageError
            If the network cannot be built or the digits or textures not be read.
        DeviceError
            If a process ends unexpectedly.
        """
        self.store.begin(self.plan)
        place = Place(self.plan, self.store, self.device)
        carry_out(place, self._first(), self._after, self.jobs, self.on_progress)

    def _first(self) -> list[Piece]:
        """All trainings that are due, before anything that networks of an earlier run allow."""
        cases = [*self.plan.validation_cases(), *self.plan.cases()]
        due = [case for case in cases if not self.store.metrics(case)]
        self._tune()
        known = [piece for case in cases if case not in due for piece in self._measurings(case)]
        return [*map(Training, due), *known]

    def _after(self, piece: Piece) -> Iterator[Piece]:
        if isinstance(piece, Training):
            yield from self._measurings(piece.case)
        elif piece.case.role == "validation" and self._tune():
            for case in self.plan.cases():
                if self.store.metrics(case):
                    yield from self._of_tuned(case)

    def _measurings(self, case: Case) -> Iterator[Piece]:
        is_test = case.role == "test"
        count = self.plan.per_digit if is_test else self.plan.validation_per_digit
        for name, settings in self.plan.methods_of(case).items():
            yield from self._of_method(case, name, settings, count)
        yield from self._of_tuned(case)

    def _of_tuned(self, case: Case) -> Iterator[Piece]:
        """What the tuned settings are measured on, once they are chosen: networks with a bias."""
        if case.role == "test" and case.strength != "none" and self._file.is_file():
            yield from self._of_method(case, TUNED, self._tuned, self.plan.per_digit)

    def _of_method(self, case: Case, name: str, settings: Settings, count: int) -> Iterator[Piece]:
        for digit in self.plan.digits_of(case):
            if self.store.rows(case, name, digit) is None:
                yield Measuring(case, name, settings, digit, count)

    def _tune(self) -> bool:
        """Choose settings once all candidates are measured; say whether that was now."""
        if self._file.is_file() or self.plan.validation is None:
            return False
        found: list[Choice] = []
        for case in self.plan.validation_cases():
            for name in self.plan.candidates:
                rows = {
                    digit: self.store.rows(case, name, digit) for digit in self.plan.digits_of(case)
                }
                known = {digit: some for digit, some in rows.items() if some is not None}
                if len(known) < len(rows):
                    return False
                found.append(Choice.of(case, name, known))
        write_json(
            self._file, {"chosen": choose(found), "tried": [choice.as_dict() for choice in found]}
        )
        return True

    @property
    def _file(self) -> Path:
        return self.store.folder / "tuned.json"

    @property
    def _tuned(self) -> Settings:
        chosen: str = json.loads(self._file.read_text(encoding="utf-8"))["chosen"]
        return self.plan.candidates[chosen]
