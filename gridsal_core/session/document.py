"""The document of a session: what was open, what was asked, what was found and noted."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from gridsal_core.arrays import BoolArray
from gridsal_core.errors import SessionError
from gridsal_core.frames import Frame
from gridsal_core.images import max_pixels
from gridsal_core.regions import bounding_box
from gridsal_core.session.fields import (
    StoredClass,
    StoredFrame,
    StoredIdentity,
    StoredOrigin,
    StoredPath,
    StoredResult,
    StoredSettings,
    StoredText,
)
from gridsal_core.types import RegionOrigin

VERSION = 2

Edge = Annotated[int, Field(ge=0, lt=2**31)]
Base64 = Annotated[str, Field(pattern=r"^[A-Za-z0-9+/=]*$")]


class _Part(BaseModel):
    """A part of the document: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class NetworkEntry(_Part):
    """A network of the session: what it was opened with, and the hashes of what was opened.

    `source` is a path or a name, as `gridsal_core.load_network` takes it. `sha256` is that of its
    weights, `card_sha256` that of its model card as JSON.
    """

    source: StoredText
    weights: StoredPath | None = None
    name: StoredText
    sha256: StoredText = ""
    card_sha256: StoredText = ""


class RegionEntry(_Part):
    """A region in one frame of a page: the bits of its bounding box, packed and deflated."""

    frame: StoredFrame
    origin: StoredOrigin
    box: tuple[Edge, Edge, Edge, Edge]
    bits: Base64

    @classmethod
    def of(cls, frame: Frame, mask: BoolArray, origin: RegionOrigin) -> RegionEntry:
        """Write an (H, W) region of a frame."""
        box = bounding_box(mask)
        packed = zlib.compress(np.packbits(mask[box.slices]).tobytes())
        edges = (box.top, box.left, box.bottom, box.right)
        return cls(frame=frame, origin=origin, box=edges, bits=base64.b64encode(packed).decode())

    @model_validator(mode="after")
    def _fits(self) -> RegionEntry:
        top, left, bottom, right = self.box
        rows, columns = self.frame.size
        if not (top <= bottom <= rows and left <= right <= columns):
            raise ValueError("the region's box does not lie in its frame")
        if rows * columns > max_pixels():
            raise ValueError("the region has more pixels than can be worked on")
        return self

    @property
    def is_empty(self) -> bool:
        """Whether no pixel is requested."""
        top, left, bottom, right = self.box
        return bottom == top or right == left

    def mask(self) -> BoolArray:
        """Return the region, (H, W) of its frame.

        Raises
        ------
        SessionError
            If its bits are damaged.
        """
        top, left, bottom, right = self.box
        shape = bottom - top, right - left
        count = (shape[0] * shape[1] + 7) // 8
        try:
            # No more is inflated than there can be.
            bits = zlib.decompressobj().decompress(base64.b64decode(self.bits), count + 1)
        except (zlib.error, binascii.Error, ValueError):
            bits = b""
        if len(bits) != count:
            raise SessionError("A region of this session is damaged; take an older copy of it.")
        mask = np.zeros(self.frame.size, bool)
        values = np.unpackbits(np.frombuffer(bits, np.uint8), count=shape[0] * shape[1])
        mask[top:bottom, left:right] = values.reshape(shape)
        return mask


class PageEntry(_Part):
    """What is being asked on one page of an image.

    `class_index` was chosen by hand, and `class_name` is what it was called; None follows the
    prediction. Regions come in the order in which they were last changed.
    """

    image: StoredPath
    page: Edge = 0
    class_index: Edge | None = None
    class_name: StoredText = ""
    regions: tuple[RegionEntry, ...] = ()


class PlaceEntry(_Part):
    """The image that is looked at, its page, and the frame that is worked on."""

    image: StoredPath
    page: Edge = 0
    frame: StoredFrame | None = None


class QueuedEntry(_Part):
    """A request that still is to be run, or that failed: then `failure` says why.

    The region lies in the frame that is worked on, also where that is the whole image. What is
    found will have this identity. The network is named, with the hash of its weights.
    """

    identity: StoredIdentity
    image: StoredPath
    page: Edge = 0
    allow_large: bool = False
    region: RegionEntry
    class_index: Edge
    class_info: StoredClass
    true_class: Edge | None = None
    settings: StoredSettings
    network: StoredText
    network_sha256: StoredText
    failure: StoredText = ""


class SessionDocument(_Part):
    """Everything of a session but the arrays of its explanations.

    Parameters
    ----------
    version
        Of this schema.
    networks, open_network
        The networks that were opened, and which of them is open, by its place in `networks`.
    folder, label_pattern
        The image folder, and where its label maps are; see `label_files.label_place`.
    current
        The image that is looked at.
    pages
        The requests in the making.
    results
        The finished explanations, oldest first, with notes and tags; `read_result` reads one whole.
    queue
        The requests that are still to be run, in their order, and those that failed.
    compared
        The identities in the panels of the page Compare, None in an empty one.
    shown_page
        The title of the page that is in front.
    settings
        How the next explanation is computed.
    window_state
        The layout of the window, in Qt's own words.
    file, is_saved
        Of an autosaved session: the file that it was opened from or saved to, and whether that
        holds all of it.
    """

    version: int = VERSION
    networks: tuple[NetworkEntry, ...] = ()
    open_network: Edge | None = None
    folder: StoredPath | None = None
    label_pattern: StoredText = ""
    current: PlaceEntry | None = None
    pages: tuple[PageEntry, ...] = ()
    results: tuple[StoredResult, ...] = ()
    queue: tuple[QueuedEntry, ...] = ()
    compared: tuple[StoredIdentity | None, ...] = ()
    shown_page: StoredText = ""
    settings: StoredSettings | None = None
    window_state: Base64 = ""
    file: StoredPath | None = None
    is_saved: bool = False

    @model_validator(mode="after")
    def _is_consistent(self) -> SessionDocument:
        if self.open_network is not None and self.open_network >= len(self.networks):
            raise ValueError("the open network is not among the networks")
        if len({kept.identity for kept in self.results}) < len(self.results):
            raise ValueError("two results have one identity")
        if len({queued.identity for queued in self.queue}) < len(self.queue):
            raise ValueError("two requests of the queue have one identity")
        return self

    @property
    def network(self) -> NetworkEntry | None:
        """The network that is open."""
        return None if self.open_network is None else self.networks[self.open_network]

    @property
    def has_work(self) -> bool:
        """Whether there is anything that would be missed: a result, a request or a region."""
        return bool(self.results or self.queue) or any(page.regions for page in self.pages)

    def image_paths(self) -> Iterator[Path]:
        """Name every image that the session needs; one may be named more than once."""
        if self.current is not None:
            yield self.current.image
        yield from (page.image for page in self.pages)
        yield from (queued.image for queued in self.queue)
        yield from (kept.image_path for kept in self.results if kept.image_path is not None)


def document_bytes(document: SessionDocument) -> bytes:
    """Write a document as JSON."""
    # JSON's escapes keep the bytes of a name that are no text, which UTF-8 cannot.
    return json.dumps(document.model_dump(), ensure_ascii=True).encode("ascii")


def parse_document(data: bytes, name: str) -> SessionDocument:
    """Read a document.

    Parameters
    ----------
    data
        What `document_bytes` wrote.
    name
        Of the file, for messages.

    Raises
    ------
    SessionError
        If it is no document, is damaged, or was written by a newer version.
    """
    try:
        values: Any = json.loads(data)
    except (ValueError, RecursionError):
        raise _damaged(name, "its document is not JSON") from None
    if not isinstance(values, dict):
        raise _damaged(name, "its document is no object")
    version = values.get("version")
    if isinstance(version, int) and not isinstance(version, bool) and version > VERSION:
        raise SessionError(
            f"{name} was saved by a newer GridSal (format {version}, this one reads up to "
            f"{VERSION}); update GridSal to open it."
        )
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise _damaged(name, "it does not say of which format it is")
    try:
        # What an older format does not have is as it is in a new session.
        return SessionDocument.model_validate(values | {"version": VERSION})
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the document"
        reason = first["msg"].removeprefix("Value error, ")
        # A key may be any text, of any length.
        raise _damaged(name, " ".join(f"{where[:120]}: {reason}".split())) from None


def _damaged(name: str, reason: str) -> SessionError:
    return SessionError(f"{name} is damaged or no session ({reason}); take another copy of it.")
