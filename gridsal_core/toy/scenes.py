"""Toy images: a textured digit over two textured halves, with a bias of known strength.

This is the data set of section 4.1 of the paper: 64x64 grey pictures, the digit is the object, an
upper and a lower background texture are its context. A bias couples one digit with one
background texture; which half holds it is drawn per image.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from gridsal_core.errors import SettingsError
from gridsal_core.toy.digits import place
from gridsal_core.toy.material import Material

Strength = Literal["none", "weak", "strong"]
Half = Literal["upper", "lower"]
Purpose = Literal["train", "test", "demo", "validation"]

SIZE: Final = 64
STRENGTHS: Final[tuple[Strength, ...]] = get_args(Strength)
HALVES: Final[tuple[Half, ...]] = get_args(Half)
PURPOSES: Final[tuple[Purpose, ...]] = get_args(Purpose)

_SMALLEST_DIGIT: Final = 42
_LARGEST_DIGIT: Final = 56


@dataclass(frozen=True, slots=True)
class Bias:
    """A digit coupled with a background texture (section 4.1).

    Attributes
    ----------
    digit : int
        The biased digit, 0..9.
    texture : str
        The background texture it is coupled with.
    strength : {"none", "weak", "strong"}
        `strong`: the texture appears if and only if the digit does. `weak`: it always appears
        with the digit and now and then with others. `none`: all textures are equally likely
        for all digits.

    Raises
    ------
    SettingsError
        The digit or the strength does not exist.
    """

    digit: int
    texture: str
    strength: Strength

    def __post_init__(self) -> None:
        if self.digit not in range(10):
            raise SettingsError(f"There is no digit {self.digit}; choose one from 0 to 9.")
        if self.strength not in STRENGTHS:
            raise SettingsError(
                f"There is no bias {self.strength!r}; choose one of: {', '.join(STRENGTHS)}."
            )


@dataclass(frozen=True, slots=True, eq=False)
class ToyImage:
    """One picture, with everything that is known about it.

    Attributes
    ----------
    image : ndarray
        64 x 64, uint8, grey.
    label : ndarray
        64 x 64, uint8: 0 background, 1 + d where digit d is.
    digit : int
        The digit shown, 0..9.
    foreground, upper, lower : str
        Textures of the digit and of the two background halves; all three differ.
    bias_half : {"upper", "lower"} or None
        The half that holds the bias texture, None if neither does.
    """

    image: NDArray[np.uint8]
    label: NDArray[np.uint8]
    digit: int
    foreground: str
    upper: str
    lower: str
    bias_half: Half | None

    @property
    def object_mask(self) -> NDArray[np.bool_]:
        """64 x 64, bool, True on the digit: R_GT of section 4.1."""
        return np.asarray(self.label > 0)

    @property
    def bias_mask(self) -> NDArray[np.bool_]:
        """64 x 64, bool, the half with the bias texture, without the object: C_bias of eq. 7."""
        mask = np.zeros((SIZE, SIZE), dtype=np.bool_)
        if self.bias_half is not None:
            mask[half_rows(self.bias_half)] = True
        return mask & ~self.object_mask


def half_rows(half: Half) -> slice:
    """Return the rows of a half."""
    return slice(0, SIZE // 2) if half == "upper" else slice(SIZE // 2, SIZE)


def compose(
    rng: np.random.Generator,
    material: Material,
    *,
    digit: int,
    foreground: str,
    upper: str,
    lower: str,
    bias_texture: str | None = None,
) -> ToyImage:
    """Make a picture of a given digit with given textures.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the scan, its scale and place, and where the textures are cut.
    material : Material
        The scans and the textures to draw from.
    digit : int
        The digit to show, 0..9.
    foreground, upper, lower : str
        Textures of the digit and of the two background halves.
    bias_texture : str, optional
        The texture whose half is recorded as `bias_half`.

    Raises
    ------
    SettingsError
        A texture does not exist.
    """
    for name in (foreground, upper, lower):
        material.check_texture(name)
    mask = place(material.digits.pick(digit, rng), rng, SIZE, _SMALLEST_DIGIT, _LARGEST_DIGIT)
    halves = [material.textures.render(name, rng, (SIZE // 2, SIZE)) for name in (upper, lower)]
    span = material.textures.span
    digit_greys = (1 - span) + span * material.textures.render(foreground, rng, (SIZE, SIZE))
    picture = np.where(mask, digit_greys, span * np.concatenate(halves))
    return ToyImage(
        image=np.round(255 * picture).astype(np.uint8),
        label=np.where(mask, 1 + digit, 0).astype(np.uint8),
        digit=digit,
        foreground=foreground,
        upper=upper,
        lower=lower,
        bias_half={upper: HALVES[0], lower: HALVES[1]}.get(bias_texture or ""),
    )


def draw(
    rng: np.random.Generator,
    material: Material,
    bias: Bias,
    *,
    digit: int | None = None,
    half: Half | None = None,
) -> ToyImage:
    """Draw a picture of the data set with the given bias.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws everything that is not given.
    material : Material
        The scans and the textures to draw from.
    bias : Bias
        The rule the picture follows.
    digit : int, optional
        The digit to show; drawn from 0..9 if not given.
    half : {"upper", "lower"}, optional
        Where a biased digit's texture goes; drawn if not given.
    """
    shown = int(rng.integers(10)) if digit is None else digit
    if bias.strength != "none" and shown == bias.digit:
        drawn = HALVES[int(rng.integers(2))]
        foreground, other = material.distinct_textures(rng, 2, without=bias.texture)
        pair = (bias.texture, other) if (half or drawn) == "upper" else (other, bias.texture)
    else:
        hidden = bias.texture if bias.strength == "strong" else None
        foreground, *rest = material.distinct_textures(rng, 3, without=hidden)
        pair = (rest[0], rest[1])
    return compose(
        rng,
        material,
        digit=shown,
        foreground=foreground,
        upper=pair[0],
        lower=pair[1],
        bias_texture=bias.texture,
    )


def stream(rng: np.random.Generator, material: Material, bias: Bias) -> Iterator[ToyImage]:
    """Yield pictures of the data set without end.

    Raises
    ------
    SettingsError
        There is no such texture; raised when the first picture is drawn.
    """
    material.check_texture(bias.texture)
    while True:
        yield draw(rng, material, bias)


def generator(seed: int, purpose: Purpose, digit: int | None = None) -> np.random.Generator:
    """Return random numbers; those of different purposes, and of digits, have nothing in common.

    Raises
    ------
    SettingsError
        The seed is negative.
    """
    if seed < 0:
        raise SettingsError(f"The seed is {seed}; choose 0 or more.")
    parts = [seed, PURPOSES.index(purpose)]
    return np.random.default_rng(parts if digit is None else [*parts, 1 + digit])
