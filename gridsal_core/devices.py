"""Where torch computes: choosing the device, and running out of its memory in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from gridsal_core.errors import DeviceError

DEVICES = ("auto", "cpu", "cuda")


def resolve_device(name: str) -> torch.device:
    """Turn `auto`, `cpu` or `cuda` into a device that is there.

    Raises
    ------
    DeviceError
        If the name is unknown, or CUDA is asked for and not there.
    """
    if name not in DEVICES:
        raise DeviceError(f"The device {name!r} is unknown; choose {', '.join(DEVICES)}.")
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise DeviceError("There is no CUDA device that PyTorch can use here; choose auto or cpu.")
    return torch.device("cuda" if available and name != "cpu" else "cpu")


@contextmanager
def memory_told(device: torch.device) -> Iterator[None]:
    """Turn torch's out-of-memory errors inside the block into a DeviceError."""
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise DeviceError(_too_large(device)) from error
    except RuntimeError as error:
        # The CPU allocator has no exception class of its own.
        if "alloc" in str(error) and "memory" in str(error):
            raise DeviceError(_too_large(device)) from error
        raise


def _too_large(device: torch.device) -> str:
    return (
        f"The memory of the device {device} does not suffice for this image; "
        "use a smaller image, one initial value instead of auto, or another device."
    )
