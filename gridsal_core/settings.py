"""How an explanation is computed: every knob of the method, checked when it is set."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, replace
from numbers import Integral, Real
from typing import Any, Final, Literal

from gridsal_core.errors import SettingsError
from gridsal_core.methods import METHOD_INFOS, METHODS, Form, Method
from gridsal_core.perturbation import ConstantColor, Perturbation, parse_perturbation

Score = Literal["probability", "logit"]
Init = float | Literal["auto"]
Upsampling = Literal["bilinear", "nearest"]
Optimizer = Literal["sgd", "adam", "polyak"]
Precision = Literal["float32", "bfloat16"]
Execution = Literal["eager", "compile", "cuda-graphs"]

SCORES: tuple[Score, ...] = ("probability", "logit")
UPSAMPLINGS: tuple[Upsampling, ...] = ("bilinear", "nearest")
OPTIMIZERS: tuple[Optimizer, ...] = ("sgd", "adam", "polyak")
PRECISIONS: tuple[Precision, ...] = ("float32", "bfloat16")
EXECUTIONS: tuple[Execution, ...] = ("eager", "compile", "cuda-graphs")
MAX_STEPS = 100_000
MAX_SAMPLES = 10_000
MAX_DILATION = 1000


@dataclass(frozen=True)
class Settings:
    """Settings of one explanation. Defaults are those of the street scenes (paper, section 5).

    Parameters
    ----------
    method
        `context` (eq. 3, R is always kept), `grid` (eq. 2), or one of the gradient methods (eq. 4
        and 5), see `METHOD_INFOS`.
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
    samples
        Of the gradient methods: n in eq. 4, 1 to 10,000; the vanilla gradient has one.
    noise
        Of SmoothGrad: standard deviation of the noise, in image values, above 0.
    seed
        Of SmoothGrad's noise, at least 0.
    times_input
        Integrated Gradients times the image, the classic form, instead of the paper's mean.
    absolute, scaled
        Of the gradient methods: take absolute values before the mean filter to the mask's grid, and
        divide the map by its maximum over the image. Without them a map has its own scale and sign.
    total_variation
        Deviation from the paper: weight of Σ|m_i - m_j| over neighbouring cells, at least 0.
    dilation
        Deviation: pixels, 0 to 1000, by which R is widened in what is kept of the image, so that
        the object's outline is no cue. The score counts inside R all the same.
    tolerance
        Deviation: stop early once the objective (relative) and every cell (absolute) changed by
        less than this over several steps; 0 never stops early.
    coarse_to_fine
        Deviation: a quarter of the steps each with cells of four and of two times the side, then
        the rest with the mask's own.
    keep_best
        Deviation: keep the mask of the lowest objective on the way, not the last one.
    optimizer
        `sgd`, the paper's, or a deviation: `adam`, projected, whose learning rate falls to 0 along
        half a cosine and whose first moment is `momentum`; or `polyak`, subgradient steps of
        Polyak's length, whose learning rate, 1 at most, is the share of the objective that a step
        aims to take off (a larger one counts as 1); see `descents`.
    precision
        Deviation: `bfloat16` lets the network compute in 16 bits while a mask is optimised.
    execution
        How the network is run while a mask is optimised: `eager`, compiled by torch.compile, or as
        CUDA graphs. This and `precision` are used where they are verified, see `quickened`.

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
    samples: int = 50
    noise: float = 0.15
    seed: int = 0
    times_input: bool = False
    absolute: bool = True
    scaled: bool = True
    total_variation: float = 0.0
    dilation: int = 0
    tolerance: float = 0.0
    coarse_to_fine: bool = False
    keep_best: bool = False
    optimizer: Optimizer = "sgd"
    precision: Precision = "float32"
    execution: Execution = "eager"

    def __post_init__(self) -> None:
        _one_of("method", self.method, METHODS)
        _one_of("score", self.score, SCORES)
        _one_of("upsampling", self.upsampling, UPSAMPLINGS)
        _one_of("optimizer", self.optimizer, OPTIMIZERS)
        _one_of("precision", self.precision, PRECISIONS)
        _one_of("execution", self.execution, EXECUTIONS)
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
        self._check_gradients()
        self._check_deviations()

    def _check_gradients(self) -> None:
        if not (_is_whole(self.samples) and 1 <= self.samples <= MAX_SAMPLES):
            raise SettingsError(
                f"{self.samples} samples are not possible; give 1 to {MAX_SAMPLES:,}."
            )
        if not (_is_number(self.noise) and 0 < self.noise <= 10):
            raise SettingsError(
                f"The noise is {self.noise}; give a standard deviation above 0, up to 10."
            )
        if not (_is_whole(self.seed) and 0 <= self.seed < 2**63):
            raise SettingsError(f"The seed is {self.seed}; give a whole number from 0.")

    def _check_deviations(self) -> None:
        weight = self.total_variation
        if not (_is_number(weight) and math.isfinite(weight) and weight >= 0):
            raise SettingsError(
                f"The total variation's weight is {weight}; give a number of at least 0."
            )
        if not (_is_whole(self.dilation) and 0 <= self.dilation <= MAX_DILATION):
            raise SettingsError(
                f"The dilation is {self.dilation}; give whole pixels from 0 to {MAX_DILATION}."
            )
        if not (_is_number(self.tolerance) and 0 <= self.tolerance < 1):
            raise SettingsError(
                f"The tolerance is {self.tolerance}; give a number from 0 up to, not with, 1."
            )
        for name in ("times_input", "absolute", "scaled", "coarse_to_fine", "keep_best"):
            if not isinstance(getattr(self, name), bool):
                raise SettingsError(f"{name} is {getattr(self, name)!r}; give true or false.")

    @property
    def form(self) -> Form:
        """Whether the region is no part of the map (`context`), or is (`grid`)."""
        return METHOD_INFOS[self.method].form

    @property
    def is_gradient(self) -> bool:
        """Whether the method averages gradients, and optimises no mask."""
        return METHOD_INFOS[self.method].family == "gradient"

    @property
    def planned(self) -> int:
        """Steps, or gradients, that a run takes unless it ends early."""
        if not self.is_gradient:
            return self.steps
        return 1 if METHOD_INFOS[self.method].gradient == "vanilla" else self.samples

    @property
    def deviations(self) -> tuple[str, ...]:
        """Names of the options beyond the paper that are on; none for the gradient methods."""
        if self.is_gradient:
            return ("dilation",) if self.dilation else ()
        return tuple(name for name, value in _PAPER.items() if getattr(self, name) != value)

    def check_image(self, height: int, width: int) -> None:
        """Raise SettingsError if the mask has more cells than an image of this size has pixels."""
        if self.mask_size[0] > height or self.mask_size[1] > width:
            raise SettingsError(
                f"The mask of {_size_text(self.mask_size)} cells is larger than the image of "
                f"{height}x{width} pixels (height x width); choose a smaller mask."
            )

    @property
    def starts(self) -> tuple[float, ...]:
        """The initial values that are tried, in order; a gradient needs none."""
        if self.is_gradient:
            return (0.0,)
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


# The values of the options beyond the paper with which they are off.
_PAPER: Final[dict[str, object]] = {
    "total_variation": 0.0,
    "dilation": 0,
    "tolerance": 0.0,
    "coarse_to_fine": False,
    "keep_best": False,
    "optimizer": "sgd",
    "precision": "float32",
}


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


def preset_values(name: str) -> dict[str, Any]:
    """Return the settings that a preset changes: `paper` none, `fast` the optimiser.

    docs/performance.md says how near `fast` comes to the paper's optimiser, and how it was found.

    Raises
    ------
    SettingsError
        If there is no such preset.
    """
    _one_of("preset", name, tuple(PRESETS))
    return PRESETS[name]


PRESETS: Final[dict[str, dict[str, Any]]] = {
    "paper": {},
    "fast": {
        "optimizer": "polyak",
        "steps": 36,
        "init": 0.5,
        "learning_rate": 0.25,
        "momentum": 0.5,
        "keep_best": True,
    },
}
PAPER_STREET = Settings(init=0.5)
PAPER_TOY = Settings(mask_size=(4, 4), lam=0.05, steps=100, learning_rate=0.2, init=0.5)
