"""Line icons in the colours of the current theme, drawn when they are shown, at any size."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources

from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from app.theme import current_colors

APP_ICON = "app"
APP_ICON_SIZES = (16, 24, 32, 48, 64, 128, 256)

# What the drawings say instead of a colour; Qt's SVG renderer does not know it by itself.
_COLOR = "currentColor"


def icon(name: str) -> QIcon:
    """Return an icon in the text colour of the theme in use; make it anew for another theme.

    Raises
    ------
    FileNotFoundError
        If `resources/icons` has no such drawing.
    """
    if name == APP_ICON:
        return _app_icon(_LineIcon({QIcon.Mode.Normal: _drawing(name)}))
    colors = current_colors()
    by_mode = {
        QIcon.Mode.Normal: colors.text,
        QIcon.Mode.Disabled: colors.disabled,
        QIcon.Mode.Selected: colors.on_accent,
    }
    return _colored(name, by_mode)


def icon_on_accent(name: str) -> QIcon:
    """Return an icon for a button in the accent's colour.

    Raises
    ------
    FileNotFoundError
        If `resources/icons` has no such drawing.
    """
    colors = current_colors()
    by_mode = {QIcon.Mode.Normal: colors.on_accent, QIcon.Mode.Disabled: colors.disabled}
    return _colored(name, by_mode)


def _colored(name: str, by_mode: Mapping[QIcon.Mode, str]) -> QIcon:
    drawing = _drawing(name)
    return QIcon(
        _LineIcon({mode: drawing.replace(_COLOR, color) for mode, color in by_mode.items()})
    )


def _drawing(name: str) -> str:
    file = resources.files("resources") / "icons" / f"{name}.svg"
    return file.read_text(encoding="utf-8")


def _app_icon(engine: _LineIcon) -> QIcon:
    """Return an icon as a window manager wants it, which asks for sizes that are there."""
    result = QIcon()
    for size in APP_ICON_SIZES:
        result.addPixmap(engine.pixmap(QSize(size, size), QIcon.Mode.Normal, QIcon.State.Off))
    return result


class _LineIcon(QIconEngine):
    """Draws an icon when it is asked for: at the start of the window few are.

    Parameters
    ----------
    drawings
        SVG by mode; other modes look as the normal one.
    """

    def __init__(self, drawings: Mapping[QIcon.Mode, str]) -> None:
        super().__init__()
        self._drawings = drawings

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, _state: QIcon.State) -> None:
        drawing = self._drawings.get(mode, self._drawings[QIcon.Mode.Normal])
        QSvgRenderer(QByteArray(drawing.encode())).render(painter, QRectF(rect))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        result = QPixmap(size)
        result.fill(Qt.GlobalColor.transparent)
        painter = QPainter(result)
        self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        painter.end()
        return result

    def clone(self) -> QIconEngine:
        return _LineIcon(self._drawings)
