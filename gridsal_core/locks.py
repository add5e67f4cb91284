"""Locks on open files that go with the process, however it ends."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import IO


def try_lock(file: IO[bytes]) -> bool:
    """Lock a file for this process, or say that another one has it, or that it cannot be locked."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def wait_for_lock(file: IO[bytes]) -> None:
    """Lock a file that another process holds for an instant at most.

    Where files cannot be locked nothing happens; on Windows nobody can take an open file away, and
    nothing needs to.
    """
    if sys.platform != "win32":
        import fcntl

        with suppress(OSError):
            fcntl.flock(file.fileno(), fcntl.LOCK_EX)
