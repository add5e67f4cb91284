"""Line icons in the colours of the current theme, crisp at the sizes the window uses."""

from __future__ import annotations

from importlib import resources

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtGui import QIcon, QImage, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from app.theme import ThemeColors, current_colors

ICON_SIZES = (16, 20, 24, 32, 40, 48, 64)
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
    drawing = _drawing(name)
    if name == APP_ICON:
        return _rendered(QIcon(), drawing, QIcon.Mode.Normal, APP_ICON_SIZES)
    result = QIcon()
    for mode, color in _colors_by_mode(current_colors()).items():
        _rendered(result, drawing.replace(_COLOR, color), mode, ICON_SIZES)
    return result


def icon_on_accent(name: str) -> QIcon:
    """Return an icon for a button in the accent's colour.

    Raises
    ------
    FileNotFoundError
        If `resources/icons` has no such drawing.
    """
    drawing, colors = _drawing(name), current_colors()
    result = QIcon()
    for mode, color in (
        (QIcon.Mode.Normal, colors.on_accent),
        (QIcon.Mode.Disabled, colors.disabled),
    ):
        _rendered(result, drawing.replace(_COLOR, color), mode, ICON_SIZES)
    return result


def _drawing(name: str) -> str:
    file = resources.files("resources") / "icons" / f"{name}.svg"
    return file.read_text(encoding="utf-8")


def _colors_by_mode(colors: ThemeColors) -> dict[QIcon.Mode, str]:
    return {
        QIcon.Mode.Normal: colors.text,
        QIcon.Mode.Active: colors.text,
        QIcon.Mode.Disabled: colors.disabled,
        QIcon.Mode.Selected: colors.on_accent,
    }


def _rendered(result: QIcon, drawing: str, mode: QIcon.Mode, sizes: tuple[int, ...]) -> QIcon:
    renderer = QSvgRenderer(QByteArray(drawing.encode()))
    for size in sizes:
        image = QImage(size, size, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        renderer.render(painter)
        painter.end()
        result.addPixmap(QPixmap.fromImage(image), mode)
    return result
