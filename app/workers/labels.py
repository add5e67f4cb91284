"""The label map of an image: found where the user says, read for the network that is open."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gridsal_core.arrays import IndexArray
from gridsal_core.datasets.label_files import find_label, label_place
from gridsal_core.datasets.labels import read_label_map
from gridsal_core.errors import ImageError, SettingsError
from gridsal_core.types import ClassInfo


@dataclass(frozen=True)
class LabelRules:
    """How label maps are found and read.

    `pattern` is the user's (see `label_place`), blank for the usual places; `classes` are the open
    network's, None without one.
    """

    pattern: str = ""
    classes: tuple[ClassInfo, ...] | None = None


@dataclass(frozen=True, eq=False)
class FoundLabel:
    """(H, W) classes, where they were found, and a sentence if they are not there or not whole."""

    label: IndexArray | None = None
    path: Path | None = None
    note: str = ""


def load_label(image: Path, size: tuple[int, int], rules: LabelRules) -> FoundLabel:
    """Find and read the label map of an image; what is wrong with it is told in the result.

    Parameters
    ----------
    image, size
        The image and its (height, width), upright.
    rules
        Where label maps are, and what they mean.
    """
    found: Path | None = None
    try:
        count = None if rules.classes is None else len(rules.classes)
        found = find_label(image, rules.pattern, count)
        if found is None:
            return FoundLabel(note=_nothing_found(image, rules.pattern))
        label_map = read_label_map(found, size, rules.classes)
    except (ImageError, SettingsError) as error:
        return FoundLabel(path=found, note=f"The label map is not used: {error}")
    except OSError as error:
        reason = error.strerror or error
        return FoundLabel(path=found, note=f"The label map cannot be read: {reason}.")
    return FoundLabel(label_map.classes, found, label_map.note)


def _nothing_found(image: Path, pattern: str) -> str:
    if not pattern.strip():
        return ""
    return (
        f"There is no label map {label_place(image, pattern)}; "
        "File > Label maps says where they are."
    )
