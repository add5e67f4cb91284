"""Themes are readable, follow the system when asked to, and icons follow the theme."""

from __future__ import annotations

import math
from collections.abc import Iterator
from importlib import resources

import numpy as np
import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QIcon, QImage, QPalette
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QListView,
    QPushButton,
    QRadioButton,
    QSlider,
    QSpinBox,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.icons import icon, icon_on_accent
from app.theme import DARK, LIGHT, Theme, ThemeColors, apply_theme, current_colors
from app.views.canvas import Canvas
from tests.app.canvas_pixels import HEIGHT, WIDTH, color, shown_canvas

DRAWINGS = sorted(
    file.name.removesuffix(".svg")
    for file in (resources.files("resources") / "icons").iterdir()
    if file.name.endswith(".svg")
)


@pytest.fixture
def app(qapp: QApplication) -> Iterator[QApplication]:
    """The application, undressed again after the test."""
    yield qapp
    qapp.setStyleSheet("")
    qapp.setPalette(QPalette())


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of WCAG 2, 1 to 21."""

    def luminance(name: str) -> float:
        color = QColor(name)
        parts = (color.redF(), color.greenF(), color.blueF())
        r, g, b = (c / 12.92 if c <= 0.04045 else math.pow((c + 0.055) / 1.055, 2.4) for c in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def ink(picture: QImage) -> set[str]:
    """Return the opaque colours of a picture."""
    pixels = [
        picture.pixelColor(x, y) for y in range(picture.height()) for x in range(picture.width())
    ]
    return {color.name() for color in pixels if color.alpha() == 255}


@pytest.mark.parametrize("colors", [LIGHT, DARK], ids=["light", "dark"])
class TestContrast:
    @pytest.mark.parametrize("surface", ["window", "base", "raised", "canvas", "hover"])
    def test_text_is_readable_on_every_surface(self, colors: ThemeColors, surface: str) -> None:
        assert contrast(colors.text, getattr(colors, surface)) >= 4.5
        assert contrast(colors.muted, getattr(colors, surface)) >= 4.5

    def test_selected_text_is_readable(self, colors: ThemeColors) -> None:
        assert contrast(colors.on_accent, colors.accent) >= 4.5

    def test_plots_are_readable(self, colors: ThemeColors) -> None:
        assert contrast(colors.foreground, colors.background) >= 4.5
        for series in colors.series:
            assert contrast(series, colors.background) >= 3

    def test_controls_can_be_seen(self, colors: ThemeColors) -> None:
        assert contrast(colors.outline, colors.base) >= 3
        assert contrast(colors.accent, colors.window) >= 3


@pytest.mark.parametrize(("theme", "colors"), [("light", LIGHT), ("dark", DARK)])
def test_a_theme_dresses_the_application(
    app: QApplication, qtbot: QtBot, theme: Theme, colors: ThemeColors
) -> None:
    apply_theme(app, theme)
    assert current_colors() == colors
    assert app.palette().color(QPalette.ColorRole.Window) == QColor(colors.window)
    label = QLabel("x")
    qtbot.addWidget(label)
    label.resize(40, 40)
    assert label.grab().toImage().pixelColor(1, 1) == QColor(colors.window)


def test_system_takes_what_the_desktop_says(app: QApplication) -> None:
    apply_theme(app, "dark")
    apply_theme(app, "system")
    is_dark = app.styleHints().colorScheme().name == "Dark"
    assert current_colors() == (DARK if is_dark else LIGHT)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_an_unchecked_box_can_be_told_from_the_ground(
    app: QApplication, qtbot: QtBot, theme: Theme
) -> None:
    apply_theme(app, theme)
    box = QCheckBox()
    qtbot.addWidget(box)
    box.show()
    assert current_colors().outline in ink(box.grab().toImage())
    box.setChecked(True)
    assert current_colors().accent in ink(box.grab().toImage())


def controls() -> list[QWidget]:
    """One of each kind of control that can have the focus."""
    primary, box, radio = QPushButton("Run"), QCheckBox("Layer"), QRadioButton("Kind")
    primary.setProperty("role", "primary")
    box.setChecked(True)
    radio.setChecked(True)
    others = (QPushButton, QToolButton, QComboBox, QSpinBox, QLineEdit, QListView, QTableView)
    slider = QSlider(Qt.Orientation.Horizontal)
    return [primary, box, radio, slider, Canvas(), QCheckBox("Off"), *(kind() for kind in others)]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_focus_can_be_seen_on_every_kind_of_control(
    app: QApplication, qtbot: QtBot, theme: Theme
) -> None:
    apply_theme(app, theme)
    window = QWidget()
    layout = QVBoxLayout(window)
    each = controls()
    for control in each:
        layout.addWidget(control)
    qtbot.addWidget(window)
    with qtbot.waitActive(window):
        window.show()
    unseen = []
    for control, other in zip(each, each[1:] + each[:1], strict=True):
        other.setFocus()
        before = control.grab().toImage()
        control.setFocus()
        after = control.grab().toImage()
        changed = [
            contrast(before.pixelColor(x, y).name(), after.pixelColor(x, y).name()) >= 2.5
            for x in range(before.width())
            for y in (0, 1, 2, before.height() // 2, before.height() - 1)
        ]
        if sum(changed) < 8:
            unseen.append(type(control).__name__)
    assert unseen == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_image_is_where_the_canvas_says_it_is(
    app: QApplication, qtbot: QtBot, theme: Theme
) -> None:
    apply_theme(app, theme)
    canvas = shown_canvas(qtbot)
    noise = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    canvas.set_image(noise)
    canvas.set_zoom(1.0)
    for x, y in ((0, 0), (7, 3), (WIDTH - 1, HEIGHT - 1)):
        assert color(canvas, x, y) == QColor(*noise[y, x].tolist())


class TestIcons:
    @pytest.mark.parametrize("name", DRAWINGS)
    def test_every_drawing_can_be_seen_at_every_size(self, qapp: QApplication, name: str) -> None:
        drawn = icon(name)
        for size in (16, 20, 24, 48):
            picture = drawn.pixmap(QSize(size, size)).toImage()
            assert picture.size() == QSize(size, size)
            alphas = [picture.pixelColor(x, y).alpha() for x in range(size) for y in range(size)]
            assert sum(alphas) / 255 >= size / 2

    @pytest.mark.parametrize(("theme", "colors"), [("light", LIGHT), ("dark", DARK)])
    def test_an_icon_has_the_colour_of_the_text(
        self, app: QApplication, theme: Theme, colors: ThemeColors
    ) -> None:
        apply_theme(app, theme)
        stop = icon("stop")
        size = QSize(48, 48)
        assert colors.text in ink(stop.pixmap(size).toImage())
        assert colors.disabled in ink(stop.pixmap(size, QIcon.Mode.Disabled).toImage())

    def test_on_the_accent_an_icon_has_the_colour_of_the_text_there(
        self, app: QApplication
    ) -> None:
        apply_theme(app, "light")
        assert LIGHT.on_accent in ink(icon_on_accent("run").pixmap(QSize(48, 48)).toImage())

    def test_an_unknown_icon_is_an_error(self, qapp: QApplication) -> None:
        with pytest.raises(FileNotFoundError):
            icon("no-such-icon")
