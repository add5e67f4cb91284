"""Numbers on the command line, refused in this program's own words."""

from __future__ import annotations

from collections.abc import Callable

from gridsal_core.errors import SettingsError


def number(option: str, example: float) -> Callable[[str], float]:
    """Make the reader of an option's number; the example goes into its refusal."""

    def read(text: str) -> float:
        try:
            return float(text)
        except ValueError:
            raise SettingsError(
                f"{option} {text!r} is not a number; give one such as {example:g}."
            ) from None

    return read


def whole(option: str, example: int) -> Callable[[str], int]:
    """Make the reader of an option's whole number; the example goes into its refusal."""

    def read(text: str) -> int:
        try:
            return int(text)
        except ValueError:
            raise SettingsError(
                f"{option} {text!r} is not a whole number; give one such as {example}."
            ) from None

    return read
