"""Whether an image file still is the one that was explained."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from gridsal_core.errors import ImageError, SessionError
from gridsal_core.session.fields import as_record, as_text, as_whole

# Of a larger file pieces of a MiB are looked at, spread evenly: a slide scan has gigabytes.
WHOLE_BYTES = 64 * 2**20
PIECE_BYTES = 2**20


def fingerprint(path: Path) -> dict[str, Any] | None:
    """Return the size in bytes and a hash of a file; None if it cannot be read now."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            if size <= WHOLE_BYTES:
                digest = hashlib.file_digest(file, "sha256")
            else:
                digest = hashlib.sha256()
                count = WHOLE_BYTES // PIECE_BYTES
                for number in range(count):
                    file.seek(number * (size - PIECE_BYTES) // (count - 1))
                    digest.update(file.read(PIECE_BYTES))
    except OSError:
        return None
    return {"bytes": size, "sha256": digest.hexdigest()}


def check_unchanged(path: Path, known: object) -> None:
    """Refuse an image file that is another one than `fingerprint` saw.

    Raises
    ------
    SessionError
        If it was changed.
    ImageError
        If it cannot be read.
    ValueError
        If `known` is no fingerprint.
    """
    if known is None:
        return
    plain = as_record(known, "bytes", "sha256")
    as_whole(plain["bytes"], 0, 2**62)
    as_text(plain["sha256"])
    now = fingerprint(path)
    if now is None:
        raise ImageError(f"The image {path} cannot be read any more; check its folder.")
    if now != plain:
        raise SessionError(
            f"{path.name} was changed since it was explained; put the old image back, or explain "
            "it again."
        )
