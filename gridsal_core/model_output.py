"""What a network hands out: scores in a tensor, tuple, list, dict or dataclass; or an error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, is_dataclass

from torch import Tensor

from gridsal_core.checkpoints.files import one_line
from gridsal_core.errors import CheckpointError, GridSalError
from gridsal_core.memory import is_out_of_memory

# What libraries call the scores of the last layer.
USUAL_NAMES = ("out", "logits")
# Torch's words where pooling or convolving would leave nothing.
_TOO_SMALL = (
    "Output size is too small",
    "Kernel size can't be greater than actual input size",
    "Expected more than 1 value per channel",
)


def parts(output: object) -> list[tuple[int | str, object]]:
    """List what an output holds, each with the element a model card names it by.

    A bare tensor is its own element 0; what cannot be looked into holds nothing.
    """
    if isinstance(output, Tensor):
        return [(0, output)]
    if isinstance(output, Mapping):
        return [(key, value) for key, value in output.items() if isinstance(key, (int, str))]
    if isinstance(output, (tuple, list)):
        return list(enumerate(output))
    if is_dataclass(output) and not isinstance(output, type):
        return [(field.name, getattr(output, field.name)) for field in fields(output)]
    return []


def is_scores(part: object) -> bool:
    """Whether this can be (B, K, H, W) scores."""
    return isinstance(part, Tensor) and part.ndim == 4 and part.is_floating_point()


def pick(output: object, element: int | str) -> Tensor | None:
    """Return the (B, K, H, W) tensor that `element` names, or None if that is none.

    A bare tensor has no elements and is taken whatever `element` is; element 0 is the first of a
    dict and of a dataclass too.
    """
    if isinstance(output, Tensor):
        found: object = output
    else:
        held = parts(output)
        named = dict(held)
        by_key = element in named
        found = named[element] if by_key else held[0][1] if held and element == 0 else None
    return found if isinstance(found, Tensor) and is_scores(found) else None


@contextmanager
def failures_told(name: str, inputs: Tensor) -> Iterator[None]:
    """Turn whatever a network raises on `inputs` into a sentence; want of memory stays as it is."""
    try:
        yield
    except GridSalError:
        raise
    except Exception as error:  # a network is somebody else's code
        if is_out_of_memory(error):
            raise
        _, channels, height, width = inputs.shape
        if any(words in str(error) for words in _TOO_SMALL):
            raise CheckpointError(
                f"The network {name!r} cannot take an image as small as {width} x {height} pixels; "
                "use a larger image, or a larger divisor under [input] in its model card."
            ) from error
        raise CheckpointError(
            f"The network {name!r} fails on an image of {width} x {height} pixels with {channels} "
            f"channels ({failure(error)}); correct channels, divisor or size under [input] in its "
            "model card, or use another size of image."
        ) from error


def failure(error: Exception) -> str:
    """Say in short what a network raised; TorchScript puts a page before the reason."""
    text = str(error).strip() or type(error).__name__
    if "TorchScript" in text:
        text = text.splitlines()[-1].removeprefix("RuntimeError: ")
    return one_line(text).rstrip(".")
