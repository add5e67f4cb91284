"""Figures, drawn in the engine's process: what is shown is sent there once, then drawn at will."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from app.workers.jobs import Desk
from gridsal_core.errors import CheckpointError
from gridsal_core.figure.spec import MOST_EXPLANATIONS, ChangeKind, FigureSpec
from gridsal_core.types import Explanation

if TYPE_CHECKING:
    from gridsal_core.figure import Exhibit

SHELF_BYTES: Final = 512 * 2**20
# More than a figure shows; without it, a day's small images would fill the shelf.
SHELF_PLACES: Final = 2 * max(MOST_EXPLANATIONS.values())


@dataclass(frozen=True)
class Key:
    """What is laid out: a result, what the network says once its context is changed, its label.

    `label_pattern` says where label maps are.
    """

    identity: str
    changes: tuple[ChangeKind, ...] = ()
    label_pattern: str = ""


class _Shelf:
    """What was laid out in this process, the least recently drawn dropped first."""

    def __init__(self) -> None:
        self._exhibits: OrderedDict[Key, Exhibit] = OrderedDict()

    def put(self, key: Key, exhibit: Exhibit) -> None:
        self._exhibits[key] = exhibit
        while len(self._exhibits) > 1 and self._is_full():
            self._exhibits.popitem(last=False)

    def take(self, keys: tuple[Key, ...]) -> list[Exhibit] | Missing:
        lacking = tuple(key for key in keys if key not in self._exhibits)
        if lacking:
            return Missing(lacking)
        for key in keys:
            self._exhibits.move_to_end(key)
        return [self._exhibits[key] for key in keys]

    def _is_full(self) -> bool:
        held = sum(map(_bytes, self._exhibits.values()))
        return len(self._exhibits) > SHELF_PLACES or held > SHELF_BYTES


_SHELF: Final = _Shelf()


@dataclass(frozen=True)
class Missing:
    """These have to be laid out again before a figure can be drawn of them."""

    keys: tuple[Key, ...]


@dataclass(frozen=True)
class Drawn:
    """A figure as a file's bytes, and the size of its page: in inches, and in dots of its own."""

    data: bytes
    inches: tuple[float, float]
    dots: tuple[int, int]


@dataclass(frozen=True, eq=False)
class LayOut:
    """Keep of an explanation what figures show; its label map is looked for beside its image."""

    key: Key
    explanation: Explanation

    def run(self, desk: Desk) -> None:
        """Ask the network, where the context is to be changed, and keep it all.

        Raises
        ------
        CheckpointError
            If the network that was explained is not the open one.
        """
        from gridsal_core.figure import exhibit
        from gridsal_core.figure.labels import label_of
        from gridsal_core.whatif import what_if

        shown = exhibit(self.explanation, label_of(self.explanation, self.key.label_pattern))
        if self.key.changes:
            network = desk.network()
            if network.sha256 != self.explanation.provenance.checkpoint_sha256:
                raise CheckpointError(
                    "Another network is open than the one that was explained; open that one again."
                )
            results = [what_if(network, self.explanation, kind) for kind in self.key.changes]
            shown = shown.changed_by(results)
        _SHELF.put(self.key, shown)


@dataclass(frozen=True)
class DrawFigure:
    """Draw what was laid out, as the bytes of a file with this suffix.

    `within`, in dots, makes it a PNG no larger than that, for the screen.
    """

    spec: FigureSpec
    keys: tuple[Key, ...]
    suffix: str = ".png"
    within: tuple[int, int] | None = None

    def run(self, desk: Desk) -> Drawn | Missing:
        """Draw; see `gridsal_core.figure.compose` for what it raises."""
        from gridsal_core.figure import compose, rendered

        exhibits = _SHELF.take(self.keys)
        if isinstance(exhibits, Missing):
            return exhibits
        figure = compose(self.spec, exhibits)
        width, height = (float(n) for n in figure.get_size_inches())
        dots = round(width * figure.dpi), round(height * figure.dpi)
        dpi = None
        if self.within is not None:
            fitting = min(self.within[0] / width, self.within[1] / height)
            dpi = min(float(figure.dpi), fitting)
        return Drawn(rendered(figure, self.suffix, dpi), (width, height), dots)


@dataclass(frozen=True)
class WriteFigure:
    """Draw what was laid out into a file, by its suffix."""

    spec: FigureSpec
    keys: tuple[Key, ...]
    path: Path

    def run(self, desk: Desk) -> Path | Missing:
        """Write; see `gridsal_core.figure.save_drawing` for what it raises besides."""
        from gridsal_core.figure import compose, save_drawing

        exhibits = _SHELF.take(self.keys)
        if isinstance(exhibits, Missing):
            return exhibits
        save_drawing(compose(self.spec, exhibits), self.path)
        return self.path


def _bytes(exhibit: Exhibit) -> int:
    pixels = exhibit.region.size
    pictures = 2 + len(exhibit.changes)
    return int(pixels * (3 * pictures + exhibit.saliency.itemsize + 4))
