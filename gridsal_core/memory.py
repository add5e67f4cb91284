"""Running out of memory: how it is noticed, and what is tried, in which order, before giving up."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import torch

from gridsal_core.devices import half_type, release_memory
from gridsal_core.errors import DeviceError

# Each smaller working scale has about half the pixels of the one before.
SCALE_STEP = 0.7
LOWEST_SCALE = 0.2
# Below this many pixels on a side there is no scene left to look at.
LEAST_SIDE = 16


class MemoryShortError(DeviceError):
    """The device's memory does not suffice for what was tried."""


@dataclass(frozen=True)
class Means:
    """How a computation goes about with memory.

    Parameters
    ----------
    device
        Where it computes.
    at_once
        Rows of a batch that go through the network together.
    half
        The 16-bit type the network computes in, or None for its own.
    scale
        Of the image, at most 1.
    """

    device: torch.device
    at_once: int
    half: torch.dtype | None = None
    scale: float = 1.0


def ladder(device: torch.device, rows: int, lowest: float) -> Iterator[tuple[Means, str]]:
    """What to try, one rung after the other: as asked, then ever more sparing.

    Fewer rows at once, then half precision, then a smaller working scale, then the CPU. Only the
    first changes no number of the result.

    Parameters
    ----------
    device
        Where the network is.
    rows
        Of the batch.
    lowest
        The smallest scale that still makes sense for this image.

    Yields
    ------
    The means, and a sentence that says what changed; empty for the first.
    """
    yield Means(device, rows), ""
    yield from _rungs_below(Means(device, rows), lowest)
    if device.type != "cpu":
        host = Means(torch.device("cpu"), rows)
        yield host, _told(device, "it goes on on the CPU, which takes longer")
        yield from _rungs_below(host, lowest)


def _rungs_below(means: Means, lowest: float) -> Iterator[tuple[Means, str]]:
    rows = means.at_once
    while means.at_once > 1:
        means = replace(means, at_once=(means.at_once + 1) // 2)
        yield means, _told(means.device, f"{means.at_once} of {rows} runs are computed at a time")
    half = half_type(means.device)
    if half is not None:
        means = replace(means, half=half)
        yield means, _told(means.device, "it computes in half precision")
    while means.scale * SCALE_STEP >= lowest:
        means = replace(means, scale=means.scale * SCALE_STEP)
        percent = f"{100 * means.scale:.0f} %"
        yield means, _told(means.device, f"the image is worked on at {percent} of its scale")


def lowest_scale(size: tuple[int, int], cells: tuple[int, int] = (1, 1)) -> float:
    """Return the smallest scale at which an image of `size` still holds `cells`."""
    needed = (max(LEAST_SIDE, cells[0]) / size[0], max(LEAST_SIDE, cells[1]) / size[1])
    return max(LOWEST_SCALE, *needed)


@contextmanager
def memory_told(device: torch.device) -> Iterator[None]:
    """Turn torch's out-of-memory errors inside the block into a MemoryShortError."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise MemoryShortError(
            f"The memory of the device {device} does not suffice for this image; use a smaller "
            "image or working scale, one initial value instead of auto, or another device."
        ) from error


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error is about memory; some allocators have no exception class of their own."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and (
        "out of memory" in text
        or ("alloc" in text and any(word in text for word in ("memory", "fail", "bad_alloc")))
        # oneDNN's words on the CPU: no room for a tensor, for a kernel, or for what that needs
        or "could not create a memory" in text
        or text in ("could not create a primitive", "could not execute a primitive")
    )


def give_back() -> None:
    """Free what a failed attempt left behind."""
    # Frames of the failed attempt may hold tensors in cycles.
    gc.collect()
    release_memory()


def _told(device: torch.device, change: str) -> str:
    return f"The memory of the device {device} did not suffice; {change}."
