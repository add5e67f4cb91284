"""Requests of the queue as a session's document holds them, and back."""

from __future__ import annotations

import logging
from collections.abc import Iterable

import numpy as np

from app.models.items import unless_whole
from app.models.run_request import RunRequest
from gridsal_core.errors import SessionError
from gridsal_core.frames import Frame, ImageView
from gridsal_core.session.document import QueuedEntry, RegionEntry

log = logging.getLogger(__name__)


def queued_entry(asked: RunRequest) -> QueuedEntry:
    """Write a request; what takes long is packing its region."""
    view = asked.view
    return QueuedEntry(
        identity=asked.identity,
        image=view.path,
        page=view.page,
        allow_large=view.allow_large,
        region=RegionEntry.of(view.frame or Frame.whole(asked.size), asked.region, asked.origin),
        class_index=asked.class_index,
        class_info=asked.class_info,
        true_class=asked.true_class,
        settings=asked.settings,
        network=asked.network,
        network_sha256=asked.network_sha256,
    )


def queued_requests(entries: Iterable[QueuedEntry]) -> list[tuple[RunRequest, str]]:
    """Read requests back, each with why it failed; one whose region is damaged is left out."""
    found = []
    for entry in entries:
        try:
            found.append((_request(entry), entry.failure))
        except SessionError as error:
            log.warning("A request of the queue is left out: %s", error)
    return found


def _request(entry: QueuedEntry) -> RunRequest:
    mask, frame = entry.region.mask(), entry.region.frame
    return RunRequest(
        view=ImageView(entry.image, entry.page, unless_whole(frame), entry.allow_large),
        size=frame.size,
        bits=np.packbits(mask),
        pixels=int(np.count_nonzero(mask)),
        class_index=entry.class_index,
        class_info=entry.class_info,
        origin=entry.region.origin,
        true_class=entry.true_class,
        settings=entry.settings,
        network=entry.network,
        network_sha256=entry.network_sha256,
        identity=entry.identity,
    )
