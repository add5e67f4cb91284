"""What to train on what: plain values, which the command line can check without torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from gridsal_core.errors import SettingsError
from gridsal_core.toy.material import Source
from gridsal_core.toy.scenes import Bias

Option = int | str | bool | tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Recipe:
    """A training from scratch.

    Attributes
    ----------
    bias : Bias
        The rule of the training images.
    arch, encoder : str
        Names of segmentation-models-pytorch.
    options : mapping
        Further arguments of the architecture, such as `decoder_channels`.
    images : int
        Number of training images; each is made fresh and seen once.
    batch_size : int
        Images per step.
    learning_rate : float
        Peak of the one cycle.
    seed : int
        Seed of the images and of the network's first weights.
    test_images : int
        Size of the biased and of the unbiased test set.
    source : Source
        Where digits and textures come from.

    Raises
    ------
    SettingsError
        A number is out of its range.
    """

    bias: Bias
    arch: str = "unet"
    encoder: str = "tu-resnet10t"
    options: Mapping[str, Option] = field(default_factory=dict)
    images: int = 16_000
    batch_size: int = 16
    learning_rate: float = 2e-3
    seed: int = 0
    test_images: int = 1000
    source: Source = field(default_factory=Source)

    def __post_init__(self) -> None:
        for name, value in (
            ("images", self.images),
            ("batch_size", self.batch_size),
            ("test_images", self.test_images),
        ):
            if value < 1:
                raise SettingsError(f"{name} is {value}; choose 1 or more.")
        if self.batch_size < 2:
            raise SettingsError("batch_size is 1, too few for batch norm; choose 2 or more.")
        if self.seed < 0:
            raise SettingsError(f"seed is {self.seed}; choose 0 or more.")
        if not self.learning_rate > 0:
            raise SettingsError(f"learning_rate is {self.learning_rate}; choose more than 0.")

    @property
    def steps(self) -> int:
        """Number of optimizer steps."""
        return max(1, self.images // self.batch_size)


_BRICKS: Final = Bias(digit=3, texture="bricks", strength="strong")

PRESETS: Final = MappingProxyType(
    {
        # Four stages of a ten-layer ResNet and a narrow decoder see the whole picture in 6.5 MB.
        "demo": Recipe(
            bias=_BRICKS,
            options={"encoder_depth": 4, "decoder_channels": (64, 48, 32, 16)},
        ),
        # The same at a quarter of the width, 0.2 M parameters: quick, and learns even a weak bias.
        "small": Recipe(
            bias=_BRICKS,
            options={
                "encoder_depth": 4,
                "decoder_channels": (48, 32, 24, 16),
                "channels": (16, 32, 64, 96),
                "stem_width": 16,
            },
            images=40_000,
            learning_rate=3e-3,
        ),
        # The networks of the paper: a U-Net with one of three encoders (section 4.2).
        "vgg16": Recipe(bias=_BRICKS, encoder="vgg16_bn", images=64_000, learning_rate=1e-3),
        "resnet18": Recipe(bias=_BRICKS, encoder="resnet18", images=64_000),
        "mobilenet_v2": Recipe(bias=_BRICKS, encoder="mobilenet_v2", images=64_000),
    }
)
"""Trainings with a name."""
