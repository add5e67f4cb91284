"""What a user can hand to somebody who is to find out what went wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox, QPushButton

from app.controllers.dialogs import show_error
from gridsal_core.logs import MAIN, log_folder, logged
from tests.app.stories import error_text, has_dialog
from tests.driver import Driver


def error_box() -> QMessageBox:
    boxes = [each for each in QApplication.topLevelWidgets() if isinstance(each, QMessageBox)]
    return next(box for box in boxes if box.isVisible())


def button(text: str) -> QPushButton:
    return next(each for each in error_box().findChildren(QPushButton) if text in each.text())


def test_a_report_is_copied_and_the_dialog_stays(driver: Driver) -> None:
    driver.open(None, None)
    with logged(MAIN):
        show_error(driver.window, "It went wrong.", "Traceback: here")
    assert str(log_folder()) in error_box().informativeText()
    driver.push(button("Copy report"))
    assert error_text() == "It went wrong."
    report = QGuiApplication.clipboard().text()
    assert "It went wrong.\nTraceback: here" in report
    assert "The end of" in report
    assert "ERROR It went wrong." in report
    driver.push(button("OK"))
    assert not any(each.isVisible() for each in driver.window.findChildren(QMessageBox))


@pytest.mark.parametrize("details", ["", "Traceback: here"])
def test_escape_closes_what_is_told(driver: Driver, details: str) -> None:
    driver.open(None, None)
    show_error(driver.window, "It went wrong.", details)
    QTest.keyClick(error_box(), Qt.Key.Key_Escape)
    driver.wait(lambda: not has_dialog())


def test_the_folder_of_the_logs_is_shown(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    driver.open(None, None)
    shown: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", shown.append)
    driver.action("show_logs")
    assert [Path(url.toLocalFile()) for url in shown] == [log_folder()]
    assert log_folder().is_dir()
