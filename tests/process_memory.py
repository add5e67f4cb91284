"""The most memory that a process ever held."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import psutil

KIB = 1024


def peak_bytes(process: int | None = None) -> int:
    """Return the most memory that a running process (None: this one) ever held, in bytes.

    Not from `getrusage`: on Linux its figure begins at the peak of whoever started the process.
    Where the system keeps no better one, what is held now.
    """
    pid = os.getpid() if process is None else process
    if sys.platform != "linux":
        return int(psutil.Process(pid).memory_info().rss)
    lines = Path("/proc", str(pid), "status").read_text(encoding="utf-8").splitlines()
    (peak,) = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
    return int(peak) * KIB
