"""What if: the context is changed in the engine process, and figures of it are written there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.workers.jobs import Desk, explained_network
from gridsal_core.arrays import BoolArray
from gridsal_core.types import Explanation
from gridsal_core.whatif import WhatIf, WhatIfKind


@dataclass(frozen=True, eq=False)
class AskWhatIf:
    """Change the image by an explanation and predict again; see `gridsal_core.whatif.what_if`."""

    explanation: Explanation
    kind: WhatIfKind
    painted: BoolArray | None
    threshold: float | None

    def run(self, desk: Desk) -> WhatIf:
        """Ask the network that was explained."""
        from gridsal_core.whatif import what_if

        network = explained_network(desk, self.explanation)
        return what_if(network, self.explanation, self.kind, self.painted, self.threshold)


@dataclass(frozen=True, eq=False)
class SaveWhatIf:
    """Write before and after side by side as PNG, SVG or PDF."""

    result: WhatIf
    path: Path

    def run(self, desk: Desk) -> Path:
        """Draw and write; returns where."""
        from gridsal_core.figure import FigureSpec, compose, exhibit_of_what_if, save_drawing

        drawn = compose(FigureSpec(kind="what-if"), [exhibit_of_what_if(self.result)])
        save_drawing(drawn, self.path)
        return self.path
