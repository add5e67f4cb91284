"""Pipes and devices where a file should be: to read them may take for ever."""

from __future__ import annotations

import stat
from pathlib import Path


def is_pipe(path: Path) -> bool:
    """Whether something is there that is neither a file nor a folder."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))
