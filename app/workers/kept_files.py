"""The files of the session that is open in this window; every call is made in one thread.

Explanations are written once, when they are made, by the engine if it can; the document is replaced
whenever the session changes. What is on the disk is thus never behind by more than the last change,
and a run that ended is there before anybody is told.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Collection, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from app.models.queued import queued_entry
from app.models.run_request import RunRequest
from gridsal_core.arrays import BoolArray, ByteArray
from gridsal_core.errors import OutputError
from gridsal_core.frames import Frame
from gridsal_core.session.archive import (
    explanation_name,
    read_result,
    read_result_thumbnail,
    unpack_session,
    write_document,
    write_session,
)
from gridsal_core.session.document import PageEntry, QueuedEntry, RegionEntry, SessionDocument
from gridsal_core.session.finished import forget_finished
from gridsal_core.session.kept import KeptResult
from gridsal_core.session.kept_file import write_kept
from gridsal_core.session.unfinished import Abandoned, Unfinished, abandoned_sessions
from gridsal_core.types import Explanation, RegionOrigin

RegionKey = tuple[Path, int, Frame]

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class AskedRegion:
    """A region of a request in the making, as it was at one moment.

    Parameters
    ----------
    key
        Image, page and frame.
    origin
        How it was made.
    mask
        A copy of it, (H, W) of the frame; None if it is as it was when it was written last.
    stored
        It as it came from a session's document, if nobody has looked at it since.
    """

    key: RegionKey
    origin: RegionOrigin
    mask: BoolArray | None = None
    stored: RegionEntry | None = None


@dataclass(frozen=True, eq=False)
class AskedPage:
    """The requests in the making on one page; see `PageEntry`."""

    image: Path
    page: int
    class_index: int | None
    class_name: str
    regions: tuple[AskedRegion, ...]


@dataclass(frozen=True, eq=False)
class SessionState:
    """A session at one moment: a document whose pages and queue are not packed yet.

    `queue` has requests, each with why it failed, if it did.
    """

    document: SessionDocument
    pages: tuple[AskedPage, ...]
    queue: tuple[tuple[RunRequest, str], ...] = ()


class KeptFiles:
    """Owns the folder of this window's session.

    Parameters
    ----------
    root
        Where the folders of all windows are.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folder: Unfinished | None = None
        self._fallback: tempfile.TemporaryDirectory[str] | None = None
        self._regions: dict[RegionKey, RegionEntry] = {}
        self._queued: dict[str, QueuedEntry] = {}

    @property
    def folder(self) -> Path:
        """The folder, which is made when it is first needed.

        Where the user's own place cannot be written it is a temporary one: nothing is lost while
        the window is open, but nothing outlives it.
        """
        if self._folder is None:
            try:
                self._folder = Unfinished.create(self._root)
            except OutputError as error:
                log.warning("The session is kept only while the window is open: %s", error)
                self._fallback = tempfile.TemporaryDirectory(prefix="gridsal-")
                self._folder = Unfinished.create(Path(self._fallback.name))
        return self._folder.path

    def write(self, identity: str, explanation: Explanation) -> None:
        """Write an explanation, unless the engine has done so.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        if not self._has(identity):
            write_kept(explanation, self.folder / explanation_name(identity))

    def forget(self, identities: Collection[str]) -> None:
        """Let results that were removed not be taken for runs that nobody knows of."""
        forget_finished(self.folder, identities)

    def read(self, kept: KeptResult, *, allow_large: bool) -> Explanation:
        """Read an explanation back; see `read_result`."""
        return read_result(self.folder, kept, allow_large=allow_large)

    def thumbnail(self, identity: str) -> ByteArray:
        """Read the small picture of an explanation; see `read_result_thumbnail`."""
        return read_result_thumbnail(self.folder, identity)

    def autosave(self, state: SessionState, unwritten: Mapping[str, Explanation]) -> Path:
        """Write the document; return the folder it lies in.

        Parameters
        ----------
        state
            The session.
        unwritten
            Explanations that were not there when this was asked for: those that still are not
            are written now.

        Raises
        ------
        OutputError
            If it cannot be written; an explanation that is lost on the disk is left out.
        """
        document = self._packed(state)
        try:
            for identity, explanation in unwritten.items():
                self.write(identity, explanation)
        finally:
            there = tuple(kept for kept in document.results if self._has(kept.identity))
            write_document(document.model_copy(update={"results": there}), self.folder)
        forget_finished(self.folder, {kept.identity for kept in there})
        return self.folder

    def save(
        self, state: SessionState, unwritten: Mapping[str, Explanation], path: Path
    ) -> SessionDocument:
        """Write a `.gridsal` file, then the document that says so; return that.

        The file may be on another disk than what is autosaved, and be saved where that is full.

        Raises
        ------
        OutputError, SessionError
            If it cannot be written; see `write_session`.
        """
        try:
            self.autosave(state, unwritten)
        except OutputError as error:
            if not all(map(self._has, unwritten)):
                raise
            log.warning("%s", error)
        document = self._packed(state)
        outside = {"file": None, "is_saved": False}
        write_session(document.model_copy(update=outside), path, self.folder)
        saved = document.model_copy(update={"file": path, "is_saved": True})
        try:
            write_document(saved, self.folder)
        except OutputError as error:
            log.warning("%s", error)
        return saved

    def open(self, document: SessionDocument, path: Path) -> None:
        """Take over a `.gridsal` file: its explanations are copied, it is not needed any more.

        Raises
        ------
        SessionError, OutputError
            If that fails; then everything is as it was.
        """
        folder = Unfinished.create(self._root)
        with ExitStack() as on_failure:
            on_failure.callback(folder.discard)
            unpack_session(document, path, folder.path)
            write_document(document, folder.path)
            on_failure.pop_all()
        self.use(folder)

    def begin(self) -> None:
        """Begin a new session in a new folder; the old one is deleted."""
        self.close(keep=False)

    def use(self, folder: Unfinished) -> None:
        """Go on in a folder that this process holds; the old one is deleted."""
        if folder is not self._folder:
            self.close(keep=False)
            self._folder = folder

    def abandoned(self) -> tuple[Abandoned, ...]:
        """Claim what windows that are gone have left; see `abandoned_sessions`."""
        return abandoned_sessions(self._root)

    def close(self, *, keep: bool) -> None:
        """Let go of the folder: delete it, or keep it to be offered at the next start."""
        folder, self._folder = self._folder, None
        self._regions.clear()
        if folder is not None:
            folder.release() if keep else folder.discard()
        if self._fallback is not None:
            self._fallback.cleanup()
            self._fallback = None

    def _has(self, identity: str) -> bool:
        return (self.folder / explanation_name(identity)).exists()

    def _packed(self, state: SessionState) -> SessionDocument:
        pages = tuple(self._page(page) for page in state.pages)
        # A page whose regions were all emptied says nothing.
        told = tuple(page for page in pages if page.regions or page.class_index is not None)
        self._queued = {
            asked.identity: self._queued.get(asked.identity) or queued_entry(asked)
            for asked, _ in state.queue
        }
        queue = tuple(
            self._queued[asked.identity].model_copy(update={"failure": failure})
            for asked, failure in state.queue
        )
        return state.document.model_copy(update={"pages": told, "queue": queue})

    def _page(self, page: AskedPage) -> PageEntry:
        entries = [self._region(region) for region in page.regions]
        return PageEntry(
            image=page.image,
            page=page.page,
            class_index=page.class_index,
            class_name=page.class_name,
            regions=tuple(entry for entry in entries if entry is not None and not entry.is_empty),
        )

    def _region(self, region: AskedRegion) -> RegionEntry | None:
        if region.stored is not None:
            self._regions[region.key] = region.stored
        elif region.mask is not None:
            frame = region.key[2]
            self._regions[region.key] = RegionEntry.of(frame, region.mask, region.origin)
        return self._regions.get(region.key)
