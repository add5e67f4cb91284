"""The choice of the uninformative image: a kind, and its one value."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import (
    QColorDialog,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QSpinBox,
    QStackedWidget,
    QWidget,
)

from app.views.forms import choose, shrinkable
from app.views.number_field import NumberField
from gridsal_core.errors import SettingsError
from gridsal_core.perturbation import (
    MAX_SIGMA,
    AnyPerturbation,
    Blur,
    ConstantColor,
    Noise,
    Perturbation,
    Robust,
)

CUSTOM = "custom"
VALUE_WIDTH = 96
KINDS = (
    ("Constant", ConstantColor.kind),
    ("Blur", Blur.kind),
    ("Noise", Noise.kind),
    ("Several", Robust.kind),
)
COLORS = (
    ("Mean", "mean"),
    ("Black", "black"),
    ("Grey", "grey"),
    ("White", "white"),
    ("Other…", CUSTOM),
)


class PerturbationField(QWidget):
    """Edits one Perturbation."""

    changed = Signal()
    refused = Signal(str)
    """Why what was typed is not taken, in one sentence; the old one is back."""

    def __init__(self) -> None:
        super().__init__()
        self._custom: tuple[float, ...] = (0.5, 0.5, 0.5)
        self._kind = QComboBox()
        self._kind.setAccessibleName("Kind of perturbation")
        for text, kind in KINDS:
            self._kind.addItem(text, kind)
        self._color = QComboBox()
        self._color.setAccessibleName("Colour")
        for text, color in COLORS:
            self._color.addItem(text, color)
        self._sigma = NumberField("The blur's σ", 0.5, MAX_SIGMA, 10, 1)
        self._sigma.setAccessibleName("Blur in pixels")
        self._sigma.setValue(10)
        self._sigma.setPrefix("σ ")
        self._sigma.setSuffix(" px")
        self._seed = QSpinBox()
        self._seed.setAccessibleName("Noise seed")
        self._seed.setRange(0, 2**31 - 1)
        self._seed.setPrefix("seed ")
        # Its ten digits would widen the whole column for a value that is mostly small.
        for spin in (self._sigma, self._seed):
            spin.setMinimumWidth(VALUE_WIDTH)
        shrinkable(self._kind)
        shrinkable(self._color)
        self._values = QStackedWidget()
        self._robust = Robust()
        self._parts = QLineEdit(self._spelled(self._robust))
        self._parts.setAccessibleName("Perturbations")
        self._parts.setToolTip(
            "The loss is the mean over all of them, with + between, as in "
            "constant:mean+blur:10+noise:0 (2 to 8)."
        )
        self._parts.editingFinished.connect(self._on_parts)
        for widget in (self._color, self._sigma, self._seed, self._parts):
            self._values.addWidget(widget)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self._kind, 2)
        layout.addWidget(self._values, 3)
        self.setFocusProxy(self._kind)
        self._kind.currentIndexChanged.connect(self._on_kind)
        self._color.activated.connect(self._on_color)
        self._sigma.valueChanged.connect(self.changed)
        self._sigma.refused.connect(self.refused)
        self._seed.valueChanged.connect(self.changed)

    def perturbation(self) -> AnyPerturbation:
        """Return what is set."""
        kind = self._kind.currentData()
        if kind == Robust.kind:
            return self._robust
        if kind == Blur.kind:
            return Blur(self._sigma.value())
        if kind == Noise.kind:
            return Noise(self._seed.value())
        color = self._color.currentData()
        return ConstantColor(self._custom if color == CUSTOM else color)

    def commit(self) -> bool:
        """Take what is still being typed; False if it was refused."""
        return self._sigma.commit() and self._on_parts()

    def set_perturbation(self, perturbation: Perturbation) -> None:
        """Show another one, without telling anyone."""
        with QSignalBlocker(self):
            choose(self._kind, perturbation.kind)
            self._values.setCurrentIndex(self._kind.currentIndex())
            if isinstance(perturbation, Blur):
                self._sigma.setValue(perturbation.sigma)
            elif isinstance(perturbation, Noise):
                self._seed.setValue(perturbation.seed)
            elif isinstance(perturbation, Robust):
                self._robust = perturbation
                self._parts.setText(self._spelled(perturbation))
            elif isinstance(perturbation, ConstantColor):
                self._show_color(perturbation.color)

    def _show_color(self, color: str | tuple[float, ...]) -> None:
        if isinstance(color, str):
            choose(self._color, color)
            return
        self._custom = color
        choose(self._color, CUSTOM)
        swatch = QPixmap(16, 16)
        swatch.fill(self._custom_color())
        self._color.setItemIcon(self._color.findData(CUSTOM), QIcon(swatch))

    def _custom_color(self) -> QColor:
        parts = self._custom * 3 if len(self._custom) == 1 else self._custom
        return QColor.fromRgbF(parts[0], parts[1], parts[2])

    def _on_kind(self, index: int) -> None:
        self._values.setCurrentIndex(index)
        self.changed.emit()

    @staticmethod
    def _spelled(robust: Robust) -> str:
        return str(robust).partition(":")[2]

    def _on_parts(self) -> bool:
        """Follow the text of several perturbations; False if it is refused."""
        try:
            robust = Robust.parse(self._parts.text())
        except SettingsError as error:
            self._parts.setText(self._spelled(self._robust))
            self.refused.emit(str(error))
            return False
        if robust != self._robust:
            self._robust = robust
            self.changed.emit()
        return True

    def _on_color(self) -> None:
        if self._color.currentData() == CUSTOM:
            chosen = QColorDialog.getColor(self._custom_color(), self, "Colour of what is removed")
            if chosen.isValid():
                self._show_color((chosen.redF(), chosen.greenF(), chosen.blueF()))
        self.changed.emit()
