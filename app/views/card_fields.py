"""The fields of a model card, one group for each of its parts.

Every group reads and writes the part of the card it is about, as the plain dict that stands in
`gridsal.toml`; what it does not show stays as it was.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QCompleter,
    QFormLayout,
    QLabel,
    QLineEdit,
    QSpinBox,
    QWidget,
)

from app.views.forms import add_row, beside, choose, form, shrinkable
from app.views.number_field import NumberField, spelled
from gridsal_core.checkpoints.names import (
    SMP_ARCHITECTURES,
    SMP_ENCODERS,
    TORCHVISION_ARCHITECTURES,
)

LIBRARIES = (
    ("segmentation-models-pytorch", "smp"),
    ("torchvision", "torchvision"),
    ("Python function", "python"),
)
ARCHITECTURES: dict[str, tuple[str, ...]] = {
    "smp": SMP_ARCHITECTURES,
    "torchvision": TORCHVISION_ARCHITECTURES,
    "python": (),
}
MAX_CHANNELS = 1024
LABEL_WIDTH = 104
OWN = "own"
# Name, and what goes into the card. Caffe's means, in BGR, are those of the first VGG networks.
PRESETS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    (
        "ImageNet",
        "imagenet",
        {"range": (0, 1), "mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)},
    ),
    ("0.5 (−1 to 1)", "half", {"range": (0, 1), "mean": (0.5,), "std": (0.5,)}),
    ("None (0 to 1)", "none", {"range": (0, 1), "mean": (0,), "std": (1,)}),
    (
        "BGR, 0 to 255",
        "caffe",
        {"range": (0, 255), "mean": (104, 117, 123), "std": (1,), "order": "BGR"},
    ),
)


class WrongFieldError(ValueError):
    """A field holds what the card cannot take; the message is a sentence for the user."""


class _Group(QWidget):
    """A form whose fields can be marked as guessed until they are touched."""

    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.form: QFormLayout = form()
        self.setLayout(self.form)
        self._marks: dict[str, QLabel] = {}

    def _row(self, name: str, text: str, field: QWidget, tip: str, *also: QWidget) -> None:
        mark = QLabel()
        mark.setProperty("role", "muted")
        mark.setFixedWidth(mark.fontMetrics().horizontalAdvance("guessed") + 2)
        self._marks[name] = mark
        row = beside(field, *also, mark, stretch=(0,))
        add_row(self.form, text, row, tip)
        self.form.labelForField(row).setFixedWidth(LABEL_WIDTH)
        field.setAccessibleName(text)
        field.setToolTip(tip)
        if isinstance(field, QComboBox):
            shrinkable(field)

    def mark_guessed(self, names: Sequence[str]) -> None:
        """Say of these fields that they are guesses."""
        for name, mark in self._marks.items():
            mark.setText("guessed" if name in names else "")

    @property
    def guessed(self) -> tuple[str, ...]:
        """The fields that are still marked as guesses."""
        return tuple(name for name, mark in self._marks.items() if mark.text())

    def _touched(self, *names: str) -> None:
        for name in names:
            self._marks[name].clear()
        self.edited.emit()

    def _touches(self, *names: str) -> Callable[..., None]:
        return lambda *_: self._touched(*names)


class BuildFields(_Group):
    """Where the module comes from: the part `build`."""

    def __init__(self) -> None:
        super().__init__()
        self.library = _combo(LIBRARIES)
        self.architecture = _typed_combo(SMP_ARCHITECTURES)
        self.encoder = _typed_combo(SMP_ENCODERS)
        self.arguments = QLineEdit()
        self.arguments.setPlaceholderText("as in: encoder_depth = 4")
        self._row("library", "Library", self.library, "Where the architecture comes from.")
        self._row(
            "architecture",
            "Architecture",
            self.architecture,
            "A class or builder of the library, or file.py:function.",
        )
        self._row(
            "encoder", "Encoder", self.encoder, "One of the library's, or tu- and a name of timm's."
        )
        self._row(
            "arguments",
            "Arguments",
            self.arguments,
            "Further arguments of the constructor, with commas between them.",
        )
        self.library.activated.connect(self._touches("library"))
        self.library.currentIndexChanged.connect(self._on_library)
        self.architecture.editTextChanged.connect(self._touches("architecture"))
        self.encoder.editTextChanged.connect(self._touches("encoder"))
        self.arguments.textEdited.connect(self._touches("arguments"))

    def show_values(self, values: dict[str, Any]) -> None:
        """Show the part `build` of a card."""
        choose(self.library, values.get("library", "smp"))
        self._on_library()
        self.architecture.setEditText(values.get("architecture", ""))
        self.encoder.setEditText(values.get("encoder", ""))
        self.arguments.setText(_spelled_arguments(values.get("arguments", {})))

    def values(self) -> dict[str, Any]:
        """Return the part `build`.

        Raises
        ------
        WrongFieldError
            If the architecture is missing or the arguments are none.
        """
        library, architecture = self.library.currentData(), self.architecture.currentText().strip()
        if not architecture:
            wanted = "file.py:function" if library == "python" else "name of the architecture"
            raise WrongFieldError(f"The architecture is missing; give the {wanted}.")
        encoder = self.encoder.currentText().strip()
        if library == "smp" and not encoder:
            raise WrongFieldError("The encoder is missing; give its name, such as resnet34.")
        values: dict[str, Any] = {"library": library, "architecture": architecture}
        if library == "smp":
            values["encoder"] = encoder
        if arguments := _parsed_arguments(self.arguments.text()):
            values["arguments"] = arguments
        return values

    def _on_library(self) -> None:
        library = self.library.currentData()
        text = self.architecture.currentText()
        known = ARCHITECTURES[library]
        with QSignalBlocker(self.architecture):
            self.architecture.clear()
            self.architecture.addItems(known)
            others = {name for names in ARCHITECTURES.values() for name in names} - {*known}
            self.architecture.setEditText("" if text in others else text)
        edit = self.architecture.lineEdit()
        if edit is not None:
            edit.setPlaceholderText("file.py:function" if library == "python" else "")
        self.form.setRowVisible(2, library == "smp")
        self.edited.emit()


class InputFields(_Group):
    """What goes in: the part `input`."""

    def __init__(self) -> None:
        super().__init__()
        self.channels = QSpinBox()
        self.channels.setRange(1, MAX_CHANNELS)
        self.preset = _combo([(text, name) for text, name, _ in PRESETS] + [("Own", OWN)])
        self.mean, self.std = QLineEdit(), QLineEdit()
        self.low = NumberField("The lowest value", -1e9, 1e9, 0, 1)
        self.high = NumberField("The highest value", -1e9, 1e9, 1, 1)
        self.high.setAccessibleName("Highest value")
        self.order = _combo((("RGB", "RGB"), ("BGR", "BGR")))
        self._row("channels", "Channels", self.channels, "Of the images that the network takes.")
        self._row("preset", "Normalisation", self.preset, "Fills in the four fields below.")
        self._row("mean", "Mean", self.mean, "Subtracted: one number, or one for each channel.")
        self._row("std", "Std", self.std, "Divided by: one number, or one for each channel.")
        self.raw = QLineEdit()
        self.raw.setPlaceholderText("all that the type can hold")
        self._row(
            "values",
            "Raw values",
            self.raw,
            "Of 16-bit and float files: the two values that become black and white, as in\n"
            "0, 4095. Empty: 0 and the largest of the integer's type, or 0 and 1 for floats.",
        )
        self._row(
            "range",
            "Network's range",
            self.low,
            "Black and white as the network counts them, before mean and std: 0 to 1, or 0 to 255.",
            QLabel("to"),
            self.high,
        )
        self._row("order", "Order", self.order, "Of the three colours.")
        self.channels.valueChanged.connect(self._on_channels)
        self.preset.activated.connect(self._on_preset)
        for name, edit in (("mean", self.mean), ("std", self.std)):
            edit.textEdited.connect(self._touches(name, "preset"))
            edit.textChanged.connect(self._show_preset)
        for number in (self.low, self.high):
            number.valueChanged.connect(self._touches("range", "preset"))
            number.valueChanged.connect(self._show_preset)
        self.raw.textEdited.connect(self._touches("values"))
        self.order.activated.connect(self._touches("order"))
        self.order.currentIndexChanged.connect(self._show_preset)

    def show_values(self, values: dict[str, Any]) -> None:
        """Show the part `input` of a card."""
        self.channels.setValue(values.get("channels", 3))
        raw = values.get("values")
        self.raw.setText("" if raw is None else _spelled(raw))
        self._show_numbers(values)

    def values(self) -> dict[str, Any]:
        """Return the part `input`.

        Raises
        ------
        WrongFieldError
            If mean, std or raw values are no numbers.
        """
        values: dict[str, Any] = {
            "channels": self.channels.value(),
            "mean": _numbers("The mean", self.mean.text()),
            "std": _numbers("The std", self.std.text()),
            "range": (self.low.value(), self.high.value()),
        }
        values["order"] = "BGR" if self._is_bgr() else "RGB"
        raw = self.raw.text().strip()
        return values | {"values": _numbers("The raw values", raw) if raw else None}

    def _is_bgr(self) -> bool:
        return self.order.isEnabled() and self.order.currentData() == "BGR"

    def _show_numbers(self, values: dict[str, Any]) -> None:
        self.mean.setText(_spelled(values.get("mean", (0.0,))))
        self.std.setText(_spelled(values.get("std", (1.0,))))
        low, high = values.get("range", (0, 1))
        self.low.setValue(low)
        self.high.setValue(high)
        choose(self.order, values.get("order", "RGB"))
        self._show_preset()

    def _on_channels(self, channels: int) -> None:
        self.order.setEnabled(channels == 3)
        self._touched("channels")

    def _on_preset(self) -> None:
        for _, name, values in PRESETS:
            if name == self.preset.currentData():
                self._show_numbers(values)
        self._touched("preset", "mean", "std", "range", "order")

    def _show_preset(self, *_: object) -> None:
        try:
            now = self.values()
        except WrongFieldError:
            choose(self.preset, OWN)
            return
        alike = (
            name
            for _, name, values in PRESETS
            if all(now[key] == value for key, value in ({"order": "RGB"} | values).items())
        )
        choose(self.preset, next(alike, OWN))


class OutputFields(_Group):
    """What comes out: the part `output`; its channels are asked for with the classes."""

    def __init__(self) -> None:
        super().__init__()
        self.kind = _combo(
            (("Found by a trial", ""), ("Logits", "logits"), ("Probabilities", "probabilities"))
        )
        self.ignored = QLineEdit()
        self.ignored.setPlaceholderText("none")
        self._row(
            "kind", "Output", self.kind, "Scores before or after the network's softmax or sigmoid."
        )
        self._row(
            "ignore_index",
            "Ignored index",
            self.ignored,
            "Of pixels of label maps without a class.",
        )
        self.kind.activated.connect(self._touches("kind"))
        self.ignored.textEdited.connect(self._touches("ignore_index"))

    def show_values(self, values: dict[str, Any]) -> None:
        """Show the part `output` of a card."""
        choose(self.kind, values.get("kind", ""))
        ignored = values.get("ignore_index")
        self.ignored.setText("" if ignored is None else str(ignored))

    def values(self) -> dict[str, Any]:
        """Return the part `output`.

        Raises
        ------
        WrongFieldError
            If the ignored index is no whole number.
        """
        values: dict[str, Any] = {}
        if kind := self.kind.currentData():
            values["kind"] = kind
        if text := self.ignored.text().strip():
            try:
                values["ignore_index"] = int(text)
            except ValueError:
                raise WrongFieldError(
                    f"The ignored index {text!r} is no whole number; give one, such as 255."
                ) from None
        return values


def _combo(entries: Sequence[tuple[str, str]]) -> QComboBox:
    combo = QComboBox()
    for text, data in entries:
        combo.addItem(text, data)
    return combo


def _typed_combo(names: Sequence[str]) -> QComboBox:
    combo = QComboBox()
    combo.setEditable(True)
    combo.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
    combo.addItems(names)
    combo.setEditText("")
    combo.setMaxVisibleItems(16)
    completer = QCompleter(combo.model(), combo)
    completer.setFilterMode(Qt.MatchFlag.MatchContains)
    completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
    combo.setCompleter(completer)
    return combo


def _numbers(name: str, text: str) -> tuple[float, ...]:
    try:
        values = tuple(float(part) for part in text.replace(";", ",").split(","))
    except ValueError:
        raise WrongFieldError(
            f"{name} {text!r} is not a number, or one for each channel with commas between them."
        ) from None
    return values


def _spelled(values: Sequence[float]) -> str:
    return ", ".join(spelled(value) for value in values)


def _parsed_arguments(text: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = tomllib.loads(f"all = {{{text}}}")["all"]
    except tomllib.TOMLDecodeError:
        raise WrongFieldError(
            f"The arguments {text!r} cannot be read; write them as in: encoder_depth = 3, "
            'decoder_channels = [64, 32, 16], activation = "sigmoid".'
        ) from None
    return found


def _spelled_arguments(arguments: dict[str, Any]) -> str:
    # Numbers, texts, truth values and lists look in TOML as they do in JSON.
    return ", ".join(f"{name} = {json.dumps(value)}" for name, value in arguments.items())
