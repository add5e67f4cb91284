"""Which values of a setting, which methods or which network to compare: three small dialogs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.models.compare_panels import FEWEST, MOST
from app.views.forms import GAP, add_row, form, heading, note
from gridsal_core.errors import GridSalError
from gridsal_core.methods import METHOD_INFOS, Method
from gridsal_core.settings import Settings

WIDTH: Final = 420
KINDS: Final = QDialogButtonBox.StandardButton


class _CompareDialog(QDialog):
    """Says what is to be run and lets it be run; `_say` tells why it cannot be."""

    def __init__(self, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(WIDTH)
        self._told = note()
        self._buttons = QDialogButtonBox(KINDS.Ok | KINDS.Cancel)
        self.compare = self._buttons.button(KINDS.Ok)
        self.compare.setText("Compare")
        self.compare.setToolTip("Run what is missing, and show the maps side by side")
        self._layout = QVBoxLayout(self)
        self._layout.setSpacing(GAP)
        self._layout.addWidget(heading(title))
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)

    @property
    def told(self) -> str:
        """What is said below the choice."""
        return self._told.text()

    def _finish(self) -> None:
        self._layout.addWidget(self._told)
        self._layout.addStretch(1)
        self._layout.addWidget(self._buttons)

    def _say(self, sentence: str, *, is_possible: bool) -> None:
        self._told.setText(sentence)
        self.compare.setEnabled(is_possible)


class SweepDialog(_CompareDialog):
    """Asks for two to four values of one setting.

    Parameters
    ----------
    title, label, tip
        Of the dialog and its field.
    proposal
        What the field holds at first.
    read
        Makes settings of the field's text; what it raises is said.
    parent
        The Qt owner.
    """

    chosen = Signal(object)
    """tuple[Settings, ...], one for each value."""

    def __init__(
        self,
        title: str,
        label: str,
        tip: str,
        proposal: str,
        read: Callable[[str], tuple[Settings, ...]],
        parent: QWidget,
    ) -> None:
        super().__init__(title, parent)
        self._read = read
        self.field = QLineEdit(proposal)
        fields = form()
        add_row(fields, label, self.field, tip)
        self._layout.addLayout(fields)
        self._finish()
        self.field.textChanged.connect(self._check)
        self.accepted.connect(lambda: self.chosen.emit(self._read(self.field.text())))
        self._check()

    def _check(self) -> None:
        try:
            settings = self._read(self.field.text())
        except GridSalError as error:
            self._say(str(error), is_possible=False)
            return
        if not FEWEST <= len(settings) <= MOST:
            sentence = f"Give {FEWEST} to {MOST} values, with commas between them."
            self._say(sentence, is_possible=False)
            return
        steps = f"{settings[0].planned:,} {'gradients' if settings[0].is_gradient else 'steps'}"
        sentence = f"{len(settings)} runs of {steps}; those that are kept already are not repeated."
        self._say(sentence, is_possible=True)


class MethodsDialog(_CompareDialog):
    """Asks for two to four of the methods."""

    chosen = Signal(object)
    """tuple[Method, ...], in the order of the list."""

    def __init__(self, proposal: Sequence[Method], parent: QWidget) -> None:
        super().__init__("Compare methods", parent)
        self.boxes: dict[Method, QCheckBox] = {}
        for method, info in METHOD_INFOS.items():
            box = self.boxes[method] = QCheckBox(info.title)
            box.setChecked(method in proposal)
            box.setToolTip(f"A {info.form} map by {info.family}s".replace("perturbations", "masks"))
            box.toggled.connect(self._check)
            self._layout.addWidget(box)
        self._finish()
        self.accepted.connect(lambda: self.chosen.emit(self._methods()))
        self._check()

    def _methods(self) -> tuple[Method, ...]:
        return tuple(method for method, box in self.boxes.items() if box.isChecked())

    def _check(self) -> None:
        count = len(self._methods())
        is_possible = FEWEST <= count <= MOST
        sentence = f"{count} runs; those that are kept already are not repeated."
        self._say(
            sentence if is_possible else f"Choose {FEWEST} to {MOST} methods.",
            is_possible=is_possible,
        )


class NetworkDialog(_CompareDialog):
    """Asks which of the recent networks is to be asked the same."""

    chosen = Signal(int)
    """The place of the network in the list that was offered."""

    def __init__(self, titles: Sequence[str], parent: QWidget) -> None:
        super().__init__("Compare with another network", parent)
        self.list = QListWidget()
        self.list.setAccessibleName("Recent networks")
        self.list.setToolTip("The network that is opened, and asked the same of the same region")
        for title in titles:
            self.list.addItem(QListWidgetItem(title))
        self.list.setCurrentRow(0)
        self._layout.addWidget(self.list)
        self._finish()
        if titles:
            self._say(
                "It is opened in the place of this one, and the request is run again. The class is "
                "the one of the same name, else what it predicts there.",
                is_possible=True,
            )
        else:
            self._say(
                "No other network was opened lately; open it once with File > Open model, then "
                "come back.",
                is_possible=False,
            )
        self.list.itemActivated.connect(lambda _item: self.accept())
        self.accepted.connect(lambda: self.chosen.emit(self.list.currentRow()))
