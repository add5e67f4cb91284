"""The controls of a figure's look, in four groups: page, panels, style and words."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QLocale, QSignalBlocker, Signal
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QColorDialog,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QPlainTextEdit,
    QPushButton,
    QSpinBox,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app.views.figure_panels import FigurePanels
from app.views.forms import GAP, PercentSlider, add_row, choose, form, note
from gridsal_core.figure.spec import (
    CONTOUR_WIDTHS,
    DPI,
    FONT_SIZES,
    FONTS,
    MOST_CAPTION,
    MOST_COLUMNS,
    SIZES,
    FigureSpec,
    Unit,
)

KINDS: Final = {
    "single": "Single explanation",
    "pair": "Correct against erroneous",
    "what-if": "With and without context",
    "methods": "Comparison of methods",
    "sheet": "Contact sheet",
}
COLOR_MAPS: Final = {
    "red": "Red, grows with the saliency",
    "viridis": "Viridis",
    "cividis": "Cividis",
    "inferno": "Inferno",
    "magma": "Magma",
    "plasma": "Plasma",
}
LETTERS: Final = {"none": "None", "(a)": "(a), (b), (c)", "a)": "a), b), c)", "A": "A, B, C"}
CAPTIONS: Final = {"auto": "What was found", "text": "My own", "none": "None"}
CHANGES: Final = {
    ("remove",): "Without the salient context",
    ("keep",): "Object and salient context alone",
    ("remove", "keep"): "Both",
}
OTHER_FONTS: Final = ("Arial", "Helvetica", "Times New Roman")


class ColorButton(QPushButton):
    """Shows a colour and lets another be chosen."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAutoDefault(False)
        self._color = "#000000"
        self.clicked.connect(self._ask)

    @property
    def color(self) -> str:
        """The colour as #rrggbb."""
        return self._color

    def set_color(self, color: str) -> None:
        """Show a colour."""
        self._color = color
        swatch = QPixmap(16, 16)
        swatch.fill(QColor(color))
        self.setIcon(QIcon(swatch))
        self.setText(color)

    def _ask(self) -> None:
        chosen = QColorDialog.getColor(QColor(self._color), self, "Colour of the contour")
        if chosen.isValid():
            self.set_color(chosen.name())
            self.changed.emit()


class FigureFields(QTabWidget):
    """Shows and edits one FigureSpec."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setDocumentMode(True)
        self.kind, self.unit = _combo(KINDS), _combo({"mm": "mm", "px": "px"})
        self.width_field, self.height_field = _size(), _size()
        self.dpi = QSpinBox()
        self.dpi.setRange(*DPI)
        self.columns = QSpinBox()
        self.columns.setRange(0, MOST_COLUMNS)
        self.columns.setSpecialValueText("auto")
        self.panels = FigurePanels()
        self.changes = _combo(CHANGES)
        self.color_map = _combo(COLOR_MAPS)
        self.opacity = PercentSlider("Opacity", 0.8)
        self.contour_color = ColorButton()
        self.contour_width = _decimal(CONTOUR_WIDTHS, " pt", 0.1)
        self.font_family = QComboBox()
        self.font_family.setEditable(True)
        self.font_family.addItems([*FONTS, *OTHER_FONTS])
        self.font_size = _decimal(FONT_SIZES, " pt", 0.5)
        self.letters, self.caption = _combo(LETTERS), _combo(CAPTIONS)
        self.caption_text = QPlainTextEdit()
        self.caption_text.setPlaceholderText("The caption")
        self.caption_text.setTabChangesFocus(True)
        self.titles = QCheckBox("Titles of the panels")
        self.legend = QCheckBox("Legend of the classes")
        self.color_bar = QCheckBox("Scale of the saliency")
        self.small_print = QCheckBox("Settings in small print")
        self.addTab(self._page_tab(), "Page")
        self.addTab(self._panels_tab(), "Panels")
        self.addTab(self._style_tab(), "Style")
        self.addTab(self._words_tab(), "Words")
        self._connect()
        self.set_spec(FigureSpec())

    def spec(self) -> FigureSpec:
        """Return what the controls say.

        Raises
        ------
        SettingsError
            If that is not possible.
        """
        return FigureSpec(
            kind=self.kind.currentData(),
            width=self.width_field.value() or None,
            height=self.height_field.value() or None,
            unit=self.unit.currentData(),
            dpi=self.dpi.value(),
            font=self.font_family.currentText().strip(),
            font_size=self.font_size.value(),
            titles=self.titles.isChecked(),
            letters=self.letters.currentData(),
            color_map=self.color_map.currentData(),
            opacity=max(self.opacity.value, 0.01),
            contour_color=self.contour_color.color,
            contour_width=self.contour_width.value(),
            legend=self.legend.isChecked(),
            color_bar=self.color_bar.isChecked(),
            caption=self.caption.currentData(),
            caption_text=self.caption_text.toPlainText()[:MOST_CAPTION],
            small_print=self.small_print.isChecked(),
            panels=self.panels.panels,
            changes=tuple(self.changes.currentData()),
            columns=self.columns.value() or None,
        )

    def set_spec(self, spec: FigureSpec) -> None:
        """Show a figure's look, without telling anyone."""
        with QSignalBlocker(self):
            self._set_unit(spec.unit)
            for combo, value in (
                (self.kind, spec.kind),
                (self.unit, spec.unit),
                (self.color_map, spec.color_map),
                (self.letters, spec.letters),
                (self.caption, spec.caption),
            ):
                choose(combo, value)
            self.changes.setCurrentIndex(list(CHANGES).index(_known(spec)))
            self.width_field.setValue(spec.width or 0)
            self.height_field.setValue(spec.height or 0)
            self.dpi.setValue(spec.dpi)
            self.font_family.setCurrentText(spec.font)
            self.font_size.setValue(spec.font_size)
            self.opacity.set_value(spec.opacity)
            self.contour_color.set_color(spec.contour_color)
            self.contour_width.setValue(spec.contour_width)
            self.caption_text.setPlainText(spec.caption_text)
            self.columns.setValue(spec.columns or 0)
            for box, is_on in (
                (self.titles, spec.titles),
                (self.legend, spec.legend),
                (self.color_bar, spec.color_bar),
                (self.small_print, spec.small_print),
            ):
                box.setChecked(is_on)
            self.panels.set_panels(spec.kind, spec.panels)
            self._allow()

    def _page_tab(self) -> QWidget:
        rows = form()
        add_row(rows, "Kind", self.kind, "What the figure compares")
        add_row(
            rows,
            "Width",
            self.width_field,
            "Of the page; auto makes every image pixel a square of whole dots",
        )
        add_row(rows, "Height", self.height_field, "Of the page; auto is as high as needed")
        add_row(rows, "Unit", self.unit, "Millimetres, or dots of a PNG")
        add_row(
            rows,
            "Dots per inch",
            self.dpi,
            f"Resolution of a PNG, {DPI[0]} to {DPI[1]}; PDF and SVG hold the images' own pixels",
        )
        add_row(rows, "Columns", self.columns, "Panels in a row; auto chooses what can be read")
        return _tab(rows)

    def _panels_tab(self) -> QWidget:
        rows = form()
        add_row(rows, "Changed context", self.changes, "What is done to the image before and after")
        tab = _tab(rows)
        layout = tab.layout()
        if isinstance(layout, QVBoxLayout):
            layout.insertWidget(0, self.panels)
            layout.insertWidget(1, note("Tick what is shown; drag to change the order."))
        return tab

    def _style_tab(self) -> QWidget:
        rows = form()
        add_row(
            rows,
            "Colour map",
            self.color_map,
            "Of the saliency, from 0 to 1; all but red are perceptually uniform and cover the "
            "greyed image",
        )
        add_row(rows, "Opacity", self.opacity, "Of the map over the image, 1 to 100 %")
        add_row(rows, "Contour", self.contour_color, "Colour of the outline of the request")
        add_row(rows, "Contour width", self.contour_width, "In points, 0 (none) to 10")
        add_row(
            rows,
            "Font",
            self.font_family,
            "DejaVu and STIX come along; any other has to be installed",
        )
        add_row(rows, "Font size", self.font_size, "Of captions in points, 4 to 40")
        for box, tip in (
            (self.legend, "The classes in the panels, and the outline of the request"),
            (self.color_bar, "What the colours of the map mean"),
        ):
            _add_box(rows, box, tip)
        return _tab(rows)

    def _words_tab(self) -> QWidget:
        rows = form()
        _add_box(rows, self.titles, "What each panel shows")
        add_row(rows, "Letters", self.letters, "What numbers the panels")
        add_row(rows, "Caption", self.caption, "What is said under the figure")
        tip = f"At most {MOST_CAPTION:,} characters"
        self.caption_text.setToolTip(tip)
        self.caption_text.setAccessibleName("Text of the caption")
        rows.addRow(self.caption_text)
        _add_box(rows, self.small_print, "What is needed to repeat the explanation")
        return _tab(rows)

    def _connect(self) -> None:
        for combo in (self.color_map, self.letters, self.changes):
            combo.currentIndexChanged.connect(self._on_changed)
        self.kind.currentIndexChanged.connect(self._on_kind)
        self.caption.currentIndexChanged.connect(self._on_changed)
        self.unit.currentIndexChanged.connect(self._on_unit)
        for field in (self.width_field, self.height_field, self.contour_width, self.font_size):
            field.valueChanged.connect(self._on_changed)
        for number in (self.dpi, self.columns):
            number.valueChanged.connect(self._on_changed)
        for box in (self.titles, self.legend, self.color_bar, self.small_print):
            box.toggled.connect(self._on_changed)
        self.opacity.changed.connect(self._on_changed)
        self.contour_color.changed.connect(self._on_changed)
        self.font_family.currentTextChanged.connect(self._on_changed)
        self.caption_text.textChanged.connect(self._on_changed)
        self.panels.changed.connect(self._on_changed)

    def _on_kind(self) -> None:
        self.panels.set_panels(self.kind.currentData(), None)
        self._on_changed()

    def _on_unit(self) -> None:
        """Keep the page as large as it is, told in the other unit."""
        unit: Unit = self.unit.currentData()
        per_mm = self.dpi.value() / 25.4
        factor = per_mm if unit == "px" else 1 / per_mm
        sizes = [field.value() * factor for field in (self.width_field, self.height_field)]
        with QSignalBlocker(self):
            self._set_unit(unit)
            for field, value in zip((self.width_field, self.height_field), sizes, strict=True):
                field.setValue(round(value) if unit == "px" else round(value, 1))
        self._on_changed()

    def _set_unit(self, unit: Unit) -> None:
        for field in (self.width_field, self.height_field):
            field.setRange(0, SIZES[unit][1])
            field.setDecimals(0 if unit == "px" else 1)
            field.setSuffix(f" {unit}")

    def _on_changed(self) -> None:
        self._allow()
        self.changed.emit()

    def _allow(self) -> None:
        self.caption_text.setEnabled(self.caption.currentData() == "text")
        asked = {"changed", "after"} & set(self.panels.panels or ())
        self.changes.setEnabled(self.kind.currentData() == "what-if" or bool(asked))
        self.height_field.setEnabled(self.width_field.value() > 0)


def _known(spec: FigureSpec) -> tuple[str, ...]:
    return tuple(sorted(spec.changes, key=("remove", "keep").index))


def _combo(entries: dict[str, str] | dict[tuple[str, ...], str]) -> QComboBox:
    combo = QComboBox()
    for data, text in entries.items():
        combo.addItem(text, data)
    return combo


def _size() -> QDoubleSpinBox:
    field = _decimal((0, SIZES["mm"][1]), " mm", 5)
    field.setSpecialValueText("auto")
    return field


def _decimal(limits: tuple[float, float], suffix: str, step: float) -> QDoubleSpinBox:
    field = QDoubleSpinBox()
    field.setLocale(QLocale.c())
    field.setKeyboardTracking(False)
    field.setRange(*limits)
    field.setDecimals(1)
    field.setSingleStep(step)
    field.setSuffix(suffix)
    return field


def _add_box(rows: QFormLayout, box: QCheckBox, tip: str) -> None:
    box.setToolTip(tip)
    box.setAccessibleName(box.text())
    rows.addRow(box)


def _tab(rows: QFormLayout) -> QWidget:
    tab = QWidget()
    layout = QVBoxLayout(tab)
    layout.setContentsMargins(GAP, GAP, GAP, GAP)
    layout.setSpacing(GAP)
    layout.addLayout(rows)
    layout.addStretch(1)
    return tab
