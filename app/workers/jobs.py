"""Work for the engine process that is described by a value: the value travels, and is run there.

A job is a frozen dataclass of the window's own code, sent over the private pipe; its module imports
torch, and what needs it, only inside `run`. Several jobs wait for each other; between the steps of
a run they are served at once, so a job is short: a pass over a folder is one job for each image, a
survey is worked on in slices of a moment.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from gridsal_core.errors import CheckpointError

if TYPE_CHECKING:
    from gridsal_core.arrays import FloatArray
    from gridsal_core.frames import ImageView
    from gridsal_core.network import SegmentationNetwork
    from gridsal_core.types import Explanation

T_co = TypeVar("T_co", covariant=True)


class Desk(Protocol):
    """What the engine lays out for a job."""

    def network(self) -> SegmentationNetwork:
        """Return the open network.

        Raises
        ------
        CheckpointError
            If there is none.
        """
        ...

    def read(self, view: ImageView) -> FloatArray:
        """Read an image for the open network, (H, W, C) in [0, 1]; the last two are kept.

        Raises
        ------
        ImageError
            If it cannot be read.
        """
        ...


class Job(Protocol[T_co]):
    """A frozen dataclass that can be pickled, as what it returns can."""

    def run(self, desk: Desk) -> T_co:
        """Do the work, in the engine process.

        Raises
        ------
        GridSalError
            With a sentence for the user.
        """
        ...


def explained_network(desk: Desk, explanation: Explanation) -> SegmentationNetwork:
    """Return the open network if it is the one that was explained.

    Raises
    ------
    CheckpointError
        If it is another one, or none is open.
    """
    network = desk.network()
    if network.sha256 != explanation.provenance.checkpoint_sha256:
        raise CheckpointError(
            "Another network is open than the one that was explained; open that one again."
        )
    return network


OnDone = Callable[[Any], None]
OnFailed = Callable[[str, str], None]
"""Takes a sentence, and a trace for the log: empty for a user's error."""
