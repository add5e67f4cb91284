"""The model card `gridsal.toml`: what a network expects and what its channels mean."""

from __future__ import annotations

import difflib
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from gridsal_core.atomic import write_atomic
from gridsal_core.errors import CheckpointError, SettingsError
from gridsal_core.palette import numbered_classes
from gridsal_core.pipes import is_pipe
from gridsal_core.settings import Settings
from gridsal_core.types import ClassInfo

CARD_NAME = "gridsal.toml"

FormatName = Literal[
    "auto", "smp", "weights", "torchscript", "export", "onnx", "torchvision", "transformers"
]


class _Part(BaseModel):
    """A part of the card: frozen, and a misspelt key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class InputCard(_Part):
    """What goes in: images in [0, 1] are put in `order` and scaled to `range`, then normalised.

    `mean` and `std` thus count in `range`, and their values come in the network's `order`.
    `values` says which raw values of 16-bit and float files become 0 and 1; without it these are
    the ends of the integer's range, and 0 and 1 for float. `size` (height, width) is for a network
    that takes one size only: images that are less than 32 pixels short of it on each side are
    padded, others resized to it, and its output back.
    """

    channels: Annotated[int, Field(ge=1)] = 3
    range: tuple[float, float] = (0.0, 1.0)
    mean: tuple[float, ...] = (0.0,)
    std: tuple[Annotated[float, Field(gt=0)], ...] = (1.0,)
    order: Literal["RGB", "BGR"] = "RGB"
    divisor: Annotated[int, Field(ge=1)] = 1
    size: tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]] | None = None
    values: tuple[float, float] | None = None

    @model_validator(mode="after")
    def _fits(self) -> InputCard:
        for name, values in (("mean", self.mean), ("std", self.std)):
            if len(values) not in (1, self.channels):
                raise ValueError(f"{name} has {len(values)} values for {self.channels} channels")
        for name, span in (("range", self.range), ("values", self.values)):
            if span is not None and not span[0] < span[1]:
                raise ValueError(f"{name} must rise, as in [0.0, 1.0]")
        if self.order == "BGR" and self.channels != 3:
            raise ValueError("order BGR needs 3 channels")
        return self


class OutputCard(_Part):
    """What comes out: `element` picks it from a tuple or list (index) or a dict (key).

    `channels` is the number of channels; one channel stands for background and foreground.
    """

    kind: Literal["logits", "probabilities"] = "logits"
    element: int | str = 0
    channels: Annotated[int, Field(ge=1)] | None = None
    ignore_index: int | None = None


class BuildCard(_Part):
    """How to build the module that weights alone do not describe.

    `library` is where `architecture` comes from: `smp` (a class of segmentation-models-pytorch,
    with `encoder`), `torchvision` (a builder of torchvision.models.segmentation), or `python`
    (`file.py:function` or `package.module:function`, which runs code: only with permission).
    `arguments` are keyword arguments of the constructor, builder or function.
    """

    library: Literal["smp", "torchvision", "python"] = "smp"
    architecture: str = ""
    encoder: str = ""
    arguments: dict[str, Any] = {}


class ClassCard(_Part):
    """One class; colour as #rrggbb."""

    name: str
    color: Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]

    def info(self) -> ClassInfo:
        red, green, blue = bytes.fromhex(self.color[1:])
        return ClassInfo(self.name, (red, green, blue))


class ModelCard(_Part):
    """Everything that is known of a network beside its weights.

    `format` is only needed where the files do not tell. `explain` holds settings that suit this
    network, in the spelling of `Settings.to_dict`.
    """

    name: str = ""
    format: FormatName = "auto"
    build: BuildCard | None = None
    input: InputCard = InputCard()
    output: OutputCard = OutputCard()
    classes: tuple[ClassCard, ...] = ()
    explain: dict[str, Any] = {}

    @field_validator("explain")
    @classmethod
    def _is_settings(cls, values: dict[str, Any]) -> dict[str, Any]:
        try:
            Settings.from_dict(values)
        except (SettingsError, TypeError, ValueError) as error:
            raise ValueError(str(error)) from None
        return values

    def class_infos(self, count: int) -> tuple[ClassInfo, ...]:
        """Names and colours of `count` classes; numbered ones where the card names none.

        Raises
        ------
        CheckpointError
            If the card names another number of classes.
        """
        if not self.classes:
            return numbered_classes(count)
        if len(self.classes) != count:
            raise CheckpointError(
                f"The model card names {len(self.classes)} classes and the network has {count}; "
                f"correct [[classes]] in its {CARD_NAME}."
            )
        return tuple(entry.info() for entry in self.classes)


def find_card(path: Path) -> Path | None:
    """Find the card of a network: `gridsal.toml` in its folder, `NAME.gridsal.toml` beside a file.

    For the file `unet.pt` that is the first of `unet.gridsal.toml`, `unet.pt.gridsal.toml` and
    `gridsal.toml` in its folder.
    """
    if path.is_dir():
        places = [path / CARD_NAME]
    else:
        places = [
            path.with_name(f"{path.stem}.{CARD_NAME}"),
            path.with_name(f"{path.name}.{CARD_NAME}"),
            path.with_name(CARD_NAME),
        ]
    return next((place for place in places if place.is_file()), None)


def card_place(path: Path) -> Path:
    """Return where a new card for this network goes."""
    return path / CARD_NAME if path.is_dir() else path.with_name(f"{path.stem}.{CARD_NAME}")


def write_card(card: ModelCard, path: Path) -> None:
    """Write a card, whole or not at all; what is left at its default is left out.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    values = card.model_dump(mode="json", exclude_unset=True, exclude_none=True)
    write_atomic(path, lambda file: tomli_w.dump(values, file))


def read_card(path: Path) -> ModelCard:
    """Read a model card.

    Raises
    ------
    CheckpointError
        If the file cannot be read, is not TOML, or holds an unknown key or a wrong value.
    """
    if is_pipe(path):
        raise CheckpointError(f"The model card {path} is a pipe and no file; give a TOML file.")
    try:
        return ModelCard.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        raise CheckpointError(f"The model card {path} cannot be read: {error}.") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise CheckpointError(
            f"The model card {path} is not valid TOML ({error}); correct it or take it away."
        ) from error
    except ValidationError as error:
        raise CheckpointError(
            f"The model card {path} is wrong at {first_problem(error)}; correct that entry."
        ) from error


def first_problem(error: ValidationError) -> str:
    """Say where a card is wrong first and why, in the words of TOML and not of Python."""
    first = error.errors()[0]
    # A key may be any text, of any length.
    where = " ".join(".".join(str(part) for part in first["loc"]).split())[:120] or "the card"
    if first["type"] == "extra_forbidden":
        return f"{where}: there is no such key{_nearest_key(first['loc'])}"
    reason = first["msg"].removeprefix("Value error, ").replace("a valid tuple", "a list")
    return f"{where}: {reason}"


def _nearest_key(place: tuple[int | str, ...]) -> str:
    *parents, last = (str(part) for part in place if isinstance(part, str))
    part = _PARTS.get(parents[0] if parents else "")
    near = difflib.get_close_matches(last, part.model_fields, 1) if part else []
    return f" (did you mean {near[0]}?)" if near else ""


_PARTS: dict[str, type[_Part]] = {
    "": ModelCard,
    "input": InputCard,
    "output": OutputCard,
    "build": BuildCard,
    "classes": ClassCard,
}
