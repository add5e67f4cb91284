"""What the paper says of the synthetic benchmark, and whether these figures agree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gridsal_core.toy.bench.plan import PAPER, TUNED
from gridsal_core.toy.bench.tables import Accuracy, Figures

MCBL: dict[str, float] = {"strong": 0.90, "weak": 0.85}
AUC: dict[str, float] = {"strong": 0.95, "weak": 0.90}
LEAST_RATIO = 4.0
GRADIENTS = ("VG", "SG", "IG")
# A smaller loss of IoU than this is none.
LEAST_DROP = 0.02
# "Comparable to random guessing (about 0.5 mCBL)".
GUESSING = (0.35, 0.65)


@dataclass(frozen=True)
class Claim:
    """A sentence, the figures that bear on it, and whether they agree with it."""

    text: str
    found: str
    holds: bool


def claims(figures: Sequence[Figures], accuracies: Sequence[Accuracy]) -> list[Claim]:
    """Hold the figures against the paper (section 4.2) and against this project's own aims."""
    return [*_of_accuracy(accuracies), *_of_saliency(figures), *_of_gradients(figures)]


def _of_accuracy(accuracies: Sequence[Accuracy]) -> Iterator[Claim]:
    free = next((each for each in accuracies if each.digit is None), None)
    drops: dict[str, list[float]] = {}
    for each in accuracies:
        if free is None or each.digit is None:
            continue
        before, after = free.by_digit[each.digit], each.by_digit[each.digit]
        drops.setdefault(each.strength, []).append(before - after)
        yield Claim(
            f"A {each.strength} bias of digit {each.digit} costs it IoU on images without the bias "
            "(figure 4a).",
            f"{before:.2f} without, {after:.2f} with the bias",
            before - after >= LEAST_DROP,
        )
        others = [
            free.by_digit[digit] - each.by_digit[digit]
            for digit in range(10)
            if digit != each.digit
        ]
        yield Claim(
            f"A {each.strength} bias of digit {each.digit} costs it more than the other digits.",
            f"{before - after:.2f} against {sum(others) / len(others):.2f} on average",
            before - after > sum(others) / len(others),
        )
    if {"strong", "weak"} <= set(drops):
        strong, weak = (sum(drops[name]) / len(drops[name]) for name in ("strong", "weak"))
        yield Claim(
            "The stronger bias costs more (figure 4a).",
            f"{strong:.2f} strong, {weak:.2f} weak",
            strong > weak,
        )


def _of_saliency(figures: Sequence[Figures]) -> Iterator[Claim]:
    for each in figures:
        if each.method not in (PAPER, TUNED) or each.biased is None or not each.unbiased:
            continue
        name = f"{each.method}, {each.strength} bias of digit {each.digit}"
        measured = ", ".join(str(digit) for digit in each.mcbd if digit != each.digit)
        yield Claim(
            f"{name}: its mCBD is above that of every other measured digit ({measured}; figure "
            "4b).",
            f"{each.biased:.3f} against {max(each.unbiased):.3f} at most",
            each.biased > max(each.unbiased),
        )
        yield Claim(
            f"{name}: its mCBD is at least {LEAST_RATIO:g} times the others' mean.",
            _times(each),
            each.biased > 0 and (each.ratio is None or each.ratio >= LEAST_RATIO),
        )
        yield _at_least(f"{name}: mCBL (figure 4c)", each.mcbl, MCBL[each.strength])
        yield _at_least(f"{name}: AUC of CBD by image", each.auc, AUC[each.strength])


def _of_gradients(figures: Sequence[Figures]) -> Iterator[Claim]:
    own = {(f.strength, f.digit): f for f in figures if f.method == PAPER}
    for each in figures:
        grid = own.get((each.strength, each.digit))
        if each.method not in GRADIENTS or each.digit is None or grid is None:
            continue
        name = f"{each.method}, {each.strength} bias of digit {each.digit}"
        low, high = GUESSING
        yield Claim(
            f"{name}: mCBL is comparable to guessing, about 0.5 (figure 4c).",
            _number(each.mcbl),
            each.mcbl is not None and low <= each.mcbl <= high,
        )
        yield Claim(
            f"{name}: it places the bias less well than grid saliency.",
            f"{_number(each.mcbl)} against {_number(grid.mcbl)}",
            each.mcbl is not None and grid.mcbl is not None and each.mcbl < grid.mcbl,
        )
        yield Claim(
            f"{name}: it sets the biased digit less clearly apart than grid saliency (figure 4b).",
            f"{_times(each)} against {_times(grid)}",
            _is_less_apart(each, grid),
        )


def _is_less_apart(each: Figures, grid: Figures) -> bool:
    if not grid.biased or each.ratio is None:
        return False
    return grid.ratio is None or each.ratio < grid.ratio


def _times(each: Figures) -> str:
    """Say how the biased digit's mCBD compares with the others'."""
    if not each.biased:
        return "all maps are empty" if not any(each.unbiased) else "0 times the others' mCBD"
    if each.ratio is None:
        return f"{each.biased:.3f}, the others' is 0"
    return f"{each.ratio:.1f} times the others' mCBD"


def _at_least(name: str, value: float | None, least: float) -> Claim:
    return Claim(
        f"{name} is at least {least:.2f}.", _number(value), value is not None and value >= least
    )


def _number(value: float | None) -> str:
    return "not available" if value is None else f"{value:.2f}"
