"""A field for one real number: any spelling may be typed, and none becomes another number."""

from __future__ import annotations

import math
import re

from PySide6.QtCore import QLocale, Signal
from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QDoubleSpinBox

_NUMBER = re.compile(r"[+-]?([0-9]+([.,][0-9]*)?|[.,][0-9]+)([eE][+-]?[0-9]+)?")
_LONGEST_QUOTE = 24
# Qt rounds a spin box's value to so many decimals; these lose nothing of any number.
_ALL_DECIMALS = 323


class NumberField(QDoubleSpinBox):
    """Shows a dot in every country, and takes dot, comma and 1e-3. It follows on Return.

    Parameters
    ----------
    name
        What the number is, as the subject of a sentence: "The learning rate".
    low, high
        The range, both ends included.
    example
        A number that a refusal proposes.
    step
        What the arrows add; 0 lets them change the number's first digit.
    """

    refused = Signal(str)
    """Why what was typed is not taken, in one sentence; the old number is back."""

    def __init__(self, name: str, low: float, high: float, example: float, step: float = 0) -> None:
        super().__init__()
        self._name, self._example, self._step = name, example, step
        self.setLocale(QLocale.c())
        self.setKeyboardTracking(False)
        self.setDecimals(_ALL_DECIMALS)
        self.setRange(low, high)

    def commit(self) -> bool:
        """Take what is typed as Return does; False if it was refused."""
        is_good = self._refusal(self.text()) == ""
        self.interpretText()
        return is_good

    @property
    def is_being_typed(self) -> bool:
        """Whether the text is not the number that is set, or not yet."""
        return self._bare(self.text()) != spelled(self.value())

    def textFromValue(self, value: float) -> str:
        return spelled(value)

    def valueFromText(self, text: str) -> float:
        value = self._parsed(text)
        return self.value() if value is None else value

    def validate(self, text: str, pos: int) -> tuple[QValidator.State, str, int]:
        # Anything may be typed; what is no number is refused as a whole, not letter by letter.
        state = (
            QValidator.State.Intermediate if self._refusal(text) else QValidator.State.Acceptable
        )
        return state, text, pos

    def fixup(self, text: str) -> str:
        # Qt asks here once before it puts the old number back.
        self.refused.emit(self._refusal(text))
        return text

    def stepBy(self, steps: int) -> None:
        self.interpretText()
        value = self.value()
        size = self._step or _first_digit(value)
        # Twelve digits keep 0.1 + 0.2 from being shown as 0.30000000000000004.
        moved = float(f"{value + steps * size:.12g}")
        self.setValue(min(max(moved, self.minimum()), self.maximum()))
        self.selectAll()

    def _refusal(self, text: str) -> str:
        value = self._parsed(text)
        span = f"from {spelled(self.minimum())} to {spelled(self.maximum())}"
        if value is None:
            typed = _quoted(self._bare(text))
            return (
                f"{self._name} {typed} is not a number; give one {span}, such as {self._example}."
            )
        if not self.minimum() <= value <= self.maximum():
            typed = _quoted(self._bare(text))
            return f"{self._name} {typed} is out of range; give a number {span}."
        return ""

    def _parsed(self, text: str) -> float | None:
        bare = self._bare(text)
        if _NUMBER.fullmatch(bare) is None:
            return None
        return float(bare.replace(",", ".")) + 0.0  # makes 0.0 of -0.0

    def _bare(self, text: str) -> str:
        return text.strip().removeprefix(self.prefix()).removesuffix(self.suffix()).strip()


def spelled(value: float) -> str:
    """Write a number as shortly as it can be read back without loss."""
    short = f"{value:g}"
    text = short if float(short) == value else repr(value)
    digits, _, exponent = text.partition("e")
    return f"{digits}e{int(exponent)}" if exponent else digits


def _first_digit(value: float) -> float:
    """Return the unit of the first digit, or of the second where the first is a lone 1."""
    return 10.0 ** math.floor(math.log10(value) - 1e-9) if value > 0 else 0.001


def _quoted(text: str) -> str:
    return repr(text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}…")
