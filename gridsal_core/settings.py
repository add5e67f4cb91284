"""How an explanation is computed: every knob of the method, checked when it is set."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, replace
from numbers import Integral, Real
from typing import Any, Literal

from gridsal_core.errors import SettingsError
from gridsal_core.perturbation import ConstantColor, Perturbation, parse_perturbation

Method = Literal["context", "grid"]
Score = Literal["probability", "logit"]
Init = float | Literal["auto"]
Upsampling = Literal["bilinear", "nearest"]

METHODS: tuple[Method, ...] = ("context", "grid")
SCORES: tuple[Score, ...] = ("probability", "logit")
UPSAMPLINGS: tuple[Upsampling, ...] = ("bilinear", "nearest")
MAX_STEPS = 100_000


@dataclass(frozen=True)
class Settings:
    """Settings of one explanation. Defaults are those of the street scenes (paper, section 5).

    Parameters
    ----------
    method
        `context` (eq. 3, R is always kept) or `grid` (eq. 2).
    mask_size
        (height, width) of the low-resolution mask, in cells, at most the image's size.
    lam
        Weight of the mask loss, λ, at least 0; it is summed over the cells.
    steps
        Optimisation steps, 1 to 100,000.
    learning_rate, momentum
        Of projected SGD: learning rate above 0, momentum in [0, 1).
    init
        Value at which every cell starts, in [0, 1], or `auto`: from 0.5 and from 1, and the one
        that ends at the lower objective is kept.
    perturbation
        The uninformative image a.
    score
        f_c as softmax `probability`, or as `logit`.
    upsampling
        From the mask's cells to pixels: `bilinear` (as if align_corners=False), or `nearest`, which
        does not leak into the neighbouring cells.

    Raises
    ------
    SettingsError
        If a value is out of its range.
    """

    method: Method = "context"
    mask_size: tuple[int, int] = (16, 32)
    lam: float = 0.01
    steps: int = 80
    learning_rate: float = 1.0
    momentum: float = 0.5
    init: Init = "auto"
    perturbation: Perturbation = field(default_factory=ConstantColor)
    score: Score = "probability"
    upsampling: Upsampling = "bilinear"

    def __post_init__(self) -> None:
        _one_of("method", self.method, METHODS)
        _one_of("score", self.score, SCORES)
        _one_of("upsampling", self.upsampling, UPSAMPLINGS)
        if not hasattr(self.perturbation, "uninformative"):
            raise SettingsError(
                f"The perturbation {self.perturbation!r} is not one; make it with "
                "parse_perturbation, as from constant:mean, blur:10 or noise:0."
            )
        if not _is_size(self.mask_size):
            raise SettingsError(
                f"The mask size {_size_text(self.mask_size)} is not possible; "
                "give at least 1x1 cells, as in 16x32 (height x width)."
            )
        if not (_is_number(self.lam) and math.isfinite(self.lam) and self.lam >= 0):
            raise SettingsError(f"λ is {self.lam}; give a number of at least 0, such as 0.01.")
        if not (_is_whole(self.steps) and 1 <= self.steps <= MAX_STEPS):
            raise SettingsError(f"{self.steps} steps are not possible; give 1 to {MAX_STEPS:,}.")
        rate = self.learning_rate
        if not (_is_number(rate) and math.isfinite(rate) and rate > 0):
            raise SettingsError(f"The learning rate is {rate}; give a number above 0, such as 1.")
        if not (_is_number(self.momentum) and 0 <= self.momentum < 1):
            raise SettingsError(
                f"The momentum is {self.momentum}; give a number from 0 up to, not with, 1."
            )
        if self.init != "auto" and not (_is_number(self.init) and 0 <= self.init <= 1):
            raise SettingsError(
                f"The initial value is {self.init}; give a number from 0 to 1, or auto."
            )

    def check_image(self, height: int, width: int) -> None:
        """Raise SettingsError if the mask has more cells than an image of this size has pixels."""
        if self.mask_size[0] > height or self.mask_size[1] > width:
            raise SettingsError(
                f"The mask of {_size_text(self.mask_size)} cells is larger than the image of "
                f"{height}x{width} pixels (height x width); choose a smaller mask."
            )

    @property
    def starts(self) -> tuple[float, ...]:
        """The initial values that are tried, in order."""
        return (0.5, 1.0) if self.init == "auto" else (float(self.init),)

    def to_dict(self) -> dict[str, Any]:
        """Plain values that JSON can hold; the perturbation in its command-line spelling."""
        values = asdict(self)
        values["perturbation"] = str(self.perturbation)
        values["mask_size"] = list(self.mask_size)
        return values

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Settings:
        """Inverse of `to_dict`.

        Raises
        ------
        SettingsError
            If a key is unknown or a value is of another kind or out of its range.
        """
        known = set(cls.__dataclass_fields__)
        if unknown := sorted(set(values) - known):
            raise SettingsError(
                f"Unknown setting {unknown[0]!r}; the settings are {', '.join(sorted(known))}."
            )
        plain = dict(values)
        if "perturbation" in plain:
            plain["perturbation"] = parse_perturbation(plain["perturbation"])
        if isinstance(plain.get("mask_size"), list):
            plain["mask_size"] = tuple(plain["mask_size"])
        return cls(**plain)


def parse_mask_size(text: str) -> tuple[int, int]:
    """Read `HxW`, such as 16x32, as (height, width) in cells.

    Raises
    ------
    SettingsError
        If the text is not two whole numbers with an x between.
    """
    parts = text.lower().replace("\u00d7", "x").split("x")
    try:
        height, width = (int(part) for part in parts)
    except ValueError:
        raise SettingsError(
            f"The mask size {text!r} is not understood; write height x width, as in 16x32."
        ) from None
    return height, width


def parse_init(text: str) -> Init:
    """Read `auto` or a number from 0 to 1.

    Raises
    ------
    SettingsError
        If it is neither.
    """
    if text.strip().lower() == "auto":
        return "auto"
    try:
        return float(text)
    except ValueError:
        raise SettingsError(
            f"The initial value {text!r} is not understood; give a number from 0 to 1, or auto."
        ) from None


def _one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise SettingsError(f"The {name} {value!r} is unknown; choose {' or '.join(known)}.")


# Settings also come from files, where any value can stand in any place.
def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _is_whole(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _is_size(value: object) -> bool:
    return (
        isinstance(value, tuple) and len(value) == 2 and all(_is_whole(n) and n > 0 for n in value)
    )


def _size_text(size: object) -> str:
    return "x".join(str(n) for n in size) if isinstance(size, tuple) else repr(size)


def suggest_settings(height: int, width: int, card: dict[str, Any] | None = None) -> Settings:
    """Return the settings to start from for an image of this size in pixels.

    Images up to 128 pixels get the paper's toy settings, larger ones those of its street scenes
    with square cells: 16 rows, and columns by the image's shape. `card` (the part `explain` of a
    model card) overrides single values. The start is `auto`.
    """
    if max(height, width) <= 128:
        start = replace(PAPER_TOY, init="auto")
    else:
        columns = max(1, round(16 * width / height))
        start = replace(PAPER_STREET, init="auto", mask_size=(16, columns))
    start = Settings.from_dict(start.to_dict() | (card or {}))
    rows, columns = start.mask_size
    return replace(start, mask_size=(min(rows, height), min(columns, width)))


PAPER_STREET = Settings(init=0.5)
PAPER_TOY = Settings(mask_size=(4, 4), lam=0.05, steps=100, learning_rate=0.2, init=0.5)
