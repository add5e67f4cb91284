"""From the rows of single images to the figures of section 4.2."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from gridsal_core.arrays import FloatArray
from gridsal_core.errors import SettingsError
from gridsal_core.metrics import area_under_roc
from gridsal_core.toy.bench.measure import Row
from gridsal_core.toy.bench.plan import AUTO, FROM_ONE, PAPER, TUNED, Case, Plan
from gridsal_core.toy.bench.store import Store

Rows = Mapping[int, Sequence[Row]]


@dataclass(frozen=True)
class Choice:
    """How well a candidate did on one validation network."""

    strength: str
    candidate: str
    auc: float
    mcbl: float

    @classmethod
    def of(cls, case: Case, candidate: str, rows: Rows) -> Choice:
        """Measure a candidate on a case."""
        return cls(
            case.strength,
            candidate,
            detection(rows, case.digit) or 0.0,
            mean_cbl(rows.get(case.digit, ())) or 0.0,
        )

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def choose(choices: Iterable[Choice]) -> str:
    """Take the candidate with the highest mean of detection (AUC) and mCBL over all networks.

    Raises
    ------
    SettingsError
        There is no candidate.
    """
    found: dict[str, list[float]] = {}
    for choice in choices:
        found.setdefault(choice.candidate, []).append((choice.auc + choice.mcbl) / 2)
    if not found:
        raise SettingsError("There are no settings to choose from; give at least one candidate.")
    return max(found, key=lambda name: sum(found[name]) / len(found[name]))


@dataclass(frozen=True)
class Figures:
    """What one method found on the networks of one strength and biased digit.

    Means over textures and seeds of the means over images; None where nothing was measured.

    Parameters
    ----------
    method, strength, digit
        Of the networks; the digit is None where nothing is biased.
    mcbd
        By digit: mean CBD, eq. 6.
    mcbl
        Mean CBL of the biased digit, eq. 7, over the images whose map is not empty.
    empty
        Images of the biased digit whose map is empty: without a CBL.
    images, missed
        Images of the biased digit, and those of them in which it is not predicted.
    auc
        How well the CBD of an image tells the biased digit from the others.
    residual
        Mean hinge at the final mask, on the biased digit.
    needed, needed_by_others
        Mean hinge at the empty mask, on the biased digit and on the other digits: whether there is
        a bias to find at all.
    """

    method: str
    strength: str
    digit: int | None
    mcbd: Mapping[int, float | None]
    mcbl: float | None
    empty: int
    images: int
    missed: int
    auc: float | None
    residual: float | None
    needed: float | None = None
    needed_by_others: float | None = None

    @property
    def unbiased(self) -> list[float]:
        """MCBD of the digits without a bias."""
        return [v for d, v in self.mcbd.items() if d != self.digit and v is not None]

    @property
    def biased(self) -> float | None:
        """MCBD of the biased digit."""
        return None if self.digit is None else self.mcbd.get(self.digit)

    @property
    def ratio(self) -> float | None:
        """MCBD of the biased digit over the mean of the others."""
        if self.biased is None or not self.unbiased or sum(self.unbiased) == 0:
            return None
        return self.biased * len(self.unbiased) / sum(self.unbiased)


@dataclass(frozen=True)
class Accuracy:
    """IoU on test images without a bias: the mean, and by digit (figure 4a)."""

    strength: str
    digit: int | None
    mean: float
    by_digit: tuple[float, ...]


def method_names(plan: Plan) -> tuple[str, ...]:
    """Name the methods that are reported, in order."""
    has_auto = {PAPER, FROM_ONE} <= set(plan.methods)
    names = [name for name in plan.methods if name != FROM_ONE or not has_auto]
    extra = [AUTO] if has_auto else []
    return (*names, *extra, *([TUNED] if plan.validation is not None else []))


def figures(plan: Plan, store: Store) -> list[Figures]:
    """Sum up all that is measured, by method, strength and biased digit."""
    groups: dict[tuple[str, int | None], list[Case]] = {}
    for case in plan.cases():
        digit = None if case.strength == "none" else case.digit
        groups.setdefault((case.strength, digit), []).append(case)
    return [
        _figures(method, strength, digit, [_rows_of(plan, store, each, method) for each in cases])
        for method in method_names(plan)
        for (strength, digit), cases in groups.items()
        if digit is not None or method in plan.methods_of(cases[0])
    ]


def accuracies(plan: Plan, store: Store) -> list[Accuracy]:
    """Read the IoU of all networks, the mean over textures and seeds."""
    found: dict[tuple[str, int | None], list[dict[str, float]]] = {}
    for case in plan.cases():
        digit = None if case.strength == "none" else case.digit
        found.setdefault((case.strength, digit), []).append(store.metrics(case)["iou_unbiased"])
    return [
        Accuracy(
            strength,
            digit,
            _average([each["mIoU"] for each in some]) or 0.0,
            tuple(
                _average([each[f"digit {shown}"] for each in some]) or 0.0 for shown in range(10)
            ),
        )
        for (strength, digit), some in found.items()
    ]


def detection(rows: Rows, biased: int) -> float | None:
    """How well the CBD of single images tells the biased digit from the others: an AUC."""
    groups = {
        is_biased: [
            row.cbd
            for digit, some in rows.items()
            for row in some
            if (digit == biased) == is_biased and row.cbd is not None
        ]
        for is_biased in (True, False)
    }
    if not groups[True] or not groups[False]:
        return None
    return area_under_roc(np.array(groups[True]), np.array(groups[False]))


def mean_cbl(rows: Sequence[Row]) -> float | None:
    """Mean CBL over the images whose map is not empty."""
    return _average([row.cbl for row in rows])


def _figures(method: str, strength: str, digit: int | None, cases: list[Rows]) -> Figures:
    digits = sorted({each for rows in cases for each in rows})
    own = [row for rows in cases for row in rows.get(-1 if digit is None else digit, ())]
    asked = [row for row in own if row.requested]
    others = [row for rows in cases for each, some in rows.items() if each != digit for row in some]
    return Figures(
        method=method,
        strength=strength,
        digit=digit,
        mcbd={
            each: _average([_average([row.cbd for row in rows.get(each, ())]) for rows in cases])
            for each in digits
        },
        mcbl=None if digit is None else _average([mean_cbl(rows.get(digit, ())) for rows in cases]),
        empty=sum(row.cbl is None for row in asked),
        images=len(own),
        missed=len(own) - len(asked),
        auc=None if digit is None else _average([detection(rows, digit) for rows in cases]),
        residual=_average([row.residual for row in asked]),
        needed=_average([row.residual_without_context for row in asked]),
        needed_by_others=_average([row.residual_without_context for row in others]),
    )


def _rows_of(plan: Plan, store: Store, case: Case, method: str) -> Rows:
    found = {}
    for digit in plan.digits_of(case):
        if method == AUTO:
            both = (store.rows(case, name, digit) or [] for name in (PAPER, FROM_ONE))
            found[digit] = [_better(a, b) for a, b in zip(*both, strict=True)]
        else:
            found[digit] = store.rows(case, method, digit) or []
    return found


def _better(half: Row, one: Row) -> Row:
    """Keep the start that ends at the lower objective, as `init="auto"` does."""
    if half.objective is None or one.objective is None:
        return half
    return one if one.objective < half.objective else half


def _average(values: Sequence[float | None]) -> float | None:
    known: FloatArray = np.array([value for value in values if value is not None], np.float64)
    return float(known.mean()) if known.size else None
