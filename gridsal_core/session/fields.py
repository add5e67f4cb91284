"""Values of a session's document as JSON holds them: paths, texts, frames, settings, results."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, get_args

from pydantic import PlainSerializer, PlainValidator

from gridsal_core.errors import SettingsError
from gridsal_core.frames import Box, Frame
from gridsal_core.reading import Verdict
from gridsal_core.session.kept import KeptResult
from gridsal_core.settings import Settings
from gridsal_core.types import ClassInfo, RegionOrigin, Scores

IDENTITY = re.compile(r"[0-9a-f]{32}")
LONGEST_TEXT = 100_000
LARGEST_EDGE = 2**31

_DRIVE = re.compile(r"[A-Za-z]:\\")


def as_text(value: object) -> str:
    """Take a text as it is, also with bytes in it that are none, as file names may have."""
    if not isinstance(value, str):
        raise ValueError("it is no text")
    if len(value) > LONGEST_TEXT:
        raise ValueError(f"it is longer than {LONGEST_TEXT:,} letters")
    return value


def as_identity(value: object) -> str:
    """Take the identity of a result or a request; it is part of the name of a file."""
    identity = as_text(value)
    if not IDENTITY.fullmatch(identity):
        raise ValueError("the identity is not 32 hexadecimal digits")
    return identity


def as_path(value: object) -> Path:
    """Take a path; one of Windows is cut at its own separators, so that its folder can be told."""
    if isinstance(value, Path):
        return value
    text = as_text(value)
    if not text or "\0" in text:
        raise ValueError("it is no path")
    return Path(text.replace("\\", "/") if _DRIVE.match(text) else text)


def as_whole(value: object, low: int = 0, high: int = LARGEST_EDGE) -> int:
    """Take a whole number from `low` to `high`."""
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise ValueError(f"it is no whole number from {low} to {high}")
    return value


def as_number(value: object) -> float:
    """Take a number."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise ValueError("it is no number")
    return float(value)


def as_list(value: object, count: int | None = None) -> list[Any]:
    """Take a list, of so many entries if that is given."""
    if not isinstance(value, (list, tuple)) or (count is not None and len(value) != count):
        raise ValueError("it is no list" if count is None else f"it is no list of {count}")
    return list(value)


def as_record(value: object, *keys: str) -> dict[str, Any]:
    """Take an object with exactly these keys."""
    record = as_object(value)
    if unknown := sorted(str(key) for key in record.keys() - set(keys)):
        raise ValueError(f"{unknown[0]} is unknown")
    if missing := sorted(set(keys) - record.keys()):
        raise ValueError(f"{missing[0]} is missing")
    return record


def as_object(value: object) -> dict[str, Any]:
    """Take an object, whatever its keys are."""
    if not isinstance(value, dict):
        raise ValueError("it is no object")
    return value


def as_frame(value: object) -> Frame:
    """Take a frame that lies in its image and enlarges nothing."""
    if isinstance(value, Frame):
        return value
    full, window, size = as_list(value, 3)
    height, width = (as_whole(edge, 1) for edge in as_list(full, 2))
    box = Box(*(as_whole(edge) for edge in as_list(window, 4)))
    rows, columns = (as_whole(edge, 1) for edge in as_list(size, 2))
    fits = box.bottom <= height and box.right <= width
    if box.is_empty or not fits or rows > box.bottom - box.top or columns > box.right - box.left:
        raise ValueError("the frame does not lie in its image")
    return Frame((height, width), box, (rows, columns))


def plain_frame(frame: Frame) -> list[list[int]]:
    """Write a frame: (height, width) of the image, the window's edges, the working size."""
    window = frame.window
    edges = [window.top, window.left, window.bottom, window.right]
    return [list(frame.full), edges, list(frame.size)]


def as_settings(value: object) -> Settings:
    """Take settings in the spelling of `Settings.to_dict`."""
    if isinstance(value, Settings):
        return value
    if not isinstance(value, dict):
        raise ValueError("it is no object")
    try:
        return Settings.from_dict(value)
    except (SettingsError, TypeError) as error:
        raise ValueError(str(error)) from None


def as_class(value: object) -> ClassInfo:
    """Take a class as its name and its colour."""
    if isinstance(value, ClassInfo):
        return value
    name, color = as_list(value, 2)
    red, green, blue = (as_whole(part, 0, 255) for part in as_list(color, 3))
    return ClassInfo(as_text(name), (red, green, blue))


def plain_class(info: ClassInfo) -> list[Any]:
    """Write a class as its name and its colour."""
    return [info.name, list(info.color)]


def as_scores(value: object) -> Scores:
    """Take the scores on the image, on the object alone, on what is kept."""
    return Scores(*(as_number(score) for score in as_list(value, 3)))


def plain_scores(scores: Scores) -> list[float]:
    """Write scores in the order of `as_scores`."""
    return [float(scores.image), float(scores.object_alone), float(scores.perturbed)]


def as_origin(value: object) -> RegionOrigin:
    """Take one of the known origins of a region."""
    return _one_of(value, get_args(RegionOrigin))  # type: ignore[return-value]  # it is one


def optional(take: Callable[[object], Any], value: object) -> Any:  # noqa: ANN401 - what is taken
    """Take a value that may be missing."""
    return None if value is None else take(value)


def as_kept(value: object) -> KeptResult:
    """Take what is known of a kept explanation."""
    if isinstance(value, KeptResult):
        return value
    # The first format of sessions did not know what a region truly is.
    known = {"true_class": None, "true_info": None} | as_object(value)
    plain = as_record(known, *KeptResult.__dataclass_fields__)
    created = datetime.fromisoformat(as_text(plain["created"]))
    if created.tzinfo is None:
        raise ValueError("the time has no zone")
    tags = {as_text(tag) for tag in as_list(plain["tags"])}
    if not isinstance(plain["is_stopped"], bool):
        raise ValueError("is_stopped is neither true nor false")
    return KeptResult(
        identity=as_identity(plain["identity"]),
        created=created,
        image_path=optional(as_path, plain["image_path"]),
        page=as_whole(plain["page"]),
        frame=optional(as_frame, plain["frame"]),
        class_index=as_whole(plain["class_index"]),
        class_info=as_class(plain["class_info"]),
        origin=as_origin(plain["origin"]),
        region_pixels=as_whole(plain["region_pixels"], 1, 2**62),
        settings=as_settings(plain["settings"]),
        network=as_text(plain["network"]),
        network_sha256=as_text(plain["network_sha256"]),
        scores=as_scores(plain["scores"]),
        verdict=_one_of(plain["verdict"], get_args(Verdict)),  # type: ignore[arg-type]  # it is one
        is_stopped=plain["is_stopped"],
        true_class=optional(as_whole, plain["true_class"]),
        true_info=optional(as_class, plain["true_info"]),
        note=as_text(plain["note"]),
        tags=tuple(sorted(tags)),
    )


def plain_kept(kept: KeptResult) -> dict[str, Any]:
    """Write what is known of a kept explanation."""
    return {
        "identity": kept.identity,
        "created": kept.created.isoformat(),
        "image_path": None if kept.image_path is None else str(kept.image_path),
        "page": kept.page,
        "frame": None if kept.frame is None else plain_frame(kept.frame),
        "class_index": int(kept.class_index),
        "class_info": plain_class(kept.class_info),
        "origin": kept.origin,
        "region_pixels": int(kept.region_pixels),
        "settings": _plain_settings(kept.settings),
        "network": kept.network,
        "network_sha256": kept.network_sha256,
        "scores": plain_scores(kept.scores),
        "verdict": kept.verdict,
        "is_stopped": kept.is_stopped,
        "true_class": None if kept.true_class is None else int(kept.true_class),
        "true_info": None if kept.true_info is None else plain_class(kept.true_info),
        "note": kept.note,
        "tags": list(kept.tags),
    }


# Most results and requests of a session share their settings, and all are written on every change.
@lru_cache(maxsize=256)
def _plain_settings(settings: Settings) -> dict[str, Any]:
    return settings.to_dict()


def _one_of(value: object, known: tuple[str, ...]) -> str:
    if not isinstance(value, str) or value not in known:
        raise ValueError(f"it is none of {', '.join(known)}")
    return value


StoredIdentity = Annotated[str, PlainValidator(as_identity)]
StoredText = Annotated[str, PlainValidator(as_text)]
StoredPath = Annotated[Path, PlainValidator(as_path), PlainSerializer(str)]
StoredFrame = Annotated[Frame, PlainValidator(as_frame), PlainSerializer(plain_frame)]
StoredSettings = Annotated[Settings, PlainValidator(as_settings), PlainSerializer(_plain_settings)]
StoredClass = Annotated[ClassInfo, PlainValidator(as_class), PlainSerializer(plain_class)]
StoredResult = Annotated[KeptResult, PlainValidator(as_kept), PlainSerializer(plain_kept)]
StoredOrigin = Annotated[RegionOrigin, PlainValidator(as_origin)]
