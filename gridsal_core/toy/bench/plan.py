"""What the benchmark trains, explains and measures: plain values, known before torch is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final, Literal

from gridsal_core.errors import SettingsError
from gridsal_core.settings import PAPER_TOY, Settings, Upsampling
from gridsal_core.toy.recipes import Recipe
from gridsal_core.toy.scenes import Bias, Strength

Role = Literal["test", "validation"]

# Names of what is measured; "auto" is not run but read off the two starts, see `tables`.
PAPER: Final = "grid saliency"
FROM_ONE: Final = "grid saliency, start 1"
AUTO: Final = "grid saliency, auto"
TUNED: Final = "grid saliency, tuned"

# More processes than this take more memory than small networks are worth.
MOST_JOBS: Final = 16

_SAMPLES: Final = 25
_GRADIENT: Final = replace(PAPER_TOY, samples=_SAMPLES)

METHODS: Final[Mapping[str, Settings]] = {
    "VG": replace(_GRADIENT, method="vg-context"),
    "SG": replace(_GRADIENT, method="sg-context"),
    "IG": replace(_GRADIENT, method="ig-context"),
    PAPER: PAPER_TOY,
    FROM_ONE: replace(PAPER_TOY, init=1.0),
}
"""The four methods of figure 4 with the paper's settings, and grid saliency from a full mask."""

_TRIED: Final[tuple[tuple[int, float, float, Upsampling], ...]] = (
    (4, 0.05, 0.5, "bilinear"),
    (4, 0.05, 1.0, "bilinear"),
    (4, 0.05, 1.0, "nearest"),
    (4, 0.1, 1.0, "nearest"),
    (4, 0.2, 1.0, "nearest"),
    (6, 0.1, 1.0, "nearest"),
    (8, 0.05, 1.0, "nearest"),
    (8, 0.1, 1.0, "nearest"),
)
CANDIDATES: Final[Mapping[str, Settings]] = {
    f"{rows}x{rows}, λ {lam:g}, start {init:g}, {kind}": replace(
        PAPER_TOY, mask_size=(rows, rows), lam=lam, init=init, upsampling=kind
    )
    for rows, lam, init, kind in _TRIED
}
"""What the tuned settings are chosen from, on networks with another texture."""


@dataclass(frozen=True)
class Case:
    """One network of the benchmark, and the test images it is measured on.

    Without a bias `digit` and `texture` couple nothing.
    """

    strength: Strength
    digit: int
    texture: str
    seed: int
    role: Role = "test"

    @property
    def name(self) -> str:
        """A folder's name."""
        if self.strength == "none":
            return f"none_seed{self.seed}"
        prefix = "validation_" if self.role == "validation" else ""
        return f"{prefix}{self.strength}_digit{self.digit}_{self.texture}_seed{self.seed}"

    @property
    def bias(self) -> Bias:
        """The rule of its images."""
        return Bias(self.digit, self.texture, self.strength)


@dataclass(frozen=True)
class Plan:
    """All cases and methods of one benchmark.

    Parameters
    ----------
    recipe
        Network, training and source of the images; its bias and seed are replaced.
    digits, textures, seeds
        Every digit is coupled with every texture, for every seed.
    strengths
        Of the bias.
    measured
        The digits whose images are explained, for every network; with those of `digits`.
    per_digit
        Test images of each.
    validation
        A texture of no test case: on its network, of the last strength, settings are tuned. None:
        nothing is tuned.
    validation_per_digit
        Images of each measured digit there.
    batch
        Images that are explained together.
    """

    recipe: Recipe
    digits: tuple[int, ...]
    textures: tuple[str, ...]
    seeds: tuple[int, ...] = (0,)
    strengths: tuple[Strength, ...] = ("strong", "weak")
    measured: tuple[int, ...] = tuple(range(10))
    per_digit: int = 100
    validation: str | None = None
    validation_per_digit: int = 25
    batch: int = 25
    methods: Mapping[str, Settings] = field(default_factory=lambda: METHODS)
    candidates: Mapping[str, Settings] = field(default_factory=lambda: CANDIDATES)

    def __post_init__(self) -> None:
        if self.validation in self.textures:
            raise SettingsError(
                f"The texture {self.validation} is measured on; validate on another one."
            )
        if self.per_digit < 1 or self.validation_per_digit < 1:
            raise SettingsError("Images per digit are below 1; give 1 or more.")

    def cases(self) -> Iterator[Case]:
        """Name the networks that are measured: without a bias one for each seed, then the rest."""
        for seed in self.seeds:
            yield Case("none", self.digits[0], self.textures[0], seed)
        for strength in self.strengths:
            for digit in self.digits:
                for texture in self.textures:
                    for seed in self.seeds:
                        yield Case(strength, digit, texture, seed)

    def validation_cases(self) -> Iterator[Case]:
        """Name the network that settings are tuned on: of the weaker bias, the harder to see."""
        if self.validation is not None:
            yield Case(
                self.strengths[-1], self.digits[0], self.validation, self.seeds[0], "validation"
            )

    def recipe_of(self, case: Case) -> Recipe:
        """Say how a case's network is trained."""
        return replace(self.recipe, bias=case.bias, seed=case.seed)

    def digits_of(self, case: Case) -> tuple[int, ...]:
        """Name the digits that are explained on a case's network."""
        return tuple(sorted({*self.measured, case.digit}))

    def methods_of(self, case: Case) -> Mapping[str, Settings]:
        """Name what is measured on a case's network before anything is tuned.

        Without a bias there is nothing to find; such a network is asked by the paper's methods
        alone, for the row of figure 4b.
        """
        if case.role == "validation":
            return self.candidates
        if case.strength == "none":
            return {name: each for name, each in self.methods.items() if name != FROM_ONE}
        return self.methods

    def as_dict(self) -> dict[str, Any]:
        """Return plain values: two plans that differ here give other figures."""
        return {
            "recipe": asdict(self.recipe) | {"options": dict(self.recipe.options)},
            "digits": list(self.digits),
            "textures": list(self.textures),
            "seeds": list(self.seeds),
            "strengths": list(self.strengths),
            "measured": list(self.measured),
            "per_digit": self.per_digit,
            "validation": self.validation,
            "validation_per_digit": self.validation_per_digit,
            "methods": {name: each.to_dict() for name, each in self.methods.items()},
            "candidates": {name: each.to_dict() for name, each in self.candidates.items()},
        }


def paper_plan(recipe: Recipe, textures: tuple[str, ...]) -> Plan:
    """The full grid of section 4.2: ten digits, five textures, five seeds."""
    return Plan(
        recipe,
        digits=tuple(range(10)),
        textures=textures[:5],
        seeds=tuple(range(5)),
        per_digit=100,
        validation=textures[5] if len(textures) > 5 else None,
    )


def quick_plan(recipe: Recipe, textures: tuple[str, ...]) -> Plan:
    """One digit, one texture, one seed: what two cores do within 25 minutes.

    Of textures in the order of their contrast it takes those about the upper quartile: a small
    network learns them soon, and still knows them half faded, as a mask that starts at 0.5 shows
    them.
    """
    place = len(textures) // 4
    return Plan(
        recipe,
        digits=(recipe.bias.digit,),
        textures=(textures[place],),
        seeds=(recipe.seed,),
        measured=(0, 8),
        validation=textures[place - 1],
    )


PLANS: Final = {"quick": ("small", quick_plan), "paper": ("vgg16", paper_plan)}
"""Plans by name, each with the network it usually takes."""
