"""A hand on the real window: mouse and key events, and waiting for what they bring about."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from app.models.loaded_image import LoadedImage
from app.models.region import RegionDocument
from app.models.running import Run
from app.settings import AppSettings
from app.startup import Application
from app.workers.engine_client import EngineClient
from gridsal_core.types import Explanation, NetworkInfo, Prediction

PATIENCE_SECONDS = 120.0
T = TypeVar("T")
NO_KEYS = Qt.KeyboardModifier.NoModifier


def there(value: T | None) -> T:
    """Return a value that must be there by now."""
    if value is None:
        raise AssertionError("the window is not yet that far")
    return value


class Driver:
    """Starts the application and acts as a user would."""

    def __init__(
        self,
        settings_file: Path,
        engine: EngineClient | None = None,
        kept: AppSettings | None = None,
    ) -> None:
        self.app = Application(kept or AppSettings(), settings_file, engine)
        self.window = self.app.window
        self.session = self.app.session
        self._is_closed = False

    @property
    def region(self) -> RegionDocument:
        """The region of the current image."""
        return there(self.session.region)

    @property
    def prediction(self) -> Prediction:
        """The prediction on the current image."""
        return there(self.session.prediction)

    @property
    def result(self) -> Explanation:
        """The result on the current image."""
        return there(self.session.result)

    @property
    def network(self) -> NetworkInfo:
        """The open network."""
        return there(self.session.network)

    @property
    def loaded(self) -> LoadedImage:
        """The pixels of the current image."""
        return there(self.session.loaded)

    @property
    def running(self) -> Run:
        """The run that is under way."""
        return there(self.app.runs.run)

    def wait_for_steps(self, steps: int = 1) -> None:
        """Wait until the run has shown so many steps."""
        self.wait(lambda: (shown := self.running.snapshot) is not None and shown.step >= steps)

    def open(self, model: Path | None, images: Path | None) -> None:
        """Show the window and open a network and a folder; wait until it can be worked with."""
        self.app.show(model, images)
        self.wait(self.window.isVisible)
        if images is not None:
            self.wait(lambda: self.session.loaded is not None)
        if model is not None and images is not None:
            self.wait(lambda: self.session.prediction is not None)

    def close(self) -> None:
        """Close the window; a second time nothing happens."""
        if self._is_closed:
            return
        self._is_closed = True
        # Nobody is there to be asked whether the results are to be saved.
        self.app.sessions.discard()
        self.app.survey_run.let_close()
        self.window.close()
        self.window.deleteLater()
        self.app.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QApplication.processEvents()

    def wait(self, done: Callable[[], object], seconds: float = PATIENCE_SECONDS) -> None:
        """Let events run until `done()` holds."""
        end = time.monotonic() + seconds
        while not done():
            if time.monotonic() > end:
                raise TimeoutError("the window did not get there in time")
            QApplication.processEvents()
            time.sleep(0.002)

    def rest(self, milliseconds: int) -> None:
        """Let events run for a while."""
        # Not QTest.qWait, which keeps other threads of this process from running.
        end = time.monotonic() + milliseconds / 1000
        self.wait(lambda: time.monotonic() > end)

    def action(self, name: str) -> None:
        """Trigger an action as its menu entry does, only if it is enabled."""
        action = self.window.action(name)
        if not action.isEnabled():
            raise AssertionError(f"the action {name} is disabled")
        action.trigger()
        QApplication.processEvents()

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = NO_KEYS) -> None:
        """Press a key on the canvas."""
        self.window.canvas.setFocus()
        QTest.keyClick(self.window.canvas, key, modifiers)
        QApplication.processEvents()

    def click(self, x: float, y: float, modifiers: Qt.KeyboardModifier = NO_KEYS) -> None:
        """Click an image pixel."""
        QTest.mouseClick(
            self.window.canvas.viewport(), Qt.MouseButton.LeftButton, modifiers, self.point(x, y)
        )
        QApplication.processEvents()

    def hover(self, x: float, y: float) -> None:
        """Move the pointer over an image pixel."""
        self._move(self.point(x, y), Qt.MouseButton.NoButton)
        QApplication.processEvents()

    def drag(self, *points: tuple[float, float], modifiers: Qt.KeyboardModifier = NO_KEYS) -> None:
        """Drag over image pixels with the left button down; modifiers are held at the press."""
        viewport, left = self.window.canvas.viewport(), Qt.MouseButton.LeftButton
        QTest.mousePress(viewport, left, modifiers, self.point(*points[0]))
        for point in points[1:]:
            self._move(self.point(*point), left)
            QApplication.processEvents()
        QTest.mouseRelease(viewport, left, NO_KEYS, self.point(*points[-1]))
        QApplication.processEvents()

    def push(self, button: QWidget) -> float:
        """Click a button and return the seconds until the events it caused were served."""
        began = time.monotonic()
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        QApplication.processEvents()
        return time.monotonic() - began

    def run(self, seconds: float = PATIENCE_SECONDS) -> None:
        """Press Run and wait for the result."""
        image = self.session.current
        before = self.session.result
        self.push(self.window.run.main_button)
        if self.app.runs.run is None:
            raise AssertionError("the run did not begin")
        self.wait(lambda: self.app.runs.run is None, seconds)
        if image == self.session.current:
            self.wait(lambda: self.session.result is not before)

    def point(self, x: float, y: float) -> QPoint:
        """Where an image pixel is on the canvas."""
        return self.window.canvas.to_viewport(QPointF(x + 0.5, y + 0.5)).toPoint()

    def _move(self, point: QPoint, button: Qt.MouseButton) -> None:
        # QTest.mouseMove sends no pressed buttons, which a drag needs.
        viewport = self.window.canvas.viewport()
        position, everywhere = QPointF(point), QPointF(viewport.mapToGlobal(point))
        event = QMouseEvent(
            QEvent.Type.MouseMove, position, everywhere, Qt.MouseButton.NoButton, button, NO_KEYS
        )
        QApplication.sendEvent(viewport, event)
