"""Light, dark, or as the system has it: Fusion with two calm palettes and one short style sheet."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from string import Template
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

Theme = Literal["light", "dark", "system"]

THEMES: tuple[Theme, ...] = ("light", "dark", "system")

_SCHEMES: dict[Theme, Qt.ColorScheme] = {
    "light": Qt.ColorScheme.Light,
    "dark": Qt.ColorScheme.Dark,
    "system": Qt.ColorScheme.Unknown,
}


@dataclass(frozen=True)
class ThemeColors:
    """The colours of one theme, as #rrggbb; text on its surface meets WCAG AA (4.5 : 1).

    Parameters
    ----------
    window, base, raised, hover, pressed
        Surfaces: panels, lists and inputs, buttons, and buttons in use.
    text, muted, disabled
        Text, secondary text, text of what cannot be used now (exempt from AA).
    border, outline, accent, on_accent
        Lines between surfaces, lines of controls (3 : 1), the selection and its text.
    focus
        The line around the control that the keys go to (2.5 : 1 to what was there without).
    canvas
        What surrounds the image.
    background, foreground, grid
        Of plots.
    series
        Lines of plots, in order.
    """

    is_dark: bool
    window: str
    base: str
    raised: str
    hover: str
    pressed: str
    text: str
    muted: str
    disabled: str
    border: str
    outline: str
    accent: str
    on_accent: str
    focus: str
    canvas: str
    background: str
    foreground: str
    grid: str
    series: tuple[str, ...]


LIGHT = ThemeColors(
    is_dark=False,
    window="#f4f5f7",
    base="#ffffff",
    raised="#ffffff",
    hover="#e6e9ef",
    pressed="#d8dde6",
    text="#1d2129",
    muted="#5b6472",
    disabled="#a0a7b2",
    border="#cfd4dc",
    outline="#868e9b",
    accent="#1f5fd0",
    on_accent="#ffffff",
    focus="#1f5fd0",
    canvas="#e3e6eb",
    background="#ffffff",
    foreground="#3a424e",
    grid="#d9dde3",
    series=("#c62828", "#1f5fd0", "#2e7d32", "#8a5a00"),
)

DARK = ThemeColors(
    is_dark=True,
    window="#23262c",
    base="#1b1d22",
    raised="#2f333b",
    hover="#3a3f49",
    pressed="#454b57",
    text="#e6e9ee",
    muted="#a3abb8",
    disabled="#666e7a",
    border="#454b56",
    outline="#747d8b",
    accent="#3a6fd2",
    on_accent="#ffffff",
    focus="#8ab8ff",
    canvas="#121317",
    background="#1b1d22",
    foreground="#c3c9d2",
    grid="#383d46",
    series=("#ff7b72", "#79b0ff", "#7bd88f", "#e8b45a"),
)


def current_colors() -> ThemeColors:
    """Colours of the theme in use: ask again in `changeEvent` when the palette has changed."""
    window = QGuiApplication.palette().color(QPalette.ColorRole.Window)
    return DARK if window.lightness() < 128 else LIGHT


def apply_theme(app: QApplication, theme: Theme) -> None:
    """Dress the application; "system" follows the desktop from now on, also when it changes.

    Widgets that paint by themselves get `QEvent.PaletteChange` and read `current_colors` again.
    """
    app.setStyle("Fusion")
    hints = app.styleHints()
    _Follower.of(app).theme = theme
    hints.setColorScheme(_SCHEMES[theme])
    _dress(app, theme)


class _Follower:
    """Dresses the application again when the desktop turns dark or light."""

    _only: _Follower | None = None

    def __init__(self, app: QApplication) -> None:
        self.theme: Theme = "system"
        self._app = app
        app.styleHints().colorSchemeChanged.connect(self._on_scheme)

    @classmethod
    def of(cls, app: QApplication) -> _Follower:
        if cls._only is None or cls._only._app is not app:
            cls._only = cls(app)
        return cls._only

    def _on_scheme(self) -> None:
        _dress(self._app, self.theme)


def _dress(app: QApplication, theme: Theme) -> None:
    if theme == "system":
        is_dark = app.styleHints().colorScheme() == Qt.ColorScheme.Dark
    else:
        is_dark = theme == "dark"
    colors = DARK if is_dark else LIGHT
    app.setPalette(_palette(colors))
    app.setStyleSheet(_style_sheet(colors))


def _palette(colors: ThemeColors) -> QPalette:
    role = QPalette.ColorRole
    palette = QPalette()
    plain = {
        role.Window: colors.window,
        role.WindowText: colors.text,
        role.Base: colors.base,
        role.AlternateBase: colors.window,
        role.Text: colors.text,
        role.PlaceholderText: colors.muted,
        role.Button: colors.raised,
        role.ButtonText: colors.text,
        role.BrightText: colors.on_accent,
        role.Light: colors.raised,
        role.Midlight: colors.border,
        role.Mid: colors.border,
        role.Dark: colors.muted,
        role.Shadow: colors.canvas,
        role.Highlight: colors.accent,
        role.HighlightedText: colors.on_accent,
        role.Accent: colors.accent,
        role.Link: colors.series[1],
        role.LinkVisited: colors.series[1],
        role.ToolTipBase: colors.raised,
        role.ToolTipText: colors.text,
    }
    for key, color in plain.items():
        palette.setColor(key, QColor(color))
    disabled = QPalette.ColorGroup.Disabled
    for key in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        palette.setColor(disabled, key, QColor(colors.disabled))
    palette.setColor(disabled, role.Highlight, QColor(colors.border))
    return palette


def _style_sheet(colors: ThemeColors) -> str:
    sheet = resources.files("resources").joinpath("style.qss").read_text(encoding="utf-8")
    icons = resources.files("resources").joinpath("icons")
    values = {**asdict(colors), "icons": Path(str(icons)).as_posix()}
    return Template(sheet).substitute(values)
