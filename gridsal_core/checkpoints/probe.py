"""The trial run: whether a network runs at all, and what its output tells that its card does not.

The images are random and small, and not square, so that an output that follows the size of its
input can be told from one that does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from gridsal_core.checkpoints.card import CARD_NAME, ModelCard
from gridsal_core.errors import CheckpointError
from gridsal_core.measure import up_to
from gridsal_core.model_output import USUAL_NAMES, failures_told, is_scores, parts, pick

# Some networks need more before their deepest layer has a pixel left.
_SIZES = ((64, 96), (224, 288), (512, 640))
_DIVISORS = (1, 2, 4, 8, 16, 32)
_LARGEST_STRIDE = 32
_SUM_TOLERANCE = 1e-3
# Larger than any normalised image: logits of one channel then leave [0, 1].
_LARGE = 20.0


@dataclass(frozen=True, eq=False)
class Seen:
    """What the trial run found: the completed card, channels of the output, and notes."""

    card: ModelCard
    channels: int
    notes: tuple[str, ...] = ()


def try_out(
    module: nn.Module,
    card: ModelCard,
    device: torch.device,
    trial_size: tuple[int, int] | None = None,
) -> Seen:
    """Run a module in eval mode, without gradient, and complete what its card leaves open.

    Parameters
    ----------
    module
        On `device`.
    card
        What is set in it is kept; what is not is found: the input's channels, divisor or one size,
        the output's element and kind.
    trial_size
        A (height, width) that is known to fit, if not every one does.

    Raises
    ------
    CheckpointError
        If it does not run, or its output is not what the card says.
    """
    trial = _Trial(module, card, device, trial_size)
    size, raw = trial.first_run()
    output, trial.card = _scores(raw, trial.card, size)
    output, card, notes = _of_one_size(trial, output, trial.card, size)
    size = card.input.size or size
    if card.input.size is None and "divisor" not in card.input.model_fields_set:
        card = _set_input(card, divisor=trial.divisor())
    channels = int(output.shape[1])
    if card.output.channels is not None and card.output.channels != channels:
        raise CheckpointError(
            f"The model card says {card.output.channels} output channels and the network has "
            f"{channels}; correct channels under [output] in its {CARD_NAME}."
        )
    if "kind" not in card.output.model_fields_set:
        card, more = _with_kind(trial, output, card, size)
        notes += more
    return Seen(card, channels, notes)


class _Trial:
    """Random images of a seed for one module, and what it makes of them."""

    def __init__(
        self,
        module: nn.Module,
        card: ModelCard,
        device: torch.device,
        trial_size: tuple[int, int] | None,
    ) -> None:
        self.module, self.card, self.device = module, card, device
        self._trial_size = trial_size
        self._generator = torch.Generator().manual_seed(0)

    def first_run(self) -> tuple[tuple[int, int], object]:
        """Run on the first size that works; return it and the raw output.

        Where the card is silent on the input's channels, those of the first layer are tried too.
        """
        refused: list[CheckpointError] = []
        stem = stem_channels(self.module)
        for card in self._cards(stem):
            self.card = card
            for size in self._sizes():
                try:
                    return size, self.run(size)
                except CheckpointError as error:
                    refused.append(error)
        asked = self.card.input.channels
        if stem in (None, asked) or "channels" not in str(refused[0].__cause__):
            raise refused[0]
        raise CheckpointError(
            f"The network takes {stem} channels and its card says {asked}; correct channels under "
            f"[input] in its {CARD_NAME}."
        ) from refused[0]

    def run(self, size: tuple[int, int], gain: float = 1.0) -> object:
        """Return what the module hands out for one random image of mean 0."""
        shape = (1, self.card.input.channels, *size)
        image = (gain * torch.randn(shape, generator=self._generator)).to(self.device)
        with torch.no_grad(), failures_told(self.card.name, image):
            return self.module(image)

    def divisor(self) -> int:
        """Find what height and width must be divisible by, with the smallest odd multiples."""
        for divisor in _DIVISORS:
            size = (_odd_multiple(divisor, _SIZES[0][0]), _odd_multiple(divisor, _SIZES[0][1]))
            try:
                if pick(self.run(size), self.card.output.element) is not None:
                    return divisor
            except CheckpointError:
                continue
        return _DIVISORS[-1]

    def _sizes(self) -> Iterator[tuple[int, int]]:
        card = self.card.input
        known = card.size or self._trial_size
        if known is not None:
            yield known
            return
        for height, width in _SIZES:
            yield up_to(height, card.divisor), up_to(width, card.divisor)

    def _cards(self, stem: int | None) -> list[ModelCard]:
        """Return the card, and a second one with the first layer's channels if that may help."""
        card = self.card
        known = {len(card.input.mean), len(card.input.std)} - {1}
        if stem in (None, card.input.channels) or "channels" in card.input.model_fields_set:
            return [card]
        fits = known <= {stem} and card.input.order == "RGB"
        return [card, _set_input(card, channels=stem)] if fits else [card]


def stem_channels(module: nn.Module) -> int | None:
    """Return the channels that the first convolution takes, if the weights tell."""
    first = next((weight for weight in module.parameters() if weight.ndim == 4), None)
    return None if first is None else int(first.shape[1])


def _scores(raw: object, card: ModelCard, size: tuple[int, int]) -> tuple[Tensor, ModelCard]:
    """Find the scores in what a module hands out; the card then says where they are."""
    if isinstance(raw, Tensor) or "element" in card.output.model_fields_set:
        found = pick(raw, card.output.element)
        if found is None:
            raise CheckpointError(_no_scores(raw, card))
        return found, card
    held = {key: part for key, part in parts(raw) if isinstance(part, Tensor) and is_scores(part)}
    usual = [key for key in USUAL_NAMES if key in held]
    fitting = [key for key, part in held.items() if _follows(part, size)]
    chosen = [*usual, *fitting, *held]
    if not chosen:
        raise CheckpointError(_no_scores(raw, card))
    return held[chosen[0]], _set_output(card, element=chosen[0])


def _no_scores(raw: object, card: ModelCard) -> str:
    needed = "a (batch, classes, height, width) tensor"
    if isinstance(raw, Tensor):
        return (
            f"The network's output is not {needed} but {_described(raw)}; save a network that "
            "gives a score for each class at each pixel."
        )
    held = ", ".join(f"{key} ({_described(part)})" for key, part in parts(raw)) or _described(raw)
    return (
        f"The network's output is not {needed} at element {card.output.element!r}: it holds "
        f"{held}; name the right element under [output] in its {CARD_NAME}."
    )


def _described(part: object) -> str:
    if not isinstance(part, Tensor):
        return type(part).__name__
    shape = " x ".join(str(length) for length in part.shape)
    return f"{str(part.dtype).removeprefix('torch.')} {shape}".strip()


def _follows(output: Tensor, size: tuple[int, int]) -> bool:
    """Whether an output has the shape of its input, at a stride from 1 to 32."""
    height, width = output.shape[-2:]
    is_alike = abs(height * size[1] / size[0] - width) <= 2
    return is_alike and size[0] / (_LARGEST_STRIDE + 1) <= height <= size[0]


def _of_one_size(
    trial: _Trial, output: Tensor, card: ModelCard, size: tuple[int, int]
) -> tuple[Tensor, ModelCard, tuple[str, ...]]:
    """Notice a network that was traced on one size, and gives that whatever it gets."""
    height, width = (int(length) for length in output.shape[-2:])
    if card.input.size is not None or _follows(output, size):
        return output, card, ()
    other = (2 * size[0], 2 * size[1])
    again, _ = _scores(trial.run(other), card, other)
    if again.shape[-2:] != output.shape[-2:]:
        return output, card, ()
    fixed = _set_input(card, size=(height, width))
    output, _ = _scores(trial.run((height, width)), fixed, (height, width))
    told = (
        f"The network gives {width} x {height} pixels whatever goes in, so images are resized or "
        "padded to that size; save it again with dynamic sizes to avoid it."
    )
    return output, fixed, (told,)


def _with_kind(
    trial: _Trial, output: Tensor, card: ModelCard, size: tuple[int, int]
) -> tuple[ModelCard, tuple[str, ...]]:
    """Notice an output that went through a softmax or sigmoid already."""
    large = pick(trial.run(size, _LARGE), card.output.element)
    if large is None or not (_in_unit_range(output) and _in_unit_range(large)):
        return _set_output(card, kind="logits"), ()
    adds_up = all(
        float((scores.sum(1) - 1).abs().max()) <= _SUM_TOLERANCE for scores in (output, large)
    )
    how = "lies in 0..1 and adds up to 1" if adds_up else "lies in 0..1"
    return _set_output(card, kind="probabilities"), (
        f"The network's output {how}, so it is taken as probabilities; if it is not, set kind "
        f"under [output] in its {CARD_NAME}.",
    )


def _in_unit_range(scores: Tensor) -> bool:
    return bool(scores.min() >= 0) and bool(scores.max() <= 1)


def _odd_multiple(divisor: int, length: int) -> int:
    """Return the smallest odd multiple of `divisor` that is at least `length`."""
    times = up_to(length, divisor) // divisor
    return divisor * (times + (times + 1) % 2)


def _set_input(card: ModelCard, **values: object) -> ModelCard:
    return card.model_copy(update={"input": card.input.model_copy(update=values)})


def _set_output(card: ModelCard, **values: object) -> ModelCard:
    return card.model_copy(update={"output": card.output.model_copy(update=values)})
