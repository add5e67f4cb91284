"""The benchmark's tables (CSV), its picture, and a report in words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from gridsal_core.toy.bench.claims import Claim, claims
from gridsal_core.toy.bench.picture import save_picture
from gridsal_core.toy.bench.plan import PAPER, TUNED, Plan
from gridsal_core.toy.bench.store import Store, table_text
from gridsal_core.toy.bench.tables import Accuracy, Figures, accuracies, figures
from gridsal_core.toy.files import write_text
from gridsal_core.toy.recipes import Recipe

_HEAD = """\
# The synthetic benchmark

Sections 4.1 and 4.2 of the paper: 64x64 images of a digit over two background textures, one of
which is coupled with one digit. A network that learnt the short cut needs that texture; a method
that explains it has to show that (CBD, eq. 6) and where (CBL, eq. 7).

"""


def write_report(plan: Plan, store: Store) -> tuple[Path, ...]:
    """Write `iou.csv`, `mcbd.csv`, `summary.csv`, `figure4.png`, `figure4.svg` and `report.md`.

    Raises
    ------
    OutputError
        If they cannot be written.
    """
    found, accuracy = figures(plan, store), accuracies(plan, store)
    texts = {
        "iou.csv": _iou_table(accuracy),
        "mcbd.csv": _mcbd_table(found),
        "summary.csv": _summary_table(found),
        "report.md": _report(plan, store, found, accuracy),
    }
    for name, text in texts.items():
        write_text(store.folder / name, text)
    pictures = tuple(store.folder / f"figure4{suffix}" for suffix in (".png", ".svg"))
    for file in pictures:
        save_picture(file, found, accuracy)
    return (*(store.folder / name for name in texts), *pictures)


def _iou_table(accuracy: Sequence[Accuracy]) -> str:
    return table_text(
        ["strength", "biased_digit", "mIoU", *(f"digit_{digit}" for digit in range(10))],
        [
            [each.strength, _digit(each.digit), *map(_exact, (each.mean, *each.by_digit))]
            for each in accuracy
        ],
    )


def _mcbd_table(found: Sequence[Figures]) -> str:
    return table_text(
        ["method", "strength", "biased_digit", "digit", "mCBD"],
        [
            [each.method, each.strength, _digit(each.digit), str(digit), _exact(value)]
            for each in found
            for digit, value in each.mcbd.items()
        ],
    )


def _summary_table(found: Sequence[Figures]) -> str:
    return table_text(
        [
            "method",
            "strength",
            "biased_digit",
            "mCBD_biased",
            "mCBD_unbiased_mean",
            "mCBD_unbiased_largest",
            "ratio",
            "AUC",
            "mCBL",
            "images",
            "not_predicted",
            "empty_maps",
            "residual",
            "needed",
            "needed_by_others",
        ],
        [
            [
                each.method,
                each.strength,
                _digit(each.digit),
                _exact(each.biased),
                _exact(_mean(each.unbiased)),
                _exact(max(each.unbiased, default=None)),
                _exact(each.ratio),
                _exact(each.auc),
                _exact(each.mcbl),
                str(each.images),
                str(each.missed),
                str(each.empty),
                _exact(each.residual),
                _exact(each.needed),
                _exact(each.needed_by_others),
            ]
            for each in found
            if each.digit is not None
        ],
    )


def _report(
    plan: Plan, store: Store, found: Sequence[Figures], accuracy: Sequence[Accuracy]
) -> str:
    held = claims(found, accuracy)
    parts = [
        _HEAD,
        _set_up(plan),
        "![Figure 4](figure4.png)\n",
        "## Accuracy without the bias (figure 4a)\n",
        _markdown(
            ["bias", "mIoU", *(f"digit {digit}" for digit in range(10))],
            [
                [_network(each.strength, each.digit), *(f"{v:.2f}" for v in _values(each))]
                for each in accuracy
            ],
        ),
        "## Detection and localization (figures 4b and 4c)\n",
        _whether_there_is_one(found),
        "The biased digit's mCBD, that of the other measured digits, how well the CBD of one image "
        "tells them apart (AUC), and the share of the map in the biased half (mCBL).\n",
        _markdown(
            ["bias", "method", "mCBD", "others", "ratio", "AUC", "mCBL", "empty", "residual"],
            [_line(each) for each in _by_network(found)],
        ),
        _tuning(plan, store),
        "## Agreement with the paper\n",
        _verdict(held),
        _markdown(
            ["", "claim", "found"],
            [["yes" if each.holds else "**no**", each.text, each.found] for each in held],
        ),
    ]
    return "\n".join(part for part in parts if part)


def _set_up(plan: Plan) -> str:
    recipe = plan.recipe
    digits = "MNIST" if recipe.source.digits else "scikit-learn's digits"
    textures = "a folder of textures" if recipe.source.textures else "procedural textures"
    return (
        f"Network: {recipe.arch} with {recipe.encoder}{_options(recipe)}, trained on "
        f"{recipe.images:,} images of {digits} over {textures}; {plan.per_digit} test images of "
        f"each measured digit ({', '.join(map(str, sorted({*plan.measured, *plan.digits})))}). "
        "Biased digits: "
        f"{', '.join(map(str, plan.digits))}; textures: {', '.join(plan.textures)}; seeds: "
        f"{', '.join(map(str, plan.seeds))}. '{PAPER}' has the paper's settings: 4x4 mask, start "
        "0.5, λ 0.05, 100 steps of SGD at 0.2 with momentum 0.5, mean grey. Gradient maps are "
        "absolute and scaled by their maximum.\n"
    )


def _options(recipe: Recipe) -> str:
    told = ", ".join(f"{name} {value}" for name, value in recipe.options.items())
    return f" ({told})" if told else ""


def _whether_there_is_one(found: Sequence[Figures]) -> str:
    lines = [
        f"- {_network(each.strength, each.digit)}: {_short(each.needed, 2)}; the other digits "
        f"{_short(each.needed_by_others, 2)}."
        for each in found
        if each.method == PAPER and each.digit is not None
    ]
    told = "What there is to find: the score that is lost where the digit stands alone.\n\n"
    return told + "\n".join(lines) + "\n" if lines else ""


def _line(each: Figures) -> list[str]:
    others = _mean(each.unbiased)
    return [
        _network(each.strength, each.digit),
        each.method,
        *(_short(value, 3) for value in (each.biased, others)),
        *(_short(value, 2) for value in (each.ratio, each.auc, each.mcbl)),
        f"{each.empty} of {each.images - each.missed}",
        _short(each.residual, 2),
    ]


def _tuning(plan: Plan, store: Store) -> str:
    file = store.folder / "tuned.json"
    if plan.validation is None or not file.is_file():
        return ""
    tuned = json.loads(file.read_text(encoding="utf-8"))
    return (
        f"'{TUNED}' was chosen on a network whose bias texture is {plan.validation}, with images "
        f"that are not among the test images, by the mean of AUC and mCBL: **{tuned['chosen']}**.\n"
        + "\n"
        + _markdown(
            ["bias", "candidate", "AUC", "mCBL"],
            [
                [each["strength"], each["candidate"], f"{each['auc']:.2f}", f"{each['mcbl']:.2f}"]
                for each in tuned["tried"]
            ],
        )
    )


def _verdict(held: Sequence[Claim]) -> str:
    kept = sum(each.holds for each in held)
    return f"{kept} of {len(held)} statements hold.\n"


def _by_network(found: Sequence[Figures]) -> list[Figures]:
    biased = [each for each in found if each.digit is not None]
    return sorted(biased, key=lambda each: (each.strength, each.digit or 0))


def _network(strength: str, digit: int | None) -> str:
    return "none" if digit is None else f"{strength}, digit {digit}"


def _values(each: Accuracy) -> tuple[float, ...]:
    return (each.mean, *each.by_digit)


def _markdown(header: list[str], lines: list[list[str]]) -> str:
    rule = ["---"] * len(header)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (header, rule, *lines)) + "\n"


def _digit(digit: int | None) -> str:
    return "" if digit is None else str(digit)


def _exact(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def _short(value: float | None, places: int) -> str:
    return "-" if value is None else f"{value:.{places}f}"


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
