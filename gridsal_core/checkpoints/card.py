"""The model card `gridsal.toml`: what a network expects and what its channels mean."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from gridsal_core.errors import CheckpointError, SettingsError
from gridsal_core.palette import numbered_classes
from gridsal_core.settings import Settings
from gridsal_core.types import ClassInfo

CARD_NAME = "gridsal.toml"


class _Part(BaseModel):
    """A part of the card: frozen, and a misspelt key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class InputCard(_Part):
    """What goes in: images in [0, 1] are put in `order` and scaled to `range`, then normalised.

    `mean` and `std` thus count in `range`, and their values come in the network's `order`.
    """

    channels: Annotated[int, Field(ge=1)] = 3
    range: tuple[float, float] = (0.0, 1.0)
    mean: tuple[float, ...] = (0.0,)
    std: tuple[Annotated[float, Field(gt=0)], ...] = (1.0,)
    order: Literal["RGB", "BGR"] = "RGB"
    divisor: Annotated[int, Field(ge=1)] = 1

    @model_validator(mode="after")
    def _fits(self) -> InputCard:
        for name, values in (("mean", self.mean), ("std", self.std)):
            if len(values) not in (1, self.channels):
                raise ValueError(f"{name} has {len(values)} values for {self.channels} channels")
        if self.range[0] >= self.range[1]:
            raise ValueError("range must rise, as in [0.0, 1.0]")
        if self.order == "BGR" and self.channels != 3:
            raise ValueError("order BGR needs 3 channels")
        return self


class OutputCard(_Part):
    """What comes out: `element` picks it from a tuple or list (index) or a dict (key)."""

    kind: Literal["logits", "probabilities"] = "logits"
    element: int | str = 0
    ignore_index: int | None = None


class ClassCard(_Part):
    """One class; colour as #rrggbb."""

    name: str
    color: Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]

    def info(self) -> ClassInfo:
        red, green, blue = bytes.fromhex(self.color[1:])
        return ClassInfo(self.name, (red, green, blue))


class ModelCard(_Part):
    """Everything that is known of a network beside its weights.

    `explain` holds settings that suit this network, in the spelling of `Settings.to_dict`.
    """

    name: str
    format: str = "smp"
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


def read_card(path: Path) -> ModelCard:
    """Read a model card.

    Raises
    ------
    CheckpointError
        If the file cannot be read, is not TOML, or holds an unknown key or a wrong value.
    """
    try:
        return ModelCard.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        raise CheckpointError(f"The model card {path} cannot be read: {error}.") from error
    except tomllib.TOMLDecodeError as error:
        raise CheckpointError(
            f"The model card {path} is not valid TOML ({error}); correct it or take it away."
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the card"
        raise CheckpointError(
            f"The model card {path} is wrong at {where}: {first['msg']}; correct that entry."
        ) from error
