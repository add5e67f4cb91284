"""Titles of several explanations: what tells them apart, and no more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from gridsal_core.figure.exhibit import Exhibit
from gridsal_core.figure.spec import FigureKind
from gridsal_core.settings import Settings

_PARTS: Final = ("correct part", "erroneous part")
_SETTINGS: Final[tuple[Callable[[Settings], str], ...]] = (
    lambda settings: f"λ {settings.lam:g}",
    lambda settings: f"mask {settings.mask_size[0]}x{settings.mask_size[1]}",
    lambda settings: f"{settings.planned} steps",
    lambda settings: str(settings.perturbation),
    lambda settings: settings.score,
)


def titles_of(exhibits: Sequence[Exhibit], kind: FigureKind) -> dict[Exhibit, str]:
    """Name each explanation by class, part, method, image, network and settings that differ.

    On a sheet class and image are always named, and settings never; between methods neither are
    images, which have rows of their own.
    """
    is_sheet, is_methods = kind == "sheet", kind == "methods"
    methods = _if_several([exhibit.method_title for exhibit in exhibits])
    aspects = [
        _if_several([exhibit.class_name for exhibit in exhibits], always=is_sheet),
        _if_several([e.origin if e.origin in _PARTS else "" for e in exhibits]),
        methods,
    ]
    if not is_methods:
        names = [exhibit.image_name for exhibit in exhibits]
        aspects.append(_if_several(names, always=is_sheet))
    if not is_sheet:
        aspects.append(_if_several([exhibit.network for exhibit in exhibits]))
        if not any(methods):  # whose settings differ by their nature
            aspects += [_if_several([tell(e.settings) for e in exhibits]) for tell in _SETTINGS]
    titles: dict[Exhibit, str] = {}
    for index, exhibit in enumerate(exhibits):
        told = [aspect[index] for aspect in aspects if aspect[index]]
        if not told or told[0] in _PARTS:
            told.insert(0, exhibit.class_name)
        titles[exhibit] = ", ".join(told)
    return titles


def _if_several(values: list[str], *, always: bool = False) -> list[str]:
    return values if always or len(set(values)) > 1 else [""] * len(values)
