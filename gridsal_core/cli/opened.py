"""A session as the command line names it: which of its results, and where its images are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gridsal_core.errors import OutputError

if TYPE_CHECKING:
    from gridsal_core.arrays import IndexArray
    from gridsal_core.session import KeptResult, SessionDocument
    from gridsal_core.types import Explanation

Results = Annotated[
    str,
    typer.Option(
        metavar="1,3-5|ID|TAG|all", help="Which results: numbers from 1, identities, tags, or all."
    ),
]
Images = Annotated[
    Path | None,
    typer.Option(metavar="FOLDER", help="Where the session's images are now, if they were moved."),
]
Quiet = Annotated[bool, typer.Option("--quiet", help="Show no progress.")]
Session = Annotated[Path, typer.Argument(metavar="SESSION.gridsal")]


@dataclass(frozen=True)
class Opened:
    """A session, and which of its results are meant."""

    path: Path
    document: SessionDocument
    results: tuple[KeptResult, ...]

    def explanation(self, kept: KeptResult) -> Explanation:
        """Read a result whole."""
        from gridsal_core.session import read_result

        return read_result(self.path, kept)

    def label(self, explanation: Explanation) -> IndexArray | None:
        """Read the label map of a result's image, if there is one."""
        from gridsal_core.figure.labels import label_of

        return label_of(explanation, self.document.label_pattern)


def open_session(path: Path, results: str, images: Path | None) -> Opened:
    """Read a session and choose results of it; its images are looked for in another folder.

    Raises
    ------
    SessionError
        If it is no session or damaged.
    RequestError
        If a result is named that it has not.
    """
    from gridsal_core.session import read_session
    from gridsal_core.session.choice import choose_results
    from gridsal_core.session.moving import MissingFolder, first_missing, moved

    document = read_session(path)
    if images is not None:
        missing = first_missing(document, frozenset())
        if isinstance(missing, MissingFolder):
            document = moved(document, missing.path, images)
    return Opened(path, document, tuple(choose_results(document.results, results)))


def check_no_source(out: Path, sources: Sequence[Path]) -> None:
    """Raise OutputError if a file to be written is one that is read."""
    if any(source.exists() and out.exists() and source.samefile(out) for source in sources):
        raise OutputError(f"{out} is an input; give the result another name.")
