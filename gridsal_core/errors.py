"""The errors a user can cause, each one sentence that says what is wrong and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gridsal_core.checkpoints.card import ModelCard


class GridSalError(Exception):
    """Base of every error that is told to the user as it stands, without a traceback."""


class CheckpointError(GridSalError):
    """A network cannot be opened."""


class CardNeededError(CheckpointError):
    """A file holds only weights, and somebody has to say what network they belong to.

    Parameters
    ----------
    sentence
        What is missing, and what to do.
    proposal
        What could be guessed, to be confirmed or corrected, then handed to `load_network` as
        `card`.
    problems
        What does not fit yet, one sentence each.
    """

    def __init__(self, sentence: str, proposal: ModelCard, problems: tuple[str, ...] = ()) -> None:
        super().__init__(sentence)
        self.proposal = proposal
        self.problems = problems


class TrustNeededError(CheckpointError):
    """Opening this would run code that came with it; nothing was run yet.

    Parameters
    ----------
    sentence
        What would run, and how to allow it.
    code
        The code that would run, as in `file.py:function`.
    """

    def __init__(self, sentence: str, code: str) -> None:
        super().__init__(sentence)
        self.code = code


class ScoresError(CheckpointError):
    """A network answers with values that are no finite numbers, on this image at least."""


class ImageError(GridSalError):
    """An image, a label map or an image folder cannot be read."""


class ImageTooLargeError(ImageError):
    """An image can only be decoded as a whole, and is beyond the size that is safe unasked.

    Reading it again with `allow_large` decodes it all the same.
    """


class RequestError(GridSalError):
    """A request region or its class does not fit the image or the network."""


class SettingsError(GridSalError):
    """A setting is out of its range or makes no sense for this image."""


class SessionError(GridSalError):
    """A session, or an explanation that was kept in one, cannot be read."""


class OutputError(GridSalError):
    """A result cannot be written where the user asked for it."""


class DeviceError(GridSalError):
    """The device is not there, or its memory does not suffice."""
