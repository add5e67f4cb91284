"""What lies over the image: which layers are shown, and how strongly."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QVBoxLayout, QWidget

from app.views.canvas import DEFAULT_HEAT_OPACITY, DEFAULT_PREDICTION_OPACITY
from app.views.forms import GAP, PercentSlider, heading

ROWS = (
    ("heat", "Context map", "The red map: what the network needed (H)", DEFAULT_HEAT_OPACITY),
    (
        "prediction",
        "Prediction",
        "The network's class at every pixel (P)",
        DEFAULT_PREDICTION_OPACITY,
    ),
    ("image", "Image", "The image itself (I)", None),
    ("perturbed", "Perturbed image", "What was left of the image in the end (O)", None),
    ("region", "Region outline", "The request, in blue (R)", None),
)


class LayersPanel(QWidget):
    """A check box for each layer, and a slider where it has an opacity."""

    visible_changed = Signal(str, bool)
    opacity_changed = Signal(str, float)

    def __init__(self) -> None:
        super().__init__()
        self.boxes: dict[str, QCheckBox] = {}
        grid = QGridLayout()
        grid.setHorizontalSpacing(GAP)
        grid.setVerticalSpacing(2)
        for row, (name, text, tip, opacity) in enumerate(ROWS):
            box = QCheckBox(text)
            box.setToolTip(tip)
            box.setChecked(name != "perturbed")
            box.toggled.connect(lambda on, layer=name: self.visible_changed.emit(layer, on))
            self.boxes[name] = box
            grid.addWidget(box, row, 0)
            if opacity is not None:
                slider = PercentSlider(opacity)
                slider.setToolTip(f"Opacity of the {text.lower()}")
                slider.changed.connect(lambda v, layer=name: self.opacity_changed.emit(layer, v))
                grid.addWidget(slider, row, 1)
        grid.setColumnStretch(1, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP, GAP, GAP, 0)
        layout.setSpacing(GAP)
        layout.addWidget(heading("Layers"))
        layout.addLayout(grid)
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
