"""What of a session is not finished: requests that wait, and what is compared meanwhile."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PySide6.QtWidgets import QMessageBox

from app.settings import data_folder
from gridsal_core.demo import find_demo
from gridsal_core.session import read_session
from tests.app.conftest import Window
from tests.app.doors import answer
from tests.app.stories import click_digit, set_steps
from tests.driver import Driver


def begin(driver: Driver, images: Path) -> None:
    """Open the demo's network and pick a digit."""
    driver.app.networks.open_model(find_demo().model)
    driver.app.files.open_folder(images)
    driver.wait(lambda: driver.session.prediction is not None)
    set_steps(driver, 4)
    click_digit(driver)


def queue_two(driver: Driver, images: Path) -> list[str]:
    """Queue two requests that do not begin; return their identities."""
    begin(driver, images)
    driver.action("queue_pause")
    driver.action("queue_add")
    driver.action("next")
    driver.wait(lambda: driver.session.prediction is not None)
    click_digit(driver)
    driver.action("queue_add")
    return [entry.identity for entry in driver.app.queue.queue.entries]


def killed(driver: Driver) -> None:
    """Leave on the disk what is there now, as if the window were killed; then close it."""
    sessions = data_folder() / "sessions"
    (folder,) = sessions.iterdir()
    shutil.copytree(folder, sessions / "killed")
    if driver.app.runs.run is not None:
        driver.action("stop")  # the engine is not this window's alone
    driver.wait(lambda: not driver.app.runs.is_pending)
    driver.close()


def restored(window: Window) -> Driver:
    """The next window, after it was told to restore what it offers."""
    driver = window()
    driver.wait(lambda: driver.window.offer.text)
    driver.push(driver.window.offer.restore)
    driver.wait(lambda: not driver.window.offer.text)
    driver.wait(lambda: driver.session.prediction is not None)
    return driver


def statuses(driver: Driver) -> list[str]:
    return [entry.status for entry in driver.app.queue.queue.entries]


def test_a_queue_is_saved_and_waits_for_a_word_when_it_is_opened(
    window: Window, images: Path, file: Path
) -> None:
    first = window()
    identities = queue_two(first, images)
    assert first.window.isWindowModified(), "requests that wait are work"
    first.action("save_session")
    first.wait(lambda: not first.window.isWindowModified())
    assert [each.identity for each in read_session(file).queue] == identities
    first.close()

    again = window()
    again.action("open_session")
    again.wait(lambda: again.session.prediction is not None)
    again.rest(200)
    assert statuses(again) == ["waiting", "waiting"]
    assert again.app.runs.run is None, "nothing starts by itself"
    assert not again.window.isWindowModified()
    panel = again.window.queue
    assert panel.start_button.isVisible()
    assert "queue paused" in panel.summary
    again.push(panel.start_button)
    again.wait(lambda: statuses(again) == ["done", "done"])
    assert not panel.start_button.isVisible()
    kept = again.session.results.results
    assert [each.identity for each in kept] == identities, "a result is named as its request was"
    assert kept[1].image_path == sorted(images.iterdir())[1]


def test_after_a_kill_the_queue_is_offered_back(window: Window, images: Path) -> None:
    lost = window()
    identities = queue_two(lost, images)
    lost.app.queue.queue.update(lost.app.queue.queue.entries[1], "failed", "There was no memory.")
    lost.rest(1000)
    killed(lost)
    driver = restored(window)
    entries = driver.app.queue.queue.entries
    assert [entry.identity for entry in entries] == identities
    assert statuses(driver) == ["waiting", "failed"]
    assert entries[1].reason == "There was no memory."
    driver.action("queue_retry")
    driver.push(driver.window.queue.start_button)
    driver.wait(lambda: statuses(driver) == ["done", "done"])


def test_a_run_that_a_kill_interrupts_is_offered_as_a_request(window: Window, images: Path) -> None:
    lost = window()
    begin(lost, images)
    set_steps(lost, 5000)
    lost.rest(1000)
    lost.push(lost.window.run.main_button)
    lost.wait_for_steps()
    asked = lost.running.asked
    lost.rest(600)
    killed(lost)
    driver = restored(window)
    (entry,) = driver.app.queue.queue.entries
    assert (entry.identity, entry.status) == (asked.identity, "waiting")
    assert entry.asked.settings.steps == 5000
    assert entry.asked.pixels == asked.pixels
    assert driver.app.runs.run is None


def test_what_is_compared_and_the_page_in_front_come_back(
    window: Window, images: Path, file: Path
) -> None:
    first = window()
    begin(first, images)
    for _ in range(2):
        first.run()
    one, other = (kept.identity for kept in first.session.results.results)
    first.app.compare.show([other, one])
    first.app.compare.panels.add()
    first.action("save_session")
    first.wait(lambda: not first.window.isWindowModified())
    first.close()

    again = window()
    again.action("open_session")
    again.wait(lambda: again.session.results.results)
    assert again.app.compare.panels.panels == (other, one, None)
    assert again.window.workspace.currentWidget() is again.window.compare
    again.wait(lambda: again.window.compare.shown[0].view.picture is not None)
    again.action("new_session")
    again.wait(lambda: not again.session.results.results)
    assert not any(again.app.compare.panels.panels)


def test_a_queue_is_not_left_behind_without_a_question(
    window: Window, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = window()
    queue_two(driver, images)
    driver.window.close()
    assert driver.window.isVisible()
    box = next(each for each in driver.window.findChildren(QMessageBox) if each.isVisible())
    assert box.informativeText() == "2 requests wait in the queue."
    answer(driver, QMessageBox.StandardButton.Discard)
    driver.wait(lambda: not driver.window.isVisible())
