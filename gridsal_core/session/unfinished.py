"""Unfinished sessions: one folder for each running window, locked for as long as it runs.

The lock goes with the process, however it ends. A folder that nobody holds and that was not put
away is what is left of a window that was killed.
"""

from __future__ import annotations

import logging
import secrets
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from gridsal_core.atomic import make_folder
from gridsal_core.errors import OutputError, SessionError
from gridsal_core.locks import try_lock
from gridsal_core.session.archive import DOCUMENT_NAME, EXPLANATIONS, read_session
from gridsal_core.session.document import SessionDocument
from gridsal_core.session.finished import with_finished

LOCK_NAME = "lock"

log = logging.getLogger(__name__)


class Unfinished:
    """The folder of an unfinished session that this process holds."""

    def __init__(self, path: Path, lock: BinaryIO) -> None:
        self.path, self._lock = path, lock

    @classmethod
    def create(cls, root: Path) -> Unfinished:
        """Make a new folder among the unfinished sessions.

        Raises
        ------
        OutputError
            If it cannot be made.
        """
        path = root / secrets.token_hex(8)
        make_folder(path / EXPLANATIONS)
        try:
            lock = (path / LOCK_NAME).open("xb")
        except OSError as error:
            raise OutputError(f"{path} may not be written; choose another place.") from error
        try_lock(lock)
        return cls(path, lock)

    @classmethod
    def claim(cls, path: Path) -> Unfinished | None:
        """Take over a folder that no running process holds; None if one does."""
        try:
            lock = (path / LOCK_NAME).open("r+b")
        except OSError:
            return None
        if try_lock(lock):
            return cls(path, lock)
        lock.close()
        return None

    def release(self) -> None:
        """Leave the folder as it is, to whoever claims it next."""
        self._lock.close()

    def discard(self) -> None:
        """Delete the folder with all that is in it."""
        # Windows deletes no file that is open.
        if sys.platform == "win32":
            self._lock.close()
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.close()


@dataclass(frozen=True, eq=False)
class Abandoned:
    """An unfinished session whose window is gone.

    Parameters
    ----------
    folder
        Held by this process until it is released or discarded.
    document
        What it holds.
    changed
        When it was last changed, in seconds of the epoch.
    """

    folder: Unfinished
    document: SessionDocument
    changed: float


def abandoned_sessions(root: Path) -> tuple[Abandoned, ...]:
    """Claim the unfinished sessions whose windows are gone, the last one first.

    Those without any work, or whose work is all in their file, are deleted on the way. One that
    cannot be read is left alone. Runs that ended right before the end of the window are among the
    results.
    """
    found = []
    for path in _folders(root):
        folder = Unfinished.claim(path)
        if folder is None:
            continue
        try:
            document, changed = _left_in(path)
        except (SessionError, OSError) as error:
            log.warning("The unfinished session %s cannot be offered: %s", path, error)
            folder.release()
            continue
        if document.has_work and not (document.is_saved and _is_in_file(document)):
            found.append(Abandoned(folder, document, changed))
        else:
            folder.discard()
    return tuple(sorted(found, key=lambda each: each.changed, reverse=True))


def _left_in(path: Path) -> tuple[SessionDocument, float]:
    """Return what the folder of an unfinished session holds, and when that was changed last."""
    file = path / DOCUMENT_NAME
    # Without a document it was being filled from a file, which still has all of it.
    is_told = file.exists()
    document = read_session(path) if is_told else SessionDocument()
    return with_finished(document, path), (file if is_told else path).stat().st_mtime


def _is_in_file(document: SessionDocument) -> bool:
    """Whether the session's file is still there, whole, and has all of the results."""
    if document.file is None:
        return False
    try:
        saved = read_session(document.file)
    except (SessionError, OSError):
        return False
    return {kept.identity for kept in document.results} <= {kept.identity for kept in saved.results}


def _folders(root: Path) -> list[Path]:
    try:
        return [path for path in root.iterdir() if path.is_dir()]
    except OSError:
        return []
