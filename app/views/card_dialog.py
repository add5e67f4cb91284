"""What a file of weights does not say of its network, asked of the user: the model card."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.theme import current_colors
from app.views.card_fields import (
    MAX_CHANNELS,
    BuildFields,
    InputFields,
    OutputFields,
    WrongFieldError,
)
from app.views.class_names import ClassNames
from app.views.forms import GAP, beside, heading, note
from gridsal_core.checkpoints.card import ModelCard
from gridsal_core.palette import numbered_classes
from gridsal_core.types import ClassInfo

WIDTH, COLUMN_WIDTH = 840, 400
PROBLEMS_HEIGHT = 104


@dataclass(frozen=True)
class CardQuestion:
    """What is asked.

    Parameters
    ----------
    sentence
        What is wanted, and why.
    proposal
        What the fields begin with.
    problems
        What does not fit yet.
    place
        The file that the card is written to; empty if there is none.
    class_count
        The number of classes of a network that is open already; None asks for it, and for how the
        network is built.
    is_guessed
        Whether the proposal was guessed, and not entered by the user.
    """

    sentence: str
    proposal: ModelCard
    problems: tuple[str, ...] = ()
    place: str = ""
    class_count: int | None = None
    is_guessed: bool = False


class CardDialog(QDialog):
    """Shows a card to be confirmed or corrected; `confirmed` carries it."""

    confirmed = Signal(object)

    def __init__(self, question: CardQuestion, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Model card")
        self._question = question
        self._values: dict[str, Any] = question.proposal.model_dump(exclude_unset=True)
        self.build, self.input, self.output = BuildFields(), InputFields(), OutputFields()
        self.names = ClassNames()
        self.count = QSpinBox()
        self.count.setRange(0, MAX_CHANNELS)
        self.count.setSpecialValueText("as in the file")
        self.count.setAccessibleName("Number of output channels")
        self.count.setToolTip(
            "Output channels of the network; one channel stands for background and foreground."
        )
        self.problems = QPlainTextEdit("\n".join(question.problems))
        self.problems.setReadOnly(True)
        self.problems.setFixedHeight(PROBLEMS_HEIGHT)
        self.problems.setAccessibleName("What does not fit")
        self._refusal = note()
        self._refusal.setStyleSheet(f"color: {current_colors().series[0]}")
        self._refusal.hide()
        self.open_button = QPushButton("Open" if question.class_count is None else "Save and open")
        self.open_button.setProperty("role", "primary")
        self.open_button.setToolTip("Keep the answers in the model card and open the network")
        self._buttons = QDialogButtonBox()
        # Not the standard one, which comes with a picture on some desktops.
        self._buttons.addButton("Cancel", QDialogButtonBox.ButtonRole.RejectRole)
        self._buttons.addButton(self.open_button, QDialogButtonBox.ButtonRole.AcceptRole)
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        self._lay_out()
        self._fill()
        self.count.valueChanged.connect(self._on_count)
        for part in (self.build, self.input, self.output, self.names):
            part.edited.connect(self._refusal.hide)

    @property
    def refusal(self) -> str:
        """Why the card was not taken, if it was not."""
        return self._refusal.text() if self._refusal.isVisible() else ""

    def card(self) -> ModelCard:
        """Return what is entered.

        Raises
        ------
        WrongFieldError
            If a field does not hold what it should.
        """
        values = dict(self._values)
        if self._asks_build:
            values["build"] = self.build.values()
        values["input"] = values.get("input", {}) | self.input.values()
        kept = {
            name: value
            for name, value in values.get("output", {}).items()
            if name not in ("kind", "ignore_index")
        }
        values["output"] = kept | self.output.values()
        if self._asks_build:
            values["output"].pop("channels", None)
            if self.count.value():
                values["output"]["channels"] = self.count.value()
        values["classes"] = [
            {"name": entry.name, "color": "#{:02x}{:02x}{:02x}".format(*entry.color)}
            for entry in self.names.classes
        ]
        if not values["classes"]:
            del values["classes"]
        try:
            return ModelCard.model_validate(values)
        except ValidationError as error:
            first = error.errors()[0]
            where = " ".join(str(part) for part in first["loc"])
            what = first["msg"].removeprefix("Value error, ")
            raise WrongFieldError(f"This does not go together ({where}): {what}.") from error

    def accept(self) -> None:
        try:
            card = self.card()
        except WrongFieldError as error:
            self._refusal.setText(str(error))
            self._refusal.show()
            return
        self.confirmed.emit(card)
        super().accept()

    @property
    def _asks_build(self) -> bool:
        return self._question.class_count is None

    def _lay_out(self) -> None:
        question = self._question
        left, right = _column(), _column()
        if self._asks_build:
            left.addWidget(heading("Network"))
            left.addWidget(self.build)
            left.addSpacing(GAP)
        else:
            # Without a place in it they would not end with the dialog.
            for unasked in (self.build, self.count):
                unasked.setParent(self)
                unasked.hide()
        left.addWidget(heading("Input images"))
        left.addWidget(self.input)
        left.addSpacing(GAP)
        left.addWidget(heading("Output"))
        left.addWidget(self.output)
        left.addStretch(1)
        right.addWidget(heading("Classes"))
        if self._asks_build:
            label = QLabel("Output channels")
            label.setBuddy(self.count)
            right.addWidget(beside(label, self.count, stretch=(1,)))
        right.addWidget(self.names, 1)
        columns = QHBoxLayout()
        columns.setSpacing(3 * GAP)
        columns.addLayout(left, 1)
        columns.addLayout(right, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GAP, 2 * GAP, 2 * GAP, 2 * GAP)
        layout.setSpacing(GAP + 4)
        layout.addWidget(_sentence(question.sentence))
        layout.addLayout(columns, 1)
        if question.problems:
            layout.addWidget(heading("What does not fit yet"))
            layout.addWidget(self.problems)
        layout.addWidget(self._refusal)
        if question.place:
            layout.addWidget(note(f"Kept in {question.place}, so that you are asked once."))
        layout.addWidget(self._buttons)
        # Only now: before it is in the dialog, Cancel would be chosen as what Return does.
        self.open_button.setDefault(True)
        self.resize(WIDTH, self.sizeHint().height())

    def _fill(self) -> None:
        values, question = self._values, self._question
        self.build.show_values(values.get("build", {}))
        self.input.show_values(values.get("input", {}))
        self.output.show_values(values.get("output", {}))
        classes = tuple(entry.info() for entry in question.proposal.classes)
        count = question.class_count or values.get("output", {}).get("channels") or len(classes)
        self.count.setValue(count)
        shown = _rows(count)
        if classes and len(classes) == shown:
            self.names.set_classes(classes, is_named=_are_named(classes))
        else:
            self.names.set_count(shown)
        if question.is_guessed:
            self._mark_guessed()

    def _mark_guessed(self) -> None:
        values = self._values
        build = values.get("build", {})
        self.build.mark_guessed(tuple(name for name, value in build.items() if value))
        inputs = values.get("input", {})
        self.input.mark_guessed((*inputs, "preset") if {"mean", "std"} & {*inputs} else (*inputs,))
        self.output.mark_guessed(tuple(values.get("output", {})))

    def _on_count(self, count: int) -> None:
        self.names.set_count(_rows(count))
        self._refusal.hide()


def _rows(channels: int) -> int:
    """How many classes so many output channels stand for."""
    return 2 if channels == 1 else channels


def _are_named(classes: tuple[ClassInfo, ...]) -> bool:
    return classes != numbered_classes(len(classes))


def _column() -> QVBoxLayout:
    layout = QVBoxLayout()
    layout.setSpacing(6)
    return layout


def _sentence(text: str) -> QLabel:
    label = QLabel(text)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
