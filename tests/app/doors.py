"""What the stories about opening networks have in common: dialogs to be found, networks on disk."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

from app.views.card_dialog import CardDialog
from gridsal_core.session.archive import write_session
from gridsal_core.session.document import PageEntry, SessionDocument
from tests.driver import Driver

W = TypeVar("W", bound=QWidget)
NET_PY = """
from pathlib import Path

from torch import nn

Path(__file__).with_name("it-ran").touch()


def build():
    return nn.Conv2d(3, 2, 1)
"""


def is_shown(kind: type[QWidget]) -> bool:
    return any(isinstance(w, kind) and w.isVisible() for w in QApplication.topLevelWidgets())


def shown(driver: Driver, kind: type[W]) -> W:
    """Wait for a dialog, and return it."""
    driver.wait(lambda: is_shown(kind))
    return next(w for w in QApplication.topLevelWidgets() if isinstance(w, kind) and w.isVisible())


def retype(field: QWidget, text: str) -> None:
    """Replace what a field holds, with the keys."""
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(field, text)


def answer(driver: Driver, button: QMessageBox.StandardButton) -> None:
    """Click a button of the question that is shown."""
    box = shown(driver, QMessageBox)
    driver.push(box.button(button))
    driver.wait(lambda: not is_shown(QMessageBox))


def card_dialog(driver: Driver) -> CardDialog:
    return shown(driver, CardDialog)


def save_weights(folder: Path, **options: object) -> Path:
    """Save the bare weights of a small network of segmentation-models-pytorch."""
    import segmentation_models_pytorch as smp
    import torch

    torch.manual_seed(0)
    network = smp.Unet("resnet18", encoder_weights=None, classes=3, **options)
    path = folder / "bare.pth"
    torch.save(network.state_dict(), path)
    return path


def save_moved_session(folder: Path) -> Path:
    """Save a session whose images are nowhere on this machine."""
    gone = Path("/data/street/images")
    pages = tuple(PageEntry(image=gone / f"{number:04}.png", class_index=1) for number in range(12))
    file = folder / "street.gridsal"
    write_session(SessionDocument(folder=gone, pages=pages), file, folder)
    return file


def save_script(path: Path) -> Path:
    """Save a small TorchScript network with two classes."""
    import torch

    torch.manual_seed(0)
    with torch.no_grad():
        # torch gives it no types
        traced = torch.jit.trace(  # type: ignore[no-untyped-call]  # torch's
            torch.nn.Conv2d(3, 2, 1).eval(), torch.zeros(1, 3, 32, 32)
        )
    traced.save(str(path))
    return path
