"""Which kept results are compared: two to four panels, some of them empty perhaps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QObject, Signal

FEWEST: Final = 2
MOST: Final = 4


class ComparePanels(QObject):
    """The identities of the results, panel by panel; None is an empty panel."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._panels: list[str | None] = [None] * FEWEST

    @property
    def panels(self) -> tuple[str | None, ...]:
        """Two to four identities, in the order of the panels."""
        return tuple(self._panels)

    @property
    def can_add(self) -> bool:
        """Whether there is room for another panel."""
        return len(self._panels) < MOST

    def show(self, identities: Sequence[str | None]) -> None:
        """Compare these results, None in an empty panel; from the fifth on they are left out."""
        found: list[str | None] = list(identities[:MOST])
        self._set(found + [None] * (FEWEST - len(found)))

    def put(self, index: int, identity: str | None) -> None:
        """Show another result in a panel."""
        self._set([identity if i == index else old for i, old in enumerate(self._panels)])

    def include(self, identity: str) -> None:
        """Show a result in the first empty panel, else in a new one, else in the last."""
        if None in self._panels:
            self.put(self._panels.index(None), identity)
        elif self.can_add:
            self._set([*self._panels, identity])
        else:
            self.put(MOST - 1, identity)

    def add(self) -> None:
        """Add an empty panel, up to four."""
        if self.can_add:
            self._set([*self._panels, None])

    def swap(self, index: int, other: int) -> None:
        """Let two panels change places."""
        panels = list(self._panels)
        panels[index], panels[other] = panels[other], panels[index]
        self._set(panels)

    def close(self, index: int) -> None:
        """Take a panel away; of two, it becomes empty."""
        if len(self._panels) > FEWEST:
            self._set([old for i, old in enumerate(self._panels) if i != index])
        else:
            self.put(index, None)

    def forget(self, identity: str) -> None:
        """Empty the panels of a result that is gone."""
        self._set([None if old == identity else old for old in self._panels])

    def clear(self) -> None:
        """Begin anew, with two empty panels."""
        self._set([None] * FEWEST)

    def _set(self, panels: list[str | None]) -> None:
        if panels != self._panels:
            self._panels = panels
            self.changed.emit()
