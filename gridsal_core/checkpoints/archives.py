"""Zip archives of weights, looked over before any library reads them.

The readers of torch trust an archive's directory. What is checked here costs one pass over the
file (about 1 s for each GB): that no name leads out of the archive, that no two members share
bytes, that nothing inflates to more than the file's own size allows, and every checksum.
"""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path, PurePosixPath

from gridsal_core.checkpoints.files import one_line
from gridsal_core.errors import CheckpointError
from gridsal_core.zip_errors import NOT_READABLE

ZIP_START = b"PK\x03\x04"
# What torch writes is stored as it is. An archive that was packed again by hand is about as large;
# one that grows beyond this factor was made to.
MOST_INFLATED = 8
SMALL_ARCHIVE = 16 * 2**20
# A network has some thousands of tensors; each entry of the directory costs memory before it can
# be judged.
MOST_MEMBERS = 200_000
_LOCAL_HEADER = 30


def damaged(path: Path, detail: object) -> CheckpointError:
    """Return the error for a file that is not what it was when it was saved."""
    return CheckpointError(f"{path} is damaged ({one_line(detail)}); copy or save it again.")


def first_bytes(path: Path, count: int = 16) -> bytes:
    """Return the beginning of a file; empty for what cannot be read or is no file."""
    try:
        with path.open("rb") as file:
            return file.read(count)
    except OSError:
        return b""


def member_names(path: Path) -> tuple[str, ...]:
    """Return the names in a zip archive, to tell its kind; empty for what is no zip archive."""
    if first_bytes(path, 4) != ZIP_START:
        return ()
    try:
        check_directory_size(path)
        with zipfile.ZipFile(path) as archive:
            return tuple(archive.namelist())
    except (CheckpointError, *NOT_READABLE):
        return ()


def check_archive(path: Path) -> tuple[zipfile.ZipInfo, ...]:
    """Refuse a zip archive that could do harm or is damaged; return its members.

    Raises
    ------
    CheckpointError
        If a name leads out of the archive, members overlap or share a name, the contents inflate
        beyond all measure, or a checksum is wrong.
    """
    try:
        check_directory_size(path)
        with zipfile.ZipFile(path) as archive:
            members = tuple(archive.infolist())
            _check_names(path, members)
            _check_layout(path, members)
            _check_inflation(path, members)
            broken = archive.testzip()
    except NOT_READABLE as error:
        raise damaged(path, error) from error
    if broken is not None:
        raise damaged(path, f"the checksum of {broken} is wrong")
    return members


def read_member(path: Path, name: str) -> bytes:
    """Return one member of an archive that was checked."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.read(name)
    except NOT_READABLE as error:
        raise damaged(path, error) from error


def check_directory_size(path: Path) -> None:
    """Count the members before `zipfile` makes an object of each.

    Raises
    ------
    CheckpointError
        If there are too many, or this is no zip archive.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 2**16 - 22))
        tail = file.read()
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or end + 22 > len(tail):
        raise damaged(path, "its end is missing")
    (count,) = struct.unpack_from("<H", tail, end + 10)
    # The wide record counts where the short one has no room; a reader may believe either.
    wide = tail.rfind(b"PK\x06\x06")
    if wide >= 0 and wide + 40 <= len(tail):
        count = max(count, struct.unpack_from("<Q", tail, wide + 32)[0])
    # zipfile goes by the directory's size, of which the smallest entry takes 46 bytes.
    (directory,) = struct.unpack_from("<I", tail, end + 12)
    if wide < 0:
        count = max(count, directory // 2**10)
    if count > MOST_MEMBERS:
        raise damaged(path, f"{count} members")


def _check_names(path: Path, members: tuple[zipfile.ZipInfo, ...]) -> None:
    seen: set[str] = set()
    for member in members:
        name = member.orig_filename
        parts = PurePosixPath(name.replace("\\", "/")).parts
        leads_out = ".." in parts or name.startswith(("/", "\\")) or "\0" in name or ":" in name
        if leads_out:
            raise CheckpointError(
                f"{path} holds a member that leads out of the archive ({one_line(repr(name))}); "
                "do not use this file."
            )
        if name in seen:
            raise CheckpointError(
                f"{path} holds two members named {one_line(repr(name))}; save it again."
            )
        seen.add(name)


def _check_layout(path: Path, members: tuple[zipfile.ZipInfo, ...]) -> None:
    end = 0
    for member in sorted(members, key=lambda entry: entry.header_offset):
        if member.header_offset < end or (end == 0 and member.header_offset != 0):
            raise damaged(path, f"its member {member.filename} is not where it should be")
        name_bytes = len(member.filename)
        end = member.header_offset + _LOCAL_HEADER + name_bytes + member.compress_size


def _check_inflation(path: Path, members: tuple[zipfile.ZipInfo, ...]) -> None:
    on_disk = path.stat().st_size
    inflated = sum(member.file_size for member in members)
    if inflated > MOST_INFLATED * on_disk + SMALL_ARCHIVE:
        raise CheckpointError(
            f"{path} would inflate from {on_disk:,} to {inflated:,} bytes, which no saved network "
            "does; do not use this file."
        )
    for member in members:
        if member.compress_type == zipfile.ZIP_STORED and member.file_size != member.compress_size:
            raise damaged(path, f"two sizes for {member.filename}")
