"""The errors a user can cause, each one sentence that says what is wrong and what to do."""

from __future__ import annotations


class GridSalError(Exception):
    """Base of every error that is told to the user as it stands, without a traceback."""


class CheckpointError(GridSalError):
    """A network cannot be opened."""


class ImageError(GridSalError):
    """An image, a label map or an image folder cannot be read."""


class RequestError(GridSalError):
    """A request region or its class does not fit the image or the network."""


class SettingsError(GridSalError):
    """A setting is out of its range or makes no sense for this image."""


class OutputError(GridSalError):
    """A result cannot be written where the user asked for it."""


class DeviceError(GridSalError):
    """The device is not there, or its memory does not suffice."""
