"""A run that is under way, how long it takes, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from time import monotonic
from typing import Literal

from app.models.run_request import RunRequest
from gridsal_core.arrays import BoolArray
from gridsal_core.frames import ImageView
from gridsal_core.regions import widened
from gridsal_core.settings import Settings
from gridsal_core.types import Snapshot

Phase = Literal["starting", "running", "paused"]


@dataclass
class Run:
    """A run that was sent to the engine.

    `is_watched` is True if it was asked for on the screen, where its map grows: one of the queue
    leaves the screen to whatever is done there meanwhile.
    """

    ticket: int
    asked: RunRequest
    is_watched: bool
    phase: Phase = "starting"
    snapshot: Snapshot | None = None
    clock: tuple[int, float] | None = None

    @property
    def view(self) -> ImageView:
        """The pixels that are worked on."""
        return self.asked.view

    @property
    def settings(self) -> Settings:
        """How it is explained."""
        return self.asked.settings

    @cached_property
    def kept(self) -> BoolArray:
        """(H, W) bool, what is always kept of the image."""
        return widened(self.asked.region, self.settings.dilation)

    @property
    def seconds_per_step(self) -> float | None:
        """Measured since the start or the last pause; None before there is anything to measure."""
        if self.snapshot is None or self.clock is None or self.snapshot.step == self.clock[0]:
            return None
        first, began = self.clock
        return (monotonic() - began) / (self.snapshot.step - first)

    @property
    def seconds_left(self) -> float | None:
        """Estimated from the steps so far."""
        pace = self.seconds_per_step
        if pace is None or self.snapshot is None:
            return None
        return pace * (self.snapshot.steps - self.snapshot.step)


@dataclass(frozen=True)
class Ended:
    """How a run ended.

    Parameters
    ----------
    run
        The run.
    result
        Identity of what is kept of it; None if nothing is.
    is_stopped
        Whether the user ended it.
    reason
        Why it failed, in one sentence; empty if it did not.
    is_lost
        Whether it failed since the engine ended.
    """

    run: Run
    result: str | None = None
    is_stopped: bool = False
    reason: str = ""
    is_lost: bool = False


def duration(seconds: float) -> str:
    """Write a time as one reads it."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
