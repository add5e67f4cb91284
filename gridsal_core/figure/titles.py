"""Titles of several explanations: what tells them apart, and no more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from gridsal_core.figure.exhibit import Exhibit
from gridsal_core.settings import Settings

_PARTS: Final = ("correct part", "erroneous part")
_SETTINGS: Final[dict[str, Callable[[Settings], str]]] = {
    "lam": lambda settings: f"λ {settings.lam:g}",
    "mask_size": lambda settings: f"mask {settings.mask_size[0]}x{settings.mask_size[1]}",
    "steps": lambda settings: f"{settings.planned} steps",
    "perturbation": lambda settings: str(settings.perturbation),
    "score": lambda settings: settings.score,
}


def titles_of(exhibits: Sequence[Exhibit], *, names_images: bool) -> dict[Exhibit, str]:
    """Name each explanation by class, part, method, image, network and settings that differ.

    Parameters
    ----------
    exhibits
        In their order.
    names_images
        Whether the class is told even if it is the same for all, with the image's name.
    """
    aspects: list[list[str]] = [
        _if_several([exhibit.class_name for exhibit in exhibits], always=names_images),
        _if_several([e.origin if e.origin in _PARTS else "" for e in exhibits]),
        _if_several([exhibit.method_title for exhibit in exhibits]),
        _if_several([exhibit.image_name for exhibit in exhibits], always=names_images),
        _if_several([exhibit.network for exhibit in exhibits]),
        *(_if_several([tell(e.settings) for e in exhibits]) for tell in _SETTINGS.values()),
    ]
    titles: dict[Exhibit, str] = {}
    for index, exhibit in enumerate(exhibits):
        told = [aspect[index] for aspect in aspects if aspect[index]]
        if not told or told[0] in _PARTS:
            told.insert(0, exhibit.class_name)
        titles[exhibit] = ", ".join(told)
    return titles


def _if_several(values: list[str], *, always: bool = False) -> list[str]:
    return values if always or len(set(values)) > 1 else [""] * len(values)
