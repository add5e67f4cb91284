"""Writing so that a file is either the old one or the whole new one, never half of it."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from gridsal_core.errors import OutputError
from gridsal_core.locks import try_lock, wait_for_lock

_PREFIX, _ENDING = ".gridsal-", ".tmp"
_FREE_SPACE = "free some space or choose another folder"
_ADVICE = {
    errno.ENOSPC: _FREE_SPACE,
    errno.EDQUOT: _FREE_SPACE,
    errno.EFBIG: _FREE_SPACE,
    errno.ENAMETOOLONG: "give it a shorter name",
}


def write_atomic(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a file through a temporary one in the same folder, synced and then renamed.

    Parameters
    ----------
    path
        The file to make or to replace; its folder must exist. A file that is replaced keeps its
        permissions, a link keeps pointing where it did.
    write
        Is given the open binary file. If it raises, `path` is untouched and nothing is left behind;
        what is left by a process that was killed meanwhile is taken away by the next one that
        writes into the folder.

    Raises
    ------
    OutputError
        If the folder is missing, may not be written or is full, or `path` is a folder.
    """
    with _temporary_for(path) as (target, temporary):
        with _claimed(temporary) as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
            if target.exists():
                shutil.copymode(target, temporary)
            if sys.platform != "win32":
                os.replace(temporary, target)
        if sys.platform == "win32":
            os.replace(temporary, target)
        _sweep(target.parent)


def check_writable(path: Path) -> None:
    """Find out, before any work is done, that `write_atomic` will be able to begin.

    Raises
    ------
    OutputError
        If the folder is missing or may not be written, or `path` is a folder.
    """
    # Permission bits do not tell of every place; a file that is made does.
    with _temporary_for(path) as (_, temporary):
        open(temporary, "xb").close()


def make_folder(path: Path) -> None:
    """Make a folder and those above it; one that is there is left as it is.

    Raises
    ------
    OutputError
        If it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(
            f"The folder {path} cannot be made: {reason}; choose another place."
        ) from error


@contextmanager
def _temporary_for(path: Path) -> Iterator[tuple[Path, Path]]:
    """Give the file that `path` means and a free name beside it, which is gone afterwards."""
    target = Path(os.path.realpath(path))
    temporary = target.parent / f"{_PREFIX}{secrets.token_hex(6)}{_ENDING}"
    try:
        if target.is_dir():
            raise IsADirectoryError("it is a folder")
        try:
            yield target, temporary
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(_message(path, target, error)) from error


@contextmanager
def _claimed(path: Path) -> Iterator[BinaryIO]:
    """Make a file that is told from what a killed process left by its lock."""
    with open(path, "xb") as file:
        wait_for_lock(file)
        if path.exists():
            yield file
            return
    # Somebody swept here between its making and its lock.
    with _claimed(path) as again:
        yield again


def _sweep(folder: Path) -> None:
    """Take away what processes left that were killed while they wrote here."""
    for path in folder.glob(f"{_PREFIX}*{_ENDING}"):
        with suppress(OSError):
            with path.open("r+b") as file:
                is_left = try_lock(file)
                if is_left and sys.platform != "win32":
                    path.unlink()
            if is_left and sys.platform == "win32":
                path.unlink()


def _message(path: Path, target: Path, error: OSError) -> str:
    if isinstance(error, IsADirectoryError):
        return f"{path} is a folder; give the name of a file in it."
    if not target.parent.is_dir():
        return f"{path.name} cannot be saved: the folder {path.parent} does not exist; create it."
    if isinstance(error, PermissionError):
        return f"{path.name} cannot be saved: {path.parent} may not be written; choose another."
    reason = error.strerror or str(error)
    advice = _ADVICE.get(error.errno or 0, "choose another place")
    return f"{path.name} cannot be saved: {reason}; {advice}."
