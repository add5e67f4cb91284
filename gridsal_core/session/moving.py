"""A session on another machine: what of it is missing there, and moved to where it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final, TypeVar

from gridsal_core.session.document import (
    NetworkEntry,
    PageEntry,
    PlaceEntry,
    QueuedEntry,
    SessionDocument,
)
from gridsal_core.session.fields import as_path
from gridsal_core.session.kept import KeptResult

_DRIVE: Final = re.compile(r"[A-Za-z]:[\\/]")


@dataclass(frozen=True)
class MissingFolder:
    """A folder that is not there, and the images of the session that lie under it."""

    path: Path
    images: tuple[Path, ...]


@dataclass(frozen=True)
class MissingNetwork:
    """A network, or the file of its weights, that is not there."""

    path: Path
    name: str


Missing = MissingFolder | MissingNetwork


def first_missing(document: SessionDocument, left_out: frozenset[Path]) -> Missing | None:
    """Find the first folder or network that is not where the session says.

    Parameters
    ----------
    document
        The session.
    left_out
        Places that the user does without.
    """
    images = tuple(dict.fromkeys(document.image_paths()))
    folders = [*([document.folder] if document.folder else []), *(i.parent for i in images)]
    for folder in dict.fromkeys(folders):
        if folder not in left_out and not _exists(folder):
            inside = tuple(image for image in images if image.is_relative_to(folder))
            return MissingFolder(folder, inside)
    for entry in document.networks:
        for path in _places(entry):
            if path not in left_out and not _exists(path):
                return MissingNetwork(path, entry.name)
    return None


def moved(document: SessionDocument, old: Path, new: Path) -> SessionDocument:
    """Return the session with everything that lay under `old` under `new`.

    What both have in common at their ends is left out of the comparison: where `/data/street/val`
    is now `/home/me/street/val`, `/data/street/train` is looked for in `/home/me/street`, and taken
    to be there if it is.
    """
    old_root, new_root = _roots(old, new)

    @cache
    def place(path: Path) -> Path:
        if path.is_relative_to(old):
            return new / path.relative_to(old)
        if path.is_relative_to(old_root) and not _exists(path):
            there = new_root / path.relative_to(old_root)
            return there if _exists(there) else path
        return path

    current, folder = document.current, document.folder
    return document.model_copy(
        update={
            "folder": None if folder is None else place(folder),
            "current": None if current is None else _with_image(current, place),
            "pages": tuple(_with_image(page, place) for page in document.pages),
            "queue": tuple(_with_image(queued, place) for queued in document.queue),
            "results": tuple(_moved_result(kept, place) for kept in document.results),
            "networks": tuple(_moved_network(entry, place) for entry in document.networks),
        }
    )


Place = Callable[[Path], Path]
Part = TypeVar("Part", PageEntry, PlaceEntry, QueuedEntry)


def _with_image(part: Part, place: Place) -> Part:
    return part.model_copy(update={"image": place(part.image)})


def _moved_result(kept: KeptResult, place: Place) -> KeptResult:
    if kept.image_path is None:
        return kept
    return replace(kept, image_path=place(kept.image_path))


def _moved_network(entry: NetworkEntry, place: Place) -> NetworkEntry:
    path, function = _source_path(entry.source)
    source = entry.source if path is None else f"{place(path)}{function}"
    weights = None if entry.weights is None else place(entry.weights)
    return entry.model_copy(update={"source": source, "weights": weights})


def _places(entry: NetworkEntry) -> list[Path]:
    path, _ = _source_path(entry.source)
    return [each for each in (path, entry.weights) if each is not None]


def _source_path(source: str) -> tuple[Path | None, str]:
    """Return the path that a network was opened from, None for a name, and the function in it."""
    head, colon, function = source.rpartition(":")
    text, rest = (head, colon + function) if head.endswith(".py") else (source, "")
    if not (text.startswith("/") or _DRIVE.match(text)):
        return None, rest
    return as_path(text), rest


def _roots(old: Path, new: Path) -> tuple[Path, Path]:
    """Return both without the names that they have in common at their ends."""
    while old.name and old.name == new.name:
        old, new = old.parent, new.parent
    return old, new


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False
