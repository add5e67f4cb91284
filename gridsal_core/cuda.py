"""What only CUDA has. Each function is harmless where there is no CUDA device."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor, nn


def is_available() -> bool:
    """Whether PyTorch can use a CUDA device here."""
    return bool(torch.cuda.is_available())


def device_count() -> int:
    """Return the number of CUDA devices; 0 without CUDA."""
    return int(torch.cuda.device_count()) if is_available() else 0


def device_name(device: torch.device) -> str:
    """Return what the maker calls the device."""
    return str(torch.cuda.get_device_name(device))


def memory(device: torch.device) -> tuple[int, int]:
    """Return free and total bytes; what PyTorch holds in reserve for itself counts as free."""
    free, total = torch.cuda.mem_get_info(device)
    reserve = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return int(free + reserve), int(total)


def release() -> None:
    """Give memory that PyTorch keeps in reserve back to the device."""
    if is_available():
        torch.cuda.empty_cache()


def graphed(run: nn.Module, images: Tensor) -> Callable[[Tensor], Tensor]:
    """Record what a module launches for such images, forth and back, and return what replays it.

    It saves the launching of each kernel, which is most of the time of a small network, and holds
    the memory of one pass for itself. Only images of the same shape and device can be given.
    """
    sample = images.detach().clone().requires_grad_(images.requires_grad)
    replay = torch.cuda.make_graphed_callables(run, (sample,))
    return cast("Callable[[Tensor], Tensor]", replay)


def half_type(device: torch.device) -> torch.dtype:
    """Return the 16-bit type this device computes fastest in.

    The range of bfloat16 is that of float32, so no score overflows; older cards do not have it.
    """
    return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
