"""The file of a session, `NAME.gridsal`: a zip archive of `session.json` and its explanations.

Nothing in it is compressed again: the explanations are. An unfinished session is a folder with the
same contents, and is read by the same functions.
"""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, BinaryIO

from gridsal_core.arrays import ByteArray
from gridsal_core.atomic import make_folder, write_atomic
from gridsal_core.checkpoints.archives import check_directory_size
from gridsal_core.errors import CheckpointError, SessionError
from gridsal_core.pipes import is_pipe
from gridsal_core.session.document import SessionDocument, document_bytes, parse_document
from gridsal_core.session.kept import KeptResult
from gridsal_core.session.kept_file import read_kept_from, read_kept_thumbnail
from gridsal_core.types import Explanation
from gridsal_core.zip_errors import NOT_ARRAYS

SESSION_SUFFIX = ".gridsal"
DOCUMENT_NAME = "session.json"
EXPLANATIONS = "explanations"
MOST_DOCUMENT_BYTES = 256 * 2**20

_MEMBER = re.compile(r"session\.json|explanations/[0-9a-f]{32}\.npz")


def explanation_name(identity: str) -> str:
    """Return where the explanation of that identity lies in a session."""
    return f"{EXPLANATIONS}/{identity}.npz"


def read_session(path: Path) -> SessionDocument:
    """Read the document of a session; its explanations are read one by one by `read_result`.

    Parameters
    ----------
    path
        A `.gridsal` file, or the folder of an unfinished session.

    Raises
    ------
    SessionError
        If it is no session, is damaged, lacks an explanation, holds what no session has, or was
        saved by a newer version.
    """
    with _contents(path) as contents:
        document = parse_document(contents.document(), path.name)
        for kept in document.results:
            if not contents.has(explanation_name(kept.identity)):
                raise SessionError(
                    f"{path.name} is not complete (the explanation {kept.identity[:8]} is "
                    "missing); take another copy of it."
                )
        return document


def read_result(path: Path, kept: KeptResult | str, *, allow_large: bool = False) -> Explanation:
    """Read one explanation of a session whole.

    Parameters
    ----------
    path
        A `.gridsal` file, or the folder of an unfinished session.
    kept
        One of the document's results, whose image is read from its `image_path`; or an identity
        alone: then the image is read from where it lay when it was explained.
    allow_large
        Read an image beyond the safe size.

    Raises
    ------
    SessionError
        If it is not there or is damaged, or its image was changed.
    ImageError
        If its image is gone or cannot be read.
    """
    identity = kept if isinstance(kept, str) else kept.identity
    image = None if isinstance(kept, str) else kept.image_path
    name = f"The explanation {identity[:8]} in {path.name}"
    with _contents(path) as contents, contents.open(explanation_name(identity)) as file:
        return read_kept_from(file, name, image_path=image, allow_large=allow_large)


def read_result_thumbnail(path: Path, identity: str) -> ByteArray:
    """Read the small picture of one explanation of a session: (h, w, 3) uint8.

    Raises
    ------
    SessionError
        If it is not there or is damaged.
    """
    name = f"The explanation {identity[:8]} in {path.name}"
    with _contents(path) as contents, contents.open(explanation_name(identity)) as file:
        return read_kept_thumbnail(file, name)


def write_session(document: SessionDocument, path: Path, source: Path) -> None:
    """Write a `.gridsal` file, whole or not at all.

    Parameters
    ----------
    document
        What is written; only its results' explanations come along.
    path
        The file. It may be `source` itself.
    source
        The session that holds the explanations: a folder or a `.gridsal` file.

    Raises
    ------
    SessionError
        If an explanation is not there.
    OutputError
        If the file cannot be written.
    """
    with _contents(source) as contents:
        write_atomic(path, lambda file: _write(document, file, contents))


def write_document(document: SessionDocument, folder: Path) -> None:
    """Write the document of an unfinished session into its folder, whole or not at all.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    data = document_bytes(document)
    write_atomic(folder / DOCUMENT_NAME, lambda file: file.write(data))


def unpack_session(document: SessionDocument, path: Path, folder: Path) -> None:
    """Copy a session's explanations into the folder of an unfinished one.

    Raises
    ------
    SessionError
        If an explanation is not there or is damaged.
    OutputError
        If one cannot be written.
    """
    make_folder(folder / EXPLANATIONS)
    with _contents(path) as contents:
        for kept in document.results:
            name = explanation_name(kept.identity)
            with contents.open(name) as member:
                write_atomic(folder / name, partial(_copy, member, path.name))


class _Contents:
    """What a session holds, whether it is a folder or a file."""

    def __init__(self, path: Path, archive: zipfile.ZipFile | None) -> None:
        self._path, self._archive = path, archive
        self._members = {} if archive is None else {e.filename: e for e in archive.infolist()}

    def has(self, name: str) -> bool:
        if self._archive is None:
            return (self._path / name).is_file()
        return name in self._members

    def document(self) -> bytes:
        if not self.has(DOCUMENT_NAME):
            raise SessionError(f"{self._path.name} is no session of GridSal; choose another file.")
        with self.open(DOCUMENT_NAME) as file:
            data = file.read(MOST_DOCUMENT_BYTES + 1)
        if len(data) > MOST_DOCUMENT_BYTES:
            raise SessionError(f"{self._path.name} has a document beyond all measure; do not use.")
        return data

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        if not self.has(name):
            raise SessionError(f"{name} is missing in {self._path.name}; take another copy of it.")
        if self._archive is None:
            file: IO[bytes] = (self._path / name).open("rb")
        else:
            file = self._archive.open(name)
        with file:
            yield file


@contextmanager
def _contents(path: Path) -> Iterator[_Contents]:
    """Open a session and look over what it holds before any of it is read."""
    try:
        if path.is_dir():
            yield _Contents(path, None)
            return
        if is_pipe(path):
            raise _damaged(path, "it is a pipe or a device and no file")
        check_directory_size(path)
        with zipfile.ZipFile(path) as archive:
            _check_members(path, archive)
            yield _Contents(path, archive)
    except FileNotFoundError as error:
        raise SessionError(f"There is no session at {path}; check its name and folder.") from error
    except CheckpointError as error:
        raise _damaged(path, "it is no zip archive, or not a whole one") from error
    except NOT_ARRAYS as error:
        raise _damaged(path, " ".join(str(error).split())[:120]) from error


def _check_members(path: Path, archive: zipfile.ZipFile) -> None:
    """Refuse names that no session has, members packed again, and more bytes than the file has."""
    entries = archive.infolist()
    names = {entry.orig_filename for entry in entries}
    if strange := next((name for name in names if not _MEMBER.fullmatch(name)), None):
        raise _damaged(path, f"no session holds {ascii(strange)[:60]}")
    if len(names) < len(entries):
        raise _damaged(path, "two of its members have one name")
    if any(
        entry.compress_type != zipfile.ZIP_STORED or entry.file_size != entry.compress_size
        for entry in entries
    ):
        raise _damaged(path, "its members are compressed")
    if sum(entry.file_size for entry in entries) > path.stat().st_size:
        raise _damaged(path, "its members are larger than the file")


def _write(document: SessionDocument, file: BinaryIO, contents: _Contents) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(DOCUMENT_NAME, document_bytes(document))
        for kept in document.results:
            name = explanation_name(kept.identity)
            with contents.open(name) as member, archive.open(name, "w", force_zip64=True) as out:
                shutil.copyfileobj(member, out, 2**20)


def _copy(member: IO[bytes], name: str, file: BinaryIO) -> None:
    try:
        shutil.copyfileobj(member, file, 2**20)
    except zipfile.BadZipFile as error:
        raise SessionError(f"{name} is damaged ({error}); take another copy of it.") from error


def _damaged(path: Path, reason: str) -> SessionError:
    return SessionError(
        f"{path.name} is damaged or no session ({reason}); take another copy of it."
    )
