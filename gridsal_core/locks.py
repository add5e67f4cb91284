"""Locks on open files that go with the process, however it ends."""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final

# What the systems answer where somebody else has the lock; anything else: there are no locks here.
_HELD: Final = (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK)


def try_lock(file: IO[bytes]) -> bool:
    """Lock a file for this process, or say that another one has it, or that it cannot be locked."""
    return _why_not(file) is None


@contextmanager
def sole_worker(path: Path) -> Iterator[bool]:
    """Hold a lock file, which is there as long as somebody works; False if another process does.

    Where files cannot be locked or made, everybody is the only one.
    """
    try:
        file = path.open("ab")
    except OSError:
        yield True
        return
    with file:
        is_alone = _why_not(file) not in _HELD
        try:
            yield is_alone
        finally:
            # Windows takes no open file away: there it stays, and does no harm.
            if is_alone:
                with suppress(OSError):
                    path.unlink()


def _why_not(file: IO[bytes]) -> int | None:
    """Lock a file; return None, or the number of the error that says why it cannot be done."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno or errno.EIO
    return None


def wait_for_lock(file: IO[bytes]) -> None:
    """Lock a file that another process holds for an instant at most.

    Where files cannot be locked nothing happens; on Windows nobody can take an open file away, and
    nothing needs to.
    """
    if sys.platform != "win32":
        import fcntl

        with suppress(OSError):
            fcntl.flock(file.fileno(), fcntl.LOCK_EX)
