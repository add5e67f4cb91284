"""Which ink can be read on a ground."""

from __future__ import annotations

from PySide6.QtGui import QColor

from app.theme import current_colors


def readable_ink(ground: QColor) -> QColor:
    """Return the text's colour or that of inputs, whichever stands out more from the ground."""
    colors = current_colors()
    inks = (QColor(colors.text), QColor(colors.base))
    return max(inks, key=lambda ink: _contrast(ink, ground))


def _contrast(one: QColor, other: QColor) -> float:
    """Return the contrast ratio of two colours, from 1 to 21 (WCAG 2)."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: QColor) -> float:
    parts = (color.redF(), color.greenF(), color.blueF())
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
