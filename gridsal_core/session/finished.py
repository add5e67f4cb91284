"""The journal of finished runs: an explanation is on the disk before anybody is told of it.

The process that computed it writes it into the folder of the unfinished session, then an entry in
the journal: a small file beside it with what is known of it. The session's document names it a
moment later, and the entry is taken out. An entry that is still there when the session is recovered
is of a run that ended right before the window was killed.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from gridsal_core.atomic import write_atomic
from gridsal_core.session.archive import EXPLANATIONS, explanation_name
from gridsal_core.session.document import SessionDocument
from gridsal_core.session.fields import as_kept, plain_kept
from gridsal_core.session.kept import KeptResult, kept_result
from gridsal_core.session.kept_file import write_kept
from gridsal_core.types import Explanation

ENDING = ".json"

log = logging.getLogger(__name__)


def write_finished(explanation: Explanation, identity: str, folder: Path) -> None:
    """Write an explanation into the folder of an unfinished session, and enter it in the journal.

    Raises
    ------
    OutputError
        If it cannot be written, or the folder is not there any more.
    """
    kept = json.dumps(plain_kept(kept_result(explanation, identity)), ensure_ascii=True)
    write_kept(explanation, folder / explanation_name(identity))
    entry = folder / EXPLANATIONS / f"{identity}{ENDING}"
    write_atomic(entry, lambda file: file.write(kept.encode("ascii")))


def forget_finished(folder: Path, identities: Collection[str]) -> None:
    """Take explanations out of the journal: a document names them now, or nobody wants them."""
    for entry in _entries(folder):
        if entry.stem in identities:
            # One that stays is known by the document, and is not taken for another.
            with suppress(OSError):
                entry.unlink()


def with_finished(document: SessionDocument, folder: Path) -> SessionDocument:
    """Return the session with what the journal in its folder has beyond it.

    What was found is not asked any more.
    """
    known = {kept.identity for kept in document.results}
    entered = (_read(entry) for entry in _entries(folder) if entry.stem not in known)
    found = [
        kept
        for kept in entered
        if kept is not None and (folder / explanation_name(kept.identity)).is_file()
    ]
    if not found:
        return document
    results = (*document.results, *sorted(found, key=lambda kept: kept.created))
    done = {kept.identity for kept in results}
    queue = tuple(queued for queued in document.queue if queued.identity not in done)
    changed = {"results": results, "queue": queue, "is_saved": False}
    return document.model_copy(update=changed)


def _entries(folder: Path) -> list[Path]:
    return list((folder / EXPLANATIONS).glob(f"*{ENDING}"))


def _read(entry: Path) -> KeptResult | None:
    try:
        kept = as_kept(json.loads(entry.read_bytes()))
    except (OSError, ValueError, RecursionError) as error:
        log.warning("The finished run %s cannot be recovered: %s", entry, error)
        return None
    return kept if kept.identity == entry.stem else None
