"""What an analyst keeps: explanations with notes, and the session they belong to.

    session = read_session(path)            # a .gridsal file, or the folder of an unfinished one
    for kept in session.results:            # what is known without the arrays
        explanation = read_result(path, kept)
"""

from __future__ import annotations

from gridsal_core.session.archive import (
    SESSION_SUFFIX,
    read_result,
    read_result_thumbnail,
    read_session,
    write_session,
)
from gridsal_core.session.document import SessionDocument
from gridsal_core.session.kept import KeptResult, kept_result
from gridsal_core.session.kept_file import read_kept, write_kept

__all__ = [
    "SESSION_SUFFIX",
    "KeptResult",
    "SessionDocument",
    "kept_result",
    "read_kept",
    "read_result",
    "read_result_thumbnail",
    "read_session",
    "write_kept",
    "write_session",
]
