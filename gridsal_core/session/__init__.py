"""What an analyst keeps: explanations with notes, and the session they belong to.

`read_session` reads the document of a `.gridsal` file, or of the folder of an unfinished session;
`document.results` is what is known of each explanation, and `read_result` reads one whole.
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
