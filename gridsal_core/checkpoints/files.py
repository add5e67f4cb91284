"""What every format needs of files: their hash, and other libraries' messages cut to size."""

from __future__ import annotations

import hashlib
from pathlib import Path

LONGEST_DETAIL = 300


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def one_line(error: object) -> str:
    """Shorten a library's message to what fits into a sentence."""
    text = " ".join(str(error).split())
    return text if len(text) <= LONGEST_DETAIL else f"{text[:LONGEST_DETAIL]}..."
