"""File > Label maps: what is typed is answered at once, and only a good pattern is taken."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit

from app.theme import current_colors
from app.views.label_dialog import LabelDialog
from tests.driver import Driver


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for place in ("images", "mine"):
        (tmp_path / place).mkdir()
    Image.new("RGB", (32, 32)).save(tmp_path / "images" / "a.png")
    Image.fromarray(np.full((32, 32), 3, np.uint8)).save(tmp_path / "mine" / "a_gt.png")
    return tmp_path / "images"


def opened(driver: Driver) -> LabelDialog:
    driver.action("label_maps")
    dialogs = driver.window.findChildren(LabelDialog)
    return dialogs[-1]


def write(dialog: LabelDialog, text: str) -> None:
    line = dialog.findChild(QLineEdit)
    assert isinstance(line, QLineEdit)
    line.setText(text)
    QApplication.processEvents()


def test_a_pattern_is_answered_kept_and_used(driver: Driver, folder: Path) -> None:
    driver.open(None, folder)
    assert driver.loaded.label is None
    dialog = opened(driver)
    assert dialog.answer == "For a.png no label map is found."
    write(dialog, "../mine/{stem}.png")
    assert dialog.answer == f"For a.png there is no {folder.parent / 'mine' / 'a.png'}."
    write(dialog, "../mine/{stem}_gt.png")
    assert dialog.answer == f"For a.png: {folder.parent / 'mine' / 'a_gt.png'}"
    dialog.accept()
    driver.wait(lambda: driver.loaded.label is not None)
    assert driver.app.settings.label_pattern == "../mine/{stem}_gt.png"
    assert driver.loaded.label_path == folder.parent / "mine" / "a_gt.png"


def test_a_bad_pattern_is_explained_and_not_taken(driver: Driver, folder: Path) -> None:
    driver.open(None, folder)
    dialog = opened(driver)
    write(dialog, "../{city}/{stem}.png")
    assert "{city}, which is unknown" in dialog.answer
    answer = next(label for label in dialog.findChildren(QLabel) if label.text() == dialog.answer)
    assert answer.palette().windowText().color() == QColor(current_colors().series[0])
    write(dialog, "")
    assert answer.palette().windowText().color() == QColor(current_colors().muted)
    write(dialog, "../{city}/{stem}.png")
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    assert dialog.isVisible()
    dialog.reject()
    assert driver.app.settings.label_pattern == ""
