"""The uninformative image `a` that stands in for what is removed (paper, section 3.1).

Each perturbation is a frozen value with one spelling, read by `parse_perturbation` and written by
`str`; both the command line and the saved settings use it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from gridsal_core.arrays import FloatArray
from gridsal_core.errors import SettingsError

NAMED_COLORS: dict[str, tuple[float, ...]] = {"black": (0.0,), "grey": (0.5,), "white": (1.0,)}
MAX_SIGMA = 500.0
MAX_PARTS = 8

# Of red, green and blue (ITU-R BT.601), as `read_image` makes one channel of colour.
_LUMA = (0.299, 0.587, 0.114)


class Perturbation(Protocol):
    """A way to make the uninformative image."""

    kind: ClassVar[str]

    @property
    def parts(self) -> tuple[Perturbation, ...]:
        """The perturbations that the loss is averaged over; most are the only one of theirs."""
        ...

    @classmethod
    def parse(cls, argument: str) -> Perturbation:
        """Read what follows the colon in the spelling `kind:argument`."""
        ...

    def uninformative(self, image: FloatArray, mean: FloatArray) -> FloatArray:
        """Make a from x.

        Parameters
        ----------
        image
            (H, W, C) float32 in [0, 1].
        mean
            (C,) float32 in [0, 1], the mean colour of the network's data set in image space.

        Returns
        -------
        (H, W, C) float32 in [0, 1].

        Raises
        ------
        SettingsError
            If it does not fit the image's channels.
        """
        ...


@dataclass(frozen=True)
class ConstantColor:
    """One colour everywhere, in image space; `mean` is the mean of the network's data set.

    On an image of one channel a colour of three parts is its luma, as the image itself is.
    """

    kind: ClassVar[str] = "constant"
    color: str | tuple[float, ...] = "mean"

    def __post_init__(self) -> None:
        if isinstance(self.color, str):
            if self.color != "mean" and self.color not in NAMED_COLORS:
                raise SettingsError(
                    f"The colour {self.color!r} is unknown; choose mean, black, grey or white, "
                    "or give numbers from 0 to 1, as in constant:0.5,0.5,0.5."
                )
        elif not self.color or not all(0 <= v <= 1 for v in self.color):
            raise SettingsError(
                f"The colour {_numbers(self.color)} is out of range; each part is from 0 to 1."
            )

    @property
    def parts(self) -> tuple[Perturbation, ...]:
        return (self,)

    @classmethod
    def parse(cls, argument: str) -> ConstantColor:
        name = argument.strip().lower()
        if name == "mean" or name in NAMED_COLORS:
            return cls(name)
        try:
            return cls(tuple(float(part) for part in argument.split(",")))
        except ValueError:
            return cls(name)

    def uninformative(self, image: FloatArray, mean: FloatArray) -> FloatArray:
        channels = image.shape[2]
        if self.color == "mean":
            color = mean
        else:
            values = NAMED_COLORS[self.color] if isinstance(self.color, str) else self.color
            if channels == 1 and len(values) == len(_LUMA):
                values = (sum(part * share for part, share in zip(values, _LUMA, strict=True)),)
            if len(values) not in (1, channels):
                raise SettingsError(
                    f"The colour {_numbers(values)} has {len(values)} parts and the image has "
                    f"{channels} channels; give one number, or one for each channel."
                )
            color = np.asarray(values, np.float32)
        return np.broadcast_to(color.astype(np.float32), image.shape).copy()

    def __str__(self) -> str:
        color = self.color if isinstance(self.color, str) else _numbers(self.color)
        return f"{self.kind}:{color}"


@dataclass(frozen=True)
class Blur:
    """The image itself under a Gaussian blur with standard deviation `sigma` in pixels, to 500."""

    kind: ClassVar[str] = "blur"
    sigma: float = 10.0

    def __post_init__(self) -> None:
        # Far above the size of any image it changes nothing more, and takes all memory.
        if not 0 < self.sigma <= MAX_SIGMA:
            raise SettingsError(
                f"The blur's sigma is {self.sigma:g}; give a number of pixels above 0, at most "
                f"{MAX_SIGMA:g}."
            )

    @property
    def parts(self) -> tuple[Perturbation, ...]:
        return (self,)

    @classmethod
    def parse(cls, argument: str) -> Blur:
        try:
            return cls(float(argument))
        except ValueError:
            raise SettingsError(
                f"The blur {argument!r} is not understood; give sigma in pixels, as in blur:10."
            ) from None

    def uninformative(self, image: FloatArray, mean: FloatArray) -> FloatArray:
        from scipy import ndimage  # late: the window needs this file's values, not its arithmetic

        blurred = ndimage.gaussian_filter(image, (self.sigma, self.sigma, 0), mode="nearest")
        return np.clip(blurred, 0, 1).astype(np.float32)

    def __str__(self) -> str:
        return f"{self.kind}:{_number(self.sigma)}"


@dataclass(frozen=True)
class Noise:
    """Independent uniform noise over [0, 1] at every pixel and channel, from a seed."""

    kind: ClassVar[str] = "noise"
    seed: int = 0

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise SettingsError(f"The noise seed is {self.seed}; give a whole number from 0.")

    @property
    def parts(self) -> tuple[Perturbation, ...]:
        return (self,)

    @classmethod
    def parse(cls, argument: str) -> Noise:
        try:
            return cls(int(argument))
        except ValueError:
            raise SettingsError(
                f"The noise {argument!r} is not understood; give a seed, as in noise:0."
            ) from None

    def uninformative(self, image: FloatArray, mean: FloatArray) -> FloatArray:
        return np.random.default_rng(self.seed).random(image.shape, dtype=np.float32)

    def __str__(self) -> str:
        return f"{self.kind}:{self.seed}"


@dataclass(frozen=True)
class Robust:
    """Several perturbations at once: the loss is its mean over them.

    Any one colour can be in or out of the network's distribution; a map that keeps the answer under
    several does not hang on one. Beyond the paper.
    """

    kind: ClassVar[str] = "robust"
    parts: tuple[ConstantColor | Blur | Noise, ...] = (ConstantColor(), Blur(), Noise())

    def __post_init__(self) -> None:
        if not 2 <= len(self.parts) <= MAX_PARTS:
            raise SettingsError(
                f"The robust perturbation has {len(self.parts)} parts; give 2 to {MAX_PARTS}, as "
                "in robust:constant:mean+blur:10+noise:0."
            )

    @classmethod
    def parse(cls, argument: str) -> Robust:
        parts = tuple(parse_perturbation(part) for part in argument.split("+"))
        if any(isinstance(part, Robust) for part in parts):
            raise SettingsError(
                "A robust perturbation cannot hold another; list all parts, as in "
                "robust:constant:mean+blur:10+noise:0."
            )
        return cls(tuple(part for part in parts if not isinstance(part, Robust)))

    def uninformative(self, image: FloatArray, mean: FloatArray) -> FloatArray:
        """The first part's: what stands for all where one image has to be shown."""
        return self.parts[0].uninformative(image, mean)

    def __str__(self) -> str:
        return f"{self.kind}:{'+'.join(str(part) for part in self.parts)}"


AnyPerturbation = ConstantColor | Blur | Noise | Robust
PERTURBATIONS: dict[str, type[AnyPerturbation]] = {
    cls.kind: cls for cls in (ConstantColor, Blur, Noise, Robust)
}


def parse_perturbation(text: str) -> AnyPerturbation:
    """Read `kind:argument`, as constant:mean, constant:0.5,0.5,0.5, blur:10, noise:0 or robust.

    Raises
    ------
    SettingsError
        If the kind is unknown or the argument does not fit it.
    """
    # Text from a file may be any value.
    kind, colon, argument = str(text).strip().partition(":")
    found = PERTURBATIONS.get(kind.lower())
    if found is None:
        raise SettingsError(
            f"The perturbation {text!r} is unknown; choose {', '.join(PERTURBATIONS)}, "
            "as in constant:mean, blur:10 or noise:0."
        )
    return found.parse(argument) if colon else found()


def _numbers(values: tuple[Any, ...]) -> str:
    return ",".join(_number(v) for v in values)


def _number(value: float) -> str:
    """Write a number as shortly as it can be read back without loss."""
    short = f"{value:g}"
    return short if float(short) == value else repr(float(value))
