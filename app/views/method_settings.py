"""The settings that only some methods have: of the gradients, and those beyond the paper."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QSpinBox, QVBoxLayout, QWidget

from app.views.forms import GAP, add_row, choose, combo, form
from app.views.number_field import NumberField
from gridsal_core.methods import METHOD_INFOS, Method
from gridsal_core.settings import MAX_DILATION, MAX_SAMPLES, Settings

_Field = NumberField | QSpinBox | QCheckBox | QComboBox


class _Group(QWidget):
    """A form of fields that each hold one value of Settings, by its name."""

    changed = Signal()
    refused = Signal(str)
    """Why a number that was typed is not taken, in one sentence; the old one is back."""

    def __init__(self) -> None:
        super().__init__()
        self._form: QFormLayout = form()
        self._fields: dict[str, _Field] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addLayout(self._form)

    def values(self) -> dict[str, Any]:
        """Return the values by the names that Settings has for them."""
        return {name: _value(field) for name, field in self._fields.items()}

    def fill(self, settings: Settings) -> None:
        """Show the values of other settings, without telling anyone."""
        for name, field in self._fields.items():
            with QSignalBlocker(field):
                value = getattr(settings, name)
                if isinstance(field, QCheckBox):
                    field.setChecked(value)
                elif isinstance(field, QComboBox):
                    choose(field, value)
                else:
                    field.setValue(value)

    def commit(self) -> bool:
        """Take a number that is still being typed; False if it was refused."""
        numbers = [field for field in self._fields.values() if isinstance(field, NumberField)]
        return all(number.commit() for number in numbers)

    def _number(self, name: str, text: str, field: NumberField, tip: str) -> None:
        field.valueChanged.connect(self.changed)
        field.refused.connect(self.refused)
        self._add(name, text, field, tip)

    def _whole(self, name: str, text: str, low: int, high: int, suffix: str, tip: str) -> None:
        field = QSpinBox()
        field.setRange(low, high)
        field.setSuffix(suffix)
        field.valueChanged.connect(self.changed)
        self._add(name, text, field, tip)

    def _switch(self, name: str, text: str, tip: str) -> None:
        field = QCheckBox(text)
        field.toggled.connect(self.changed)
        self._add(name, "", field, tip)

    def _choice(
        self, name: str, text: str, entries: tuple[tuple[str, object], ...], tip: str
    ) -> None:
        field = combo(*entries)
        field.currentIndexChanged.connect(self.changed)
        self._add(name, text, field, tip)

    def _add(self, name: str, text: str, field: _Field, tip: str) -> None:
        field.setObjectName(name)
        add_row(self._form, text, field, tip)
        if isinstance(field, QCheckBox):
            field.setAccessibleName(field.text())
        self._fields[name] = field


def _value(field: _Field) -> object:
    if isinstance(field, QCheckBox):
        return field.isChecked()
    return field.currentData() if isinstance(field, QComboBox) else field.value()


class GradientSettings(_Group):
    """What Vanilla Gradient, SmoothGrad and Integrated Gradients are computed with."""

    def __init__(self) -> None:
        super().__init__()
        self._whole(
            "samples",
            "Samples",
            1,
            MAX_SAMPLES,
            "",
            "Copies of the image that gradients are averaged over: n in eq. 4 (1 to 10,000).",
        )
        self._number(
            "noise",
            "Noise",
            NumberField("The noise", 1e-6, 10, 0.15),
            "Standard deviation of SmoothGrad's noise, in image values from 0 to 1.",
        )
        self._whole("seed", "Seed", 0, 2**31 - 1, "", "Of SmoothGrad's noise.")
        self._switch(
            "times_input",
            "Times the image",
            "The classic form of Integrated Gradients; the paper takes the mean gradient alone.",
        )
        self._switch(
            "absolute",
            "Absolute values",
            "Before the mean filter to the mask's cells; without it the map has signs.",
        )
        self._switch(
            "scaled",
            "Scale by the maximum",
            "Divide by the largest value over the image: gradients have no scale of their own.",
        )

    def show_method(self, method: Method) -> None:
        """Show the fields that a method has."""
        kind = METHOD_INFOS[method].gradient
        shown = {
            "samples": kind in ("smooth", "integrated"),
            "noise": kind == "smooth",
            "seed": kind == "smooth",
            "times_input": kind == "integrated",
        }
        for name, is_shown in shown.items():
            self._form.setRowVisible(self._fields[name], is_shown)


class DeviationSettings(_Group):
    """Options that the paper does not have; all are off at first."""

    def __init__(self) -> None:
        super().__init__()
        self._number(
            "total_variation",
            "Total variation",
            NumberField("The total variation's weight", 0, 1000, 0.01),
            "Weight of the differences of neighbouring cells (from 0, off): smoother maps.",
        )
        self._whole(
            "dilation",
            "Dilation",
            0,
            MAX_DILATION,
            " px",
            "Widens the region in what is kept of the image (from 0, off), so that the object's\n"
            "outline is no cue. The score counts inside the region all the same.",
        )
        self._number(
            "tolerance",
            "Tolerance",
            NumberField("The tolerance", 0, 0.999, 0.001),
            "Ends the run once objective and mask change by less over three steps (0: never).",
        )
        self._switch(
            "coarse_to_fine",
            "Coarse to fine",
            "Begins with a mask of a quarter of the cells a side, then half, then all.",
        )
        self._switch(
            "keep_best",
            "Keep the best mask",
            "Of the lowest objective on the way, not the last one.",
        )
        self._choice(
            "optimizer",
            "Optimiser",
            (("SGD (paper)", "sgd"), ("Adam", "adam"), ("Polyak", "polyak")),
            "What moves the mask. Polyak's step lengths need fewer steps; their learning rate, "
            "about 0.25,\nis the share of the objective that a step aims to take off. Adam's, "
            "about 0.4, falls to 0\nat the last step.",
        )

    def show_method(self, method: Method) -> None:
        """Show the fields that act on a method: on a gradient map only the widened region does."""
        is_gradient = METHOD_INFOS[method].family == "gradient"
        for name, field in self._fields.items():
            self._form.setRowVisible(field, name == "dilation" or not is_gradient)


class SpeedSettings(_Group):
    """Quicker ways to compute, each tried on the request before it is used."""

    def __init__(self) -> None:
        super().__init__()
        self._choice(
            "precision",
            "Precision",
            (("float32", "float32"), ("bfloat16", "bfloat16")),
            "bfloat16 is quicker where the processor or card computes in it, and slower elsewhere."
            "\nCells of the mask move by a few hundredths. Used only where scores and gradient "
            "hold.",
        )
        self._choice(
            "execution",
            "Execution",
            (("Eager", "eager"), ("Compile", "compile"), ("CUDA graphs", "cuda-graphs")),
            "Compile takes up to minutes before the first step, and needs a C++ compiler.\nCUDA "
            "graphs need a CUDA device, and memory for one more step.\nUsed only where scores and "
            "gradient hold; the result says where not.",
        )
