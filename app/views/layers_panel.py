"""What lies over the image: which layers are shown, and how strongly."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QVBoxLayout, QWidget

from app.views.class_layers import DEFAULT_ERRORS_OPACITY, DEFAULT_PREDICTION_OPACITY
from app.views.error_legend import ErrorLegend
from app.views.forms import GAP, PercentSlider, heading
from app.views.layered_view import DEFAULT_HEAT_OPACITY

ROWS = (
    ("heat", "Context map", "The red map: what the network needed (H)", DEFAULT_HEAT_OPACITY),
    (
        "prediction",
        "Prediction",
        "The network's class at every pixel (P)",
        DEFAULT_PREDICTION_OPACITY,
    ),
    ("labels", "Labels", "The true classes, from the label map (T)", DEFAULT_PREDICTION_OPACITY),
    (
        "errors",
        "Errors",
        "Where the prediction is correct or wrong by the label map (X)",
        DEFAULT_ERRORS_OPACITY,
    ),
    ("image", "Image", "The image itself (I)", None),
    ("perturbed", "Perturbed image", "What was left of the image in the end (O)", None),
    ("region", "Region outline", "The request, in blue (R)", None),
)
AT_FIRST_HIDDEN = ("perturbed", "errors", "labels")
# One over the other, their colours would mix into colours that no legend explains.
TAKE_TURNS = ("prediction", "labels", "errors")


class LayersPanel(QWidget):
    """A check box for each layer, and a slider where it has an opacity."""

    visible_changed = Signal(str, bool)
    opacity_changed = Signal(str, float)

    def __init__(self) -> None:
        super().__init__()
        self.boxes: dict[str, QCheckBox] = {}
        self.sliders: dict[str, PercentSlider] = {}
        self.error_legend = ErrorLegend()
        grid = QGridLayout()
        grid.setHorizontalSpacing(GAP)
        grid.setVerticalSpacing(2)
        for name, text, tip, opacity in ROWS:
            row = grid.rowCount()
            box = QCheckBox(text)
            box.setToolTip(tip)
            box.setChecked(name not in AT_FIRST_HIDDEN)
            box.toggled.connect(lambda on, layer=name: self.visible_changed.emit(layer, on))
            self.boxes[name] = box
            grid.addWidget(box, row, 0)
            if opacity is not None:
                slider = PercentSlider(f"Opacity of the {text.lower()}", opacity)
                slider.changed.connect(lambda v, layer=name: self.opacity_changed.emit(layer, v))
                self.sliders[name] = slider
                grid.addWidget(slider, row, 1)
            if name == "errors":
                grid.addWidget(self.error_legend, row + 1, 0, 1, 2)
        grid.setColumnStretch(1, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP, GAP, GAP, 0)
        layout.setSpacing(GAP)
        layout.addWidget(heading("Layers"))
        layout.addLayout(grid)
        for name in TAKE_TURNS:
            self.boxes[name].toggled.connect(lambda on, layer=name: self._cover(layer, on))
        self.boxes["errors"].toggled.connect(self.error_legend.setVisible)
        self.error_legend.setVisible(False)
        self.set_has_result(False)

    def toggle(self, layer: str) -> None:
        """Show a hidden layer, hide a shown one."""
        if self.boxes[layer].isEnabled():
            self.boxes[layer].toggle()

    def set_has_result(self, has_result: bool) -> None:
        """The perturbed image exists only with a result."""
        self.boxes["perturbed"].setEnabled(has_result)
        if not has_result:
            self.boxes["perturbed"].setChecked(False)

    def set_reason(self, layer: str, reason: str) -> None:
        """Say why there can be no such view of this image; empty if there can be one."""
        box, slider = self.boxes[layer], self.sliders[layer]
        box.setToolTip(reason or next(tip for name, _, tip, _ in ROWS if name == layer))
        for widget in (box, slider):
            widget.setEnabled(not reason)
        if reason:
            box.setChecked(False)

    def _cover(self, layer: str, is_on: bool) -> None:
        for other in TAKE_TURNS:
            if is_on and other != layer:
                self.boxes[other].setChecked(False)
