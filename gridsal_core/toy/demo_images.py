"""Which pictures the demo shows, and what their names say."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from gridsal_core.toy.material import Material, Source, load_material
from gridsal_core.toy.scenes import (
    HALVES,
    Bias,
    Half,
    ToyImage,
    compose,
    draw,
    generator,
)

_PER_HALF: Final = 6
_WITHOUT_TEXTURE: Final = 4
_OTHERS: Final = 6
_OTHERS_WITH_TEXTURE: Final = 6


@dataclass(frozen=True, slots=True)
class DemoImage:
    """A picture of the demo.

    Attributes
    ----------
    name : str
        File name without suffix: number, whether the picture follows the bias, the digit, and
        the half that holds the bias texture if one does.
    picture : ToyImage
    """

    name: str
    picture: ToyImage


def demo_images(bias: Bias, seed: int, source: Source | None = None) -> tuple[DemoImage, ...]:
    """Draw the demo's 28 pictures from the test scans.

    They are taken as they are drawn; none is left out for how the network does on it. First the
    biased digit over its texture, then without it, then other digits, then other digits over the
    bias texture.

    Parameters
    ----------
    bias : Bias
        The bias of the network they are for.
    seed : int
        At least 0.
    source : Source, optional
        Digits and textures of the network's training; by default the embedded ones.
    """
    rng = generator(seed, "demo")
    material = load_material("test", source)
    pictures = [
        *_biased(rng, material, bias),
        *_without_texture(rng, material, bias, [bias.digit] * _WITHOUT_TEXTURE),
        *_without_texture(rng, material, bias, _others(rng, bias, _OTHERS)),
        *_with_texture(rng, material, bias, _others(rng, bias, _OTHERS_WITH_TEXTURE)),
    ]
    return tuple(
        DemoImage(f"{number:02d}_{_told(picture, bias)}", picture)
        for number, picture in enumerate(pictures, start=1)
    )


def _biased(rng: np.random.Generator, material: Material, bias: Bias) -> Iterator[ToyImage]:
    coupled = Bias(bias.digit, bias.texture, "strong")
    for half in HALVES:
        for _ in range(_PER_HALF):
            yield draw(rng, material, coupled, digit=bias.digit, half=half)


def _without_texture(
    rng: np.random.Generator, material: Material, bias: Bias, digits: list[int]
) -> Iterator[ToyImage]:
    for digit in digits:
        foreground, upper, lower = material.distinct_textures(rng, 3, without=bias.texture)
        yield compose(rng, material, digit=digit, foreground=foreground, upper=upper, lower=lower)


def _with_texture(
    rng: np.random.Generator, material: Material, bias: Bias, digits: list[int]
) -> Iterator[ToyImage]:
    for place, digit in enumerate(digits):
        half: Half = HALVES[place % len(HALVES)]
        foreground, other = material.distinct_textures(rng, 2, without=bias.texture)
        upper, lower = (bias.texture, other) if half == "upper" else (other, bias.texture)
        yield compose(
            rng,
            material,
            digit=digit,
            foreground=foreground,
            upper=upper,
            lower=lower,
            bias_texture=bias.texture,
        )


def _others(rng: np.random.Generator, bias: Bias, count: int) -> list[int]:
    digits = [digit for digit in range(10) if digit != bias.digit]
    return sorted(int(d) for d in rng.choice(digits, size=count, replace=False))


def _told(picture: ToyImage, bias: Bias) -> str:
    follows = (picture.digit == bias.digit) == (picture.bias_half is not None)
    over_texture = picture.bias_half is not None
    if over_texture:
        rule = "biased" if follows else "unbiased"
        return f"{rule}_digit{picture.digit}_{bias.texture}_{picture.bias_half}"
    return f"{'unbiased' if picture.digit == bias.digit else 'plain'}_digit{picture.digit}"
