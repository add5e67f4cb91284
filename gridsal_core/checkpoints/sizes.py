"""The sizes that a traced network takes: fixed, in steps, or within limits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from gridsal_core.checkpoints.card import CARD_NAME, InputCard, ModelCard
from gridsal_core.errors import CheckpointError

# A size to try where any will do: enough for five halvings, quick on the CPU.
USUAL_TRIAL = 64
# Beyond these a file is not what somebody exported for images.
LARGEST_SIDE = 2**15
LARGEST_STEP = 2**12
LARGEST_BATCH = 2**10


@dataclass(frozen=True)
class Extent:
    """What one dimension may be: a multiple of `step`, from `least` to `most`.

    `example` is a value that was used when the network was traced, if that is known.
    """

    step: int = 1
    least: int = 1
    most: int | None = None
    example: int | None = None

    @classmethod
    def exactly(cls, value: int) -> Extent:
        return cls(least=value, most=value, example=value)

    @property
    def fixed(self) -> int | None:
        return self.least if self.least == self.most else None

    def takes(self, value: int) -> bool:
        beyond = self.most is not None and value > self.most
        return value % self.step == 0 and value >= self.least and not beyond

    def trial(self) -> int:
        """Return a value that it takes."""
        if self.example is not None and self.takes(self.example):
            return self.example
        up = math.ceil(max(self.least, USUAL_TRIAL) / self.step) * self.step
        return up if self.takes(up) else math.ceil(self.least / self.step) * self.step

    def __str__(self) -> str:
        if self.fixed is not None:
            return str(self.fixed)
        steps = f"multiples of {self.step}" if self.step > 1 else "any size"
        low = f" from {self.least}" if self.least > self.step else ""
        return f"{steps}{low}{'' if self.most is None else f' up to {self.most}'}"


@dataclass(frozen=True)
class InputShape:
    """The four dimensions of a network's input; `channels` is None where it is not told."""

    batch: Extent
    channels: int | None
    height: Extent
    width: Extent

    @property
    def size(self) -> tuple[int, int] | None:
        """The one size that fits, if one of the two sides is fixed."""
        if self.height.fixed is None and self.width.fixed is None:
            return None
        return self.height.trial(), self.width.trial()

    def trial_size(self) -> tuple[int, int] | None:
        """Return a size that fits, or None if every size does."""
        anything = self.height == self.width == Extent()
        return None if anything else (self.height.trial(), self.width.trial())

    def notes(self) -> tuple[str, ...]:
        """What a user should know of the sizes."""
        if self.size is None:
            return ()
        height, width = self.size
        return (
            f"The network takes images of {width} x {height} pixels only; those a little smaller "
            "are padded, all others are resized to that, and its output back.",
        )

    def check(self, height: int, width: int) -> None:
        """Raise CheckpointError unless an image of this size can go in."""
        if not (self.height.takes(height) and self.width.takes(width)):
            raise CheckpointError(
                f"The network cannot take {width} x {height} pixels; it was exported for widths: "
                f"{self.width}, heights: {self.height}. Scale or crop the image, or export the "
                "network with dynamic sizes."
            )


def completed(card: ModelCard | None, shape: InputShape, card_path: Path | None) -> ModelCard:
    """Fill in the sizes and channels that the network tells and the card does not.

    Raises
    ------
    CheckpointError
        If the card contradicts the network, or the network takes no image that there is.
    """
    _check_plausible(shape)
    card = card or ModelCard()
    inputs = card.input
    changes: dict[str, object] = {}
    if shape.channels is not None and "channels" not in inputs.model_fields_set:
        changes["channels"] = shape.channels
    needed = math.lcm(shape.height.step, shape.width.step)
    if shape.size is not None and inputs.size is None:
        changes["size"] = shape.size
    # Where any size is taken on paper, the trial run finds the divisor.
    elif shape.size is None and needed > 1 and "divisor" not in inputs.model_fields_set:
        changes["divisor"] = needed
    try:
        # Validated anew: mean and std must fit the channels that were found.
        inputs = InputCard.model_validate(inputs.model_dump(exclude_unset=True) | changes)
    except ValueError as error:
        raise CheckpointError(
            f"{_place(card_path)} does not fit the network, which has {shape.channels} input "
            f"channels; correct mean and std under [input]."
        ) from error
    _check(inputs, shape, _place(card_path))
    return card.model_copy(update={"input": inputs})


def _check_plausible(shape: InputShape) -> None:
    sides = (shape.height, shape.width)
    if (
        any(side.least > LARGEST_SIDE or side.step > LARGEST_STEP for side in sides)
        or shape.batch.least > LARGEST_BATCH
        or (shape.channels or 0) > LARGEST_STEP
    ):
        raise CheckpointError(
            f"The network says that it takes heights: {shape.height}, widths: {shape.width}, "
            f"{shape.channels} channels and batches: {shape.batch}, which no image has; "
            "export it again."
        )


def _place(card_path: Path | None) -> Path:
    return card_path or Path(CARD_NAME)


def _check(inputs: InputCard, shape: InputShape, place: Path) -> None:
    if shape.channels is not None and inputs.channels != shape.channels:
        raise CheckpointError(
            f"{place} says {inputs.channels} input channels and the network has "
            f"{shape.channels}; correct channels under [input]."
        )
    if inputs.size is not None:
        height, width = inputs.size
        if not (shape.height.takes(height) and shape.width.takes(width)):
            raise CheckpointError(
                f"{place} says size {list(inputs.size)} and the network takes heights: "
                f"{shape.height}, widths: {shape.width}; correct size under [input]."
            )
        return
    needed = math.lcm(shape.height.step, shape.width.step)
    if inputs.divisor % needed:
        raise CheckpointError(
            f"{place} says divisor {inputs.divisor} and the network takes sizes divisible by "
            f"{needed}; correct divisor under [input]."
        )
