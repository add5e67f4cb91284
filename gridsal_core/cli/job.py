"""One explanation from the command line: compute with progress, write, sum up."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gridsal_core.atomic import check_writable
from gridsal_core.cli.progress import progress, say
from gridsal_core.errors import OutputError
from gridsal_core.reading import read_explanation
from gridsal_core.settings import Settings
from gridsal_core.types import Explanation, Request, Snapshot
from gridsal_core.working_scale import size_told

if TYPE_CHECKING:
    from gridsal_core.network import SegmentationNetwork


@dataclass(frozen=True)
class NetworkOptions:
    """The network as the command line names it: the arguments of `load_network`."""

    source: str
    device: str = "auto"
    weights: Path | None = None
    card: Path | None = None
    trust_code: bool = False

    def open(self, *, quiet: bool) -> SegmentationNetwork:
        """Open it, and pass on what a user should know of how it was opened.

        Raises
        ------
        CheckpointError, DeviceError
            As `load_network`.
        """
        from gridsal_core.checkpoints import load_network
        from gridsal_core.cli.models import fetch_if_needed

        fetch_if_needed(self.source, weights=self.weights, quiet=quiet)
        network = load_network(
            self.source,
            self.device,
            weights=self.weights,
            card=self.card,
            trust_code=self.trust_code,
        )
        for note in network.notes:
            say(f"note: {note}", quiet=quiet)
        return network


@dataclass(frozen=True)
class Outputs:
    """Where the results go: the data, the figure, the map alone, or none of them."""

    data: Path | None = None
    figure: Path | None = None
    map: Path | None = None

    def check(self, *inputs: Path | None) -> None:
        """Raise OutputError for what is bound to fail or to destroy one of the inputs.

        Called before any computing is done.
        """
        if self.data is not None and self.data.suffix.lower() != ".npz":
            raise OutputError(f"{self.data} does not end in .npz; give the data file that ending.")
        if self.figure is not None:
            from gridsal_core.figures import check_suffix

            check_suffix(self.figure)
        if self.map is not None and self.map.suffix.lower() != ".png":
            raise OutputError(f"{self.map} does not end in .png; give the map that ending.")
        for path in self._paths:
            check_writable(path)
            if any(path.resolve() == given.resolve() for given in inputs if given is not None):
                raise OutputError(f"{path} is an input; give the result another name.")

    def write(self, explanation: Explanation) -> tuple[Path, ...]:
        """Write what was asked for and return the paths.

        Raises
        ------
        OutputError
            If a file cannot be written.
        """
        if self.data is not None:
            from gridsal_core.records import save_record

            save_record(explanation, self.data)
        if self.figure is not None:
            from gridsal_core.figures import save_figure

            save_figure(explanation, self.figure)
        if self.map is not None:
            from gridsal_core.records import save_map

            save_map(explanation, self.map)
        return self._paths

    @property
    def _paths(self) -> tuple[Path, ...]:
        return tuple(path for path in (self.data, self.figure, self.map) if path is not None)


def compute(
    network: SegmentationNetwork, request: Request, settings: Settings, *, quiet: bool
) -> Explanation:
    """Explain with progress on stderr."""
    from gridsal_core.grid_saliency import explain

    told: list[str] = []
    with progress("explaining", quiet=quiet) as advance:

        def show(snapshot: Snapshot) -> None:
            for note in snapshot.notes[len(told) :]:
                told.append(note)
                say(f"note: {note}", quiet=quiet)
            advance(snapshot.step, snapshot.steps, f"score {snapshot.scores[-1]:.2f}")

        return explain(network, request, settings, on_snapshot=show)


def summary(explanation: Explanation) -> str:
    """Sum an explanation up in one line."""
    scores, reading = explanation.scores, read_explanation(explanation)
    size = size_told(explanation.request.frame)
    return (
        f"{explanation.class_name}: {reading.headline} "
        f"score {scores.image:.3f} on the image, {scores.object_alone:.3f} on the object alone, "
        f"{scores.perturbed:.3f} with the map; residual {explanation.residual:.3f}, "
        f"mask sum {float(explanation.mask.sum()):.2f} of {explanation.mask.size} cells"
        + (f"; {size}" if size else "")
    )
