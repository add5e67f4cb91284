"""What reading a damaged zip archive raises, and what damaged arrays in one."""

from __future__ import annotations

import struct
import zipfile
import zlib
from tokenize import TokenError
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

NOT_ARRAYS: Final = (
    *NOT_READABLE,
    # What NumPy says of a header that is no Python literal.
    SyntaxError,
    TokenError,
    TypeError,
)
