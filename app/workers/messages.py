"""What the window and the engine process say to each other: frozen values, sent by pickle.

Both ends are this program, started by itself over a private pipe; nothing from a file or from
elsewhere is ever unpickled.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.workers.jobs import Job
from gridsal_core.arrays import BoolArray
from gridsal_core.checkpoints.card import ModelCard
from gridsal_core.checks.result import Check
from gridsal_core.frames import ImageView
from gridsal_core.settings import Settings
from gridsal_core.types import Explanation, NetworkInfo, Prediction, RegionOrigin, Snapshot

NO_TICKET = 0
"""Of a Failed that no command caused."""


@dataclass(frozen=True)
class OpenNetwork:
    """Open a network; answered by NetworkOpened, CardNeeded or TrustNeeded.

    The fields are the arguments of `gridsal_core.load_network`. A card that comes along was
    confirmed by the user, and is written beside the network once it is open.
    """

    ticket: int
    source: str
    device: str
    weights: Path | None = None
    card: ModelCard | None = None
    trust_code: bool = False


@dataclass(frozen=True)
class Predict:
    """Segment an image; answered by Predicted."""

    ticket: int
    view: ImageView


@dataclass(frozen=True, eq=False)
class Explain:
    """Explain a region of an image; answered by Progress after each step, then Finished.

    `network_sha256` is of the network that was meant: by any other one it is refused. What is found
    is written under `identity` into `folder`, that of the unfinished session, before Finished says
    so; without a folder, or where it cannot be written, that is left to the window.
    """

    ticket: int
    view: ImageView
    region: BoolArray
    class_index: int
    origin: RegionOrigin
    settings: Settings
    network_sha256: str
    true_class: int | None = None
    identity: str = ""
    folder: Path | None = None


@dataclass(frozen=True)
class Pause:
    """Hold the run after the step that is being computed."""

    ticket: int


@dataclass(frozen=True)
class Resume:
    """Let a held run go on."""

    ticket: int


@dataclass(frozen=True)
class Stop:
    """End the run after the step that is being computed, and keep what there is.

    Of a check nothing is kept.
    """

    ticket: int


@dataclass(frozen=True, eq=False)
class CheckMap:
    """Measure how far a map can be trusted; answered by CheckProgress, then Checked.

    `Stop` ends it; then Failed is the answer.
    """

    ticket: int
    explanation: Explanation


@dataclass(frozen=True, eq=False)
class ExportCurves:
    """Write the curves of a check (csv); answered by Exported."""

    ticket: int
    check: Check
    path: Path


@dataclass(frozen=True, eq=False)
class RunJob:
    """Run a job; answered by JobDone. Sent by `EngineClient.submit`."""

    ticket: int
    job: Job[Any]


Command = OpenNetwork | Predict | Explain | Pause | Resume | Stop | CheckMap | ExportCurves | RunJob


@dataclass(frozen=True)
class Ready:
    """The engine process has imported torch and waits.

    `devices` are the names of where it can compute, `auto` first.
    """

    devices: tuple[str, ...]


@dataclass(frozen=True)
class NetworkOpened:
    """The network is open.

    `card` is what its card says, completed. `is_card_kept` is False only where a card that came
    with the command could not be written beside the network.
    """

    ticket: int
    network: NetworkInfo
    card: ModelCard
    is_card_kept: bool = True


@dataclass(frozen=True)
class CardNeeded:
    """The user has to say what network the weights belong to: a proposal to confirm."""

    ticket: int
    sentence: str
    proposal: ModelCard
    problems: tuple[str, ...]


@dataclass(frozen=True)
class TrustNeeded:
    """The user has to allow that this code runs."""

    ticket: int
    sentence: str
    code: str


@dataclass(frozen=True, eq=False)
class Predicted:
    """The network's answer on an image; `predictor` as of its NetworkInfo."""

    ticket: int
    view: ImageView
    predictor: str
    prediction: Prediction


@dataclass(frozen=True, eq=False)
class Progress:
    """One optimisation step was done."""

    ticket: int
    snapshot: Snapshot


@dataclass(frozen=True, eq=False)
class Finished:
    """A run came to its end or was stopped."""

    ticket: int
    explanation: Explanation


@dataclass(frozen=True)
class Exported:
    """A file was written."""

    ticket: int
    path: Path


@dataclass(frozen=True)
class CheckProgress:
    """So many parts of a check are done, of how many."""

    ticket: int
    done: int
    total: int


@dataclass(frozen=True, eq=False)
class Checked:
    """What a check found."""

    ticket: int
    check: Check


@dataclass(frozen=True, eq=False)
class JobDone:
    """What a job returned."""

    ticket: int
    result: Any


@dataclass(frozen=True)
class Failed:
    """A command could not be done. `trace` is empty for a user's error, else for the log."""

    ticket: int
    message: str
    trace: str = ""


Event = (
    Ready
    | NetworkOpened
    | CardNeeded
    | TrustNeeded
    | Predicted
    | Progress
    | Finished
    | Exported
    | CheckProgress
    | Checked
    | JobDone
    | Failed
)
