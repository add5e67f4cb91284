"""What this window needs of the installed PySide6, so that a bad release is noticed here."""

from __future__ import annotations

import sys

import pytest
from PySide6.QtCore import QLineF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="None is immortal from Python 3.12 on")
def test_painting_releases_no_reference_that_it_does_not_hold(qapp: QApplication) -> None:
    image = QImage(10, 10, QImage.Format.Format_RGB888)
    before = sys.getrefcount(None)
    for _ in range(200):
        painter = QPainter(image)
        painter.drawLine(QLineF(0, 0, 5, 5))
        painter.end()
    assert sys.getrefcount(None) > before - 100
