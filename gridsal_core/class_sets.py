"""Names and colours of the classes of well-known data sets, as they were published."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType

from gridsal_core.types import ClassInfo

# Of two sets of one size, the one that comes first is proposed first.
_FILES = {
    "Cityscapes": "cityscapes_19.txt",
    "Cityscapes (34 label ids)": "cityscapes_34.txt",
    "CamVid (11)": "camvid_11.txt",
    "CamVid (12, with unlabelled)": "camvid_12.txt",
    "CamVid (32)": "camvid_32.txt",
    "Pascal VOC": "voc_21.txt",
    "ADE20K": "ade20k_150.txt",
    # It publishes no colours: these are what VOC's bit rule gives for its label ids 1 to 182.
    "COCO-Stuff": "coco_stuff_171.txt",
    "COCO panoptic": "coco_panoptic_133.txt",
}


def class_sets_for(count: int) -> tuple[str, ...]:
    """Return the names of the sets with `count` classes, the likeliest first."""
    return tuple(name for name, classes in CLASS_SETS.items() if len(classes) == count)


def _read(file_name: str) -> tuple[ClassInfo, ...]:
    """Read one class a line, as in `#804080 road`."""
    text = (files("resources") / "class_sets" / file_name).read_text("utf-8")
    entries = (line.split(" ", 1) for line in text.splitlines())
    return tuple(ClassInfo(name, _color(code)) for code, name in entries)


def _color(code: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(code[1:])
    return red, green, blue


CLASS_SETS: Mapping[str, tuple[ClassInfo, ...]] = MappingProxyType(
    {name: _read(file_name) for name, file_name in _FILES.items()}
)
