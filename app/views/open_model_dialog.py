"""One door for networks: a path, a name, or one of the choosers behind the buttons."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCompleter,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.views.forms import GAP, Collapsible, beside, heading
from gridsal_core.checkpoints.names import NETWORK_SUFFIXES

WIDTH = 620
HUB = "https://huggingface.co/"
EXAMPLES = (
    ("unet.pt, model.safetensors, net.onnx", "a file: weights, TorchScript, torch.export or ONNX"),
    ("a folder", "written by save_pretrained"),
    ("torchvision:fcn_resnet50", "a network of torchvision"),
    ("smp-hub/upernet-swin-tiny", "a repository on the Hugging Face hub"),
    ("net.py:build", "a Python function; you are asked before it runs"),
)


class OpenModelDialog(QDialog):
    """Asks for a network; `chosen` tells which. It does not open anything itself.

    Parameters
    ----------
    known
        Paths and names that are proposed while typing: recent ones, and those of the library.
    start
        The folder that the choosers begin in.
    parent
        The window.
    """

    chosen = Signal(str, object)
    """What was typed or chosen, and the Path of a file of weights or None."""
    library_wanted = Signal()

    def __init__(self, known: Sequence[str], start: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Open model")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._start = start
        self.source = QLineEdit()
        self.source.setPlaceholderText("Type or paste a path, a name or a hub id")
        self.source.setAccessibleName("Network: a path, a name or a hub id")
        self.source.setClearButtonEnabled(True)
        self.source.setCompleter(_completer(known, self))
        self.weights = QLineEdit()
        self.weights.setPlaceholderText("Only where a name or a function brings no weights")
        self.weights.setAccessibleName("File of weights")
        self.weights.setClearButtonEnabled(True)
        self.file_button = QPushButton("Choose file…")
        self.folder_button = QPushButton("Choose folder…")
        self.library_button = QPushButton("Model library…")
        self.weights_button = QPushButton("Choose…")
        self.weights_part = Collapsible(
            "Weights file", beside(self.weights, self.weights_button, stretch=(0,))
        )
        self._buttons = QDialogButtonBox()
        # Not the standard one, which comes with a picture on some desktops.
        self._buttons.addButton("Cancel", QDialogButtonBox.ButtonRole.RejectRole)
        self.open_button = QPushButton("Open")
        self.open_button.setProperty("role", "primary")
        self._buttons.addButton(self.open_button, QDialogButtonBox.ButtonRole.AcceptRole)
        self._explain()
        self._lay_out()
        self._connect()
        self._show_state()

    def _explain(self) -> None:
        tips = {
            self.source: "A file or folder, a name of the library such as "
            "torchvision:fcn_resnet50, or a Hugging Face hub id",
            self.weights: "The file of trained weights, where the network is named without them",
            self.file_button: "Choose a file: weights, TorchScript, torch.export or ONNX",
            self.folder_button: "Choose a folder that holds a network, with its weights",
            self.library_button: "Choose one of the networks that are known by name",
            self.weights_button: "Choose the file of trained weights",
            self.open_button: "Open the network that is named above; no code of it is run unasked",
        }
        for widget, tip in tips.items():
            widget.setToolTip(tip)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GAP, 2 * GAP, 2 * GAP, 2 * GAP)
        layout.setSpacing(GAP + 4)
        layout.addWidget(heading("Which network?"))
        layout.addWidget(self.source)
        choosers = beside(self.file_button, self.folder_button, self.library_button, QWidget())
        layout.addWidget(choosers)
        layout.addWidget(self.weights_part)
        examples = QLabel(_examples())
        examples.setProperty("role", "muted")
        layout.addWidget(examples)
        layout.addStretch(1)
        layout.addWidget(self._buttons)
        # Only now: before it is in the dialog, Cancel would be chosen as what Return does.
        self.open_button.setDefault(True)
        for button in (self.file_button, self.folder_button, self.library_button):
            button.setAutoDefault(False)
        self.weights_button.setAutoDefault(False)
        self.setMinimumWidth(WIDTH)
        self.source.setFocus()

    def _connect(self) -> None:
        self.source.textChanged.connect(self._show_state)
        # While the list of known names is open, Return does not come as far as the default button.
        self.source.returnPressed.connect(self.accept)
        self.file_button.clicked.connect(self._choose_file)
        self.folder_button.clicked.connect(self._choose_folder)
        self.library_button.clicked.connect(self._want_library)
        self.weights_button.clicked.connect(self._choose_weights)
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)

    def accept(self) -> None:
        source = pasted_path(self.source.text())
        if source and self.result() != QDialog.DialogCode.Accepted:
            weights = pasted_path(self.weights.text())
            self.chosen.emit(source, Path(weights).expanduser() if weights else None)
            super().accept()

    def _show_state(self) -> None:
        self.open_button.setEnabled(bool(pasted_path(self.source.text())))

    def _choose_file(self) -> None:
        endings = " ".join(f"*{suffix}" for suffix in sorted(NETWORK_SUFFIXES))
        chosen, _ = QFileDialog.getOpenFileName(
            self, "Open model: a file", self._start, f"Networks ({endings});;All files (*)"
        )
        self._take(chosen)

    def _choose_folder(self) -> None:
        self._take(
            QFileDialog.getExistingDirectory(
                self, "Open model: a folder written by save_pretrained", self._start
            )
        )

    def _take(self, chosen: str) -> None:
        """Open what a chooser gave at once, unless weights are to be named with it."""
        if chosen:
            self.source.setText(chosen)
            self.accept()

    def _choose_weights(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, "File of weights", self._start)
        if chosen:
            self.weights.setText(chosen)

    def _want_library(self) -> None:
        self.library_wanted.emit()
        self.reject()


def pasted_path(text: str) -> str:
    """Return what was meant: no blanks or quotes around it, and a path for a file's address."""
    bare = text.strip()
    if len(bare) > 1 and bare[0] == bare[-1] and bare[0] in "'\"":
        bare = bare[1:-1]
    if bare.startswith("file://"):
        return unquote(urlsplit(bare).path)
    if bare.startswith(HUB):
        return bare.removeprefix(HUB).removesuffix("/").removesuffix("/tree/main")
    return bare


def _examples() -> str:
    rows = "".join(
        f"<tr><td style='padding-right: 16px'><i>{what}</i></td><td>{means}</td></tr>"
        for what, means in EXAMPLES
    )
    return f"<table cellpadding='1'>{rows}</table>"


def _completer(known: Sequence[str], parent: QDialog) -> QCompleter:
    completer = QCompleter(list(dict.fromkeys(known)), parent)
    completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
    completer.setFilterMode(Qt.MatchFlag.MatchContains)
    return completer
