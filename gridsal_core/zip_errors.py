"""What reading a damaged zip archive raises."""

from __future__ import annotations

import struct
import zipfile
import zlib
from typing import Final

NOT_READABLE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
    NotImplementedError,
    struct.error,
    # An encrypted member.
    RuntimeError,
    OverflowError,
    LookupError,
)
