"""Explanations from the command line: where they go, computing with progress, summing up."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from gridsal_core.allocator import keep_freed_memory
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

    def once_more(self, device: str) -> Callable[[], SegmentationNetwork]:
        """Return what opens it in another process, and says nothing; it is picklable."""
        from gridsal_core.checkpoints import load_network

        # On another machine this process's folder may not be the current one.
        source = str(Path(self.source).absolute()) if Path(self.source).exists() else self.source
        return partial(
            load_network,
            source,
            device,
            weights=None if self.weights is None else self.weights.absolute(),
            card=None if self.card is None else self.card.absolute(),
            trust_code=self.trust_code,
        )

    def open(self, *, quiet: bool) -> SegmentationNetwork:
        """Open it, and pass on what a user should know of how it was opened.

        Raises
        ------
        CheckpointError, DeviceError
            As `load_network`.
        """
        from gridsal_core.checkpoints import load_network
        from gridsal_core.cli.models import fetch_if_needed

        keep_freed_memory()
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

    def numbered(self, count: int) -> tuple[Outputs, ...]:
        """Where the results of `count` requests go: digit.npz, or digit_1.npz, digit_2.npz, ..."""
        if count == 1:
            return (self,)
        return tuple(
            Outputs(*(_numbered(path, each) for path in (self.data, self.figure, self.map)))
            for each in range(1, count + 1)
        )

    def check(self, *inputs: Path | None, count: int = 1) -> None:
        """Raise OutputError for what is bound to fail, or to destroy an input or another result.

        Called before any computing is done.

        Parameters
        ----------
        inputs
            Files that are read.
        count
            The number of requests whose results are written, see `numbered`.
        """
        if self.data is not None and self.data.suffix.lower() != ".npz":
            raise OutputError(f"{self.data} does not end in .npz; give the data file that ending.")
        if self.figure is not None:
            from gridsal_core.figure import check_suffix

            check_suffix(self.figure)
        if self.map is not None and self.map.suffix.lower() != ".png":
            raise OutputError(f"{self.map} does not end in .png; give the map that ending.")
        read = {os.path.realpath(given) for given in inputs if given is not None}
        written: set[str] = set()
        for path in (path for each in self.numbered(count) for path in each._paths):
            check_writable(path)
            target = os.path.realpath(path)
            if target in read:
                raise OutputError(f"{path} is an input; give the result another name.")
            if target in written:
                raise OutputError(
                    f"Two results would be written to {path}; give each a name of its own."
                )
            written.add(target)

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
            from gridsal_core.figure import save_figure

            save_figure(explanation, self.figure)
        if self.map is not None:
            from gridsal_core.records import save_map

            save_map(explanation, self.map)
        return self._paths

    @property
    def _paths(self) -> tuple[Path, ...]:
        return tuple(path for path in (self.data, self.figure, self.map) if path is not None)


def _numbered(path: Path | None, number: int) -> Path | None:
    return None if path is None else path.with_name(f"{path.stem}_{number}{path.suffix}")


@dataclass(frozen=True, eq=False)
class Job:
    """One of the requests of a call: what to explain, how, and where the result goes.

    `image_name` tells the images of the call apart.
    """

    request: Request
    settings: Settings
    outputs: Outputs
    image_name: str


def compute(
    network: SegmentationNetwork, request: Request, settings: Settings, *, quiet: bool
) -> Explanation:
    """Explain with progress on stderr."""
    from gridsal_core.grid_saliency import explain

    tell = new_notes(quiet=quiet)
    with progress("explaining", quiet=quiet) as advance:

        def show(snapshot: Snapshot) -> None:
            tell(snapshot)
            advance(snapshot.step, snapshot.steps, f"score {snapshot.scores[-1]:.2f}")

        return explain(network, request, settings, on_snapshot=show)


def new_notes(*, quiet: bool) -> Callable[[Snapshot], None]:
    """Return what passes on each note of a run's snapshots once."""
    told: list[str] = []

    def tell(snapshot: Snapshot) -> None:
        for note in snapshot.notes[len(told) :]:
            told.append(note)
            say(f"note: {note}", quiet=quiet)

    return tell


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
