"""Windows for the stories: one engine process serves most of them, since it imports torch once."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEventLoop
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from app.models.session import Session
from app.views.canvas import Canvas
from app.workers.engine_client import EngineClient
from gridsal_core.demo import find_demo
from tests.app.canvas_pixels import HEIGHT, WIDTH, shown_canvas
from tests.app.mocked_window import MockedWindow, NotingEngine, PlayedTasks, end_mocked_views
from tests.app.stand_ins import NETWORK, SETTINGS, Room, look_at
from tests.app.stories import dismiss, set_steps
from tests.driver import Driver

Window = Callable[[], Driver]


@pytest.fixture(scope="session")
def engine(qapp: QApplication) -> Iterator[EngineClient]:
    """One real engine process for all stories: it imports torch once."""
    client, has_answered = EngineClient(), QEventLoop()
    client.ready.connect(has_answered.quit)
    client.unable.connect(has_answered.quit)
    client.start()
    # Its process is started by a thread: no test is to be taken for its beginning.
    has_answered.exec()
    yield client
    client.close()


@pytest.fixture(autouse=True)
def _mocked_views() -> Iterator[None]:
    yield
    end_mocked_views()


@pytest.fixture
def driver(engine: EngineClient, tmp_path: Path) -> Iterator[Driver]:
    hand = Driver(tmp_path / "settings.json", engine)
    hand.window.resize(1280, 800)
    yield hand
    dismiss()
    if hand.app.runs.run is not None:
        hand.action("stop")
    # A figure that is written after the window is gone would tell a status line that is no more.
    hand.wait(lambda: not (hand.app.runs.is_pending or hand.app.figures.is_pending))
    hand.close()


@pytest.fixture
def lone(qapp: QApplication, tmp_path: Path) -> Iterator[Driver]:
    """A window with an engine of its own, as a user has it."""
    hand = Driver(tmp_path / "settings.json")
    yield hand
    dismiss()
    hand.close()


@pytest.fixture
def demo(driver: Driver) -> Driver:
    """The window with the embedded demo open."""
    found = find_demo()
    driver.open(found.model, found.images)
    set_steps(driver, 12)
    # The demo picks a segment by itself; the stories below begin without.
    driver.wait(lambda: not driver.region.is_empty)
    driver.action("clear")
    driver.region.undo_stack.clear()
    return driver


@pytest.fixture
def window(engine: EngineClient, tmp_path: Path) -> Iterator[Window]:
    """Opens windows one after the other, or beside each other."""
    opened: list[Driver] = []

    def open_one() -> Driver:
        driver = Driver(tmp_path / f"settings-{len(opened)}.json", engine)
        driver.window.resize(1280, 800)
        opened.append(driver)
        driver.app.show(None, None)
        driver.wait(driver.window.isVisible)
        driver.rest(50)
        return driver

    yield open_one
    dismiss()
    for driver in opened:
        driver.close()


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """A copy of some of the demo's images."""
    there = tmp_path / "data" / "street" / "images"
    there.mkdir(parents=True)
    for image in sorted(find_demo().images.glob("0[1-4]*.png")):
        shutil.copy(image, there)
    return there


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that the dialogs name."""
    path = tmp_path / "work.gridsal"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    return path


@pytest.fixture
def canvas(qtbot: QtBot) -> Canvas:
    """An empty canvas on the screen."""
    return shown_canvas(qtbot)


@pytest.fixture
def white(canvas: Canvas) -> Canvas:
    """The canvas with a white image."""
    canvas.set_image(np.full((HEIGHT, WIDTH, 3), 255, np.uint8))
    return canvas


@pytest.fixture
def room(qapp: QApplication) -> Iterator[Room]:
    """For controllers by themselves: no view and no engine is real."""
    session = Session()
    session.set_network(NETWORK)
    look_at(session)
    yield Room(MockedWindow(SETTINGS), session, NotingEngine(), PlayedTasks())
    session.results.close(keep=False)
