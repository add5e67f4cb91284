"""What a trial found."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Final

ALLOWED_MS: Final = 200.0


class BrokenPromiseError(Exception):
    """Something was lost, left behind or not said; the message says what."""


class SkippedError(Exception):
    """A trial cannot be made on this machine; the message says why."""


@dataclass(frozen=True)
class Outcome:
    """One trial.

    Parameters
    ----------
    kind, number
        Which trial it was.
    fault
        Which promise was broken; empty if none was.
    note
        What happened, or what the program said.
    longest_ms
        The longest time that the window answered nothing; None without a window.
    owed_ms
        The same without the time in which the window waited for a core that others had.
    is_skipped
        Whether the trial could not be made; `note` says why.
    """

    kind: str
    number: int
    fault: str = ""
    note: str = ""
    longest_ms: float | None = None
    owed_ms: float | None = None
    is_skipped: bool = False

    def to_json(self) -> str:
        """The outcome as a line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, line: str) -> Outcome:
        """Inverse of `to_json`."""
        return cls(**json.loads(line))


def check(holds: object, promise: str) -> None:
    """Raise BrokenPromiseError unless something holds."""
    if not holds:
        raise BrokenPromiseError(promise)
