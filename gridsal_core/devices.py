"""Where torch computes: which devices there are, and how much memory they have left."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import psutil
import torch
from torch import nn

from gridsal_core import cuda
from gridsal_core.allocator import release_freed_memory
from gridsal_core.errors import DeviceError

DEVICES = ("auto", "cpu", "cuda", "mps")

_CGROUP = Path("/sys/fs/cgroup")
# File of the limit, file of what is used, file of counters: version 2 of the kernel's interface,
# then version 1.
_LIMITS = (
    ("memory.max", "memory.current", "memory.stat"),
    (
        "memory/memory.limit_in_bytes",
        "memory/memory.usage_in_bytes",
        "memory/memory.stat",
    ),
)


@dataclass(frozen=True)
class DeviceInfo:
    """A device and its memory, as of now.

    Parameters
    ----------
    name
        As torch spells it: `cpu`, `cuda`, `cuda:1` or `mps`.
    free_bytes, total_bytes
        What may still be used, and all there is.
    """

    name: str
    free_bytes: int
    total_bytes: int


def available_devices() -> tuple[str, ...]:
    """Return the names that `resolve_device` takes here, the best after `auto` first."""
    count = cuda.device_count()
    many = tuple(f"cuda:{index}" for index in range(count)) if count > 1 else ()
    return (
        "auto",
        *(("cuda", *many) if count else ()),
        *(("mps",) if torch.backends.mps.is_available() else ()),
        "cpu",
    )


def resolve_device(name: str) -> torch.device:
    """Turn a name into a device that is there; `auto` is CUDA, else MPS, else the CPU.

    Parameters
    ----------
    name
        `auto`, `cpu`, `cuda`, `cuda:N` for the card number N, or `mps`.

    Raises
    ------
    DeviceError
        If the name is unknown, or the device is not there.
    """
    numbered = re.fullmatch(r"cuda:\d{1,3}", name)
    if name not in DEVICES and not numbered:
        raise DeviceError(f"The device {name!r} is unknown; choose {', '.join(DEVICES)}.")
    here = available_devices()
    if name == "auto":
        return torch.device(here[1])
    if numbered and here[1].startswith("cuda"):
        if int(name[5:]) >= cuda.device_count():
            raise DeviceError(
                f"There is no CUDA device number {name[5:]}; "
                f"choose one from 0 to {cuda.device_count() - 1}, or auto."
            )
        return torch.device(name)
    if name not in here:
        kind = "MPS" if name == "mps" else "CUDA"
        raise DeviceError(
            f"There is no {kind} device that PyTorch can use here; choose auto or cpu."
        )
    return torch.device(name)


def device_info(device: torch.device) -> DeviceInfo:
    """Ask a device for its memory."""
    if device.type == "cuda":
        free, total = cuda.memory(device)
    elif device.type == "mps":
        total = int(torch.mps.recommended_max_memory())
        free = total - int(torch.mps.driver_allocated_memory())
    else:
        free, total = _host_memory()
    return DeviceInfo(str(device), max(free, 0), total)


def release_memory() -> None:
    """Give back what PyTorch and the C library keep in reserve."""
    release_freed_memory()
    cuda.release()
    if torch.backends.mps.is_available():
        torch.mps.empty_cache()


def core_count() -> int:
    """Return how many physical cores this process may use, at least 1."""
    physical = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else physical
    return max(1, min(physical, allowed))


def half_type(device: torch.device) -> torch.dtype | None:
    """Return the 16-bit type to save memory with, or None where it would save none or be slow."""
    if device.type == "cuda":
        return cuda.half_type(device)
    return torch.float16 if device.type == "mps" else None


def _host_memory() -> tuple[int, int]:
    """Free and total bytes of the machine, or of the container this runs in if that is less."""
    release_freed_memory()  # what is kept may be used, but counts as if it was
    memory = psutil.virtual_memory()
    free, total = int(memory.available), int(memory.total)
    for limit_file, used_file, stat_file in _LIMITS:
        limit = _number_in(_CGROUP / limit_file)
        used = _number_in(_CGROUP / used_file)
        if limit is not None and used is not None and limit < total:
            # Cached files count as used, and are dropped as soon as memory is asked for.
            cached = _field_in(_CGROUP / stat_file, "inactive_file")
            return min(free, limit - used + cached), limit
    return free, total


def _number_in(path: Path) -> int | None:
    try:
        return int(path.read_text("ascii"))
    except (OSError, ValueError):  # not this version, or the word "max"
        return None


def _field_in(path: Path, name: str) -> int:
    try:
        lines = path.read_text("ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(f"{name} "))
    except (OSError, ValueError, StopIteration):
        return 0


def laid_out_for(device: torch.device, module: nn.Module) -> nn.Module:
    """Undo, off the CPU, the layout of the weights that networks are opened with for the CPU."""
    return module if device.type == "cpu" else module.to(memory_format=torch.contiguous_format)
