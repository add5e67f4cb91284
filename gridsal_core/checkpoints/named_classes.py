"""Class names that a network brings along, with the colours of the data set they come from."""

from __future__ import annotations

from collections.abc import Sequence

from gridsal_core.checkpoints.card import ClassCard
from gridsal_core.palette import numbered_classes
from gridsal_core.types import ClassInfo


def class_cards(names: Sequence[str]) -> tuple[ClassCard, ...]:
    """Give colours to names: those of a known set that has most of them, else numbered ones."""
    known = _known_set(names)
    infos = numbered_classes(len(names)) if known is None else known
    return tuple(
        ClassCard(name=name, color="#{:02x}{:02x}{:02x}".format(*info.color))
        for name, info in zip(names, infos, strict=True)
    )


def _known_set(names: Sequence[str]) -> tuple[ClassInfo, ...] | None:
    from gridsal_core.class_sets import CLASS_SETS, class_sets_for

    for title in class_sets_for(len(names)):
        entries = CLASS_SETS[title]
        same = sum(
            _plain(name) == _plain(info.name) for name, info in zip(names, entries, strict=True)
        )
        if 2 * same > len(names):
            return entries
    return None


def _plain(name: str) -> str:
    # VOC's background is written __background__ in some places, and spaces come and go.
    return "".join(letter for letter in name.casefold() if letter.isalnum())
