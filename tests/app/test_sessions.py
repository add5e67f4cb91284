"""Sessions: saved, opened, autosaved, offered back after a kill, and found again after a move."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QFileDialog, QMessageBox

from app.controllers.networks import Asked
from app.settings import data_folder, load_settings
from app.views.moved_dialog import MovedDialog
from app.workers.engine_client import EngineClient
from gridsal_core.cli.main import run
from gridsal_core.demo import find_demo
from gridsal_core.errors import OutputError
from gridsal_core.session import read_result, read_session
from tests.app.conftest import Window
from tests.app.doors import answer, is_shown, shown
from tests.app.stories import click_digit, dismiss, error_text, set_steps
from tests.driver import Driver

buttons = QMessageBox.StandardButton


def work(driver: Driver, images: Path, model: Path | None = None) -> None:
    """Explain a digit with a note; paint on the next image, and choose a class there."""
    driver.app.networks.open_model(model or find_demo().model)
    driver.app.files.open_folder(images)
    driver.wait(lambda: driver.session.prediction is not None)
    set_steps(driver, 5)
    click_digit(driver)
    driver.run()
    kept = driver.session.results.results[0]
    driver.session.results.describe(kept.identity, note="as expected", tags=["bias"])
    driver.action("next")
    driver.wait(lambda: driver.session.prediction is not None)
    driver.action("rectangle")
    driver.drag((4, 4), (8, 8), (12, 10))
    driver.session.set_class(2)
    settings = driver.window.settings
    settings.set_settings(replace(settings.settings(), lam=3.25))


def check_work(driver: Driver) -> None:
    """It is all there, as `work` left it."""
    driver.wait(lambda: driver.session.prediction is not None)
    (kept,) = driver.session.results.results
    assert (kept.note, kept.tags) == ("as expected", ("bias",))
    assert driver.window.settings.settings().lam == 3.25
    assert driver.session.current is not None
    assert driver.session.current.name.startswith("02")
    assert driver.region.mask[6, 6]
    assert not driver.region.mask[20, 20]
    assert driver.session.class_index == 2
    driver.action("previous")
    driver.wait(lambda: driver.session.result is not None)
    assert driver.result.class_name == kept.class_info.name
    assert driver.session.has_result(driver.loaded.path)


def drop(driver: Driver, path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    event = QDropEvent(QPointF(100, 100), Qt.DropAction.CopyAction, mime, left, none)
    driver.window.canvas.dropEvent(event)


def test_a_session_is_saved_and_opened_whole(window: Window, images: Path, file: Path) -> None:
    first = window()
    work(first, images)
    assert first.window.isWindowModified()
    first.action("save_session")
    first.wait(lambda: not first.window.isWindowModified())
    assert "work[*]" in first.window.windowTitle()
    document = read_session(file)
    assert document.network is not None
    assert document.network.source == str(find_demo().model)
    assert read_result(file, document.results[0]).steps == 5
    first.action("undo")
    assert not first.window.isWindowModified(), "settings alone are no work"
    for _ in ("class", "rectangle"):
        first.action("undo")
    assert first.window.isWindowModified(), "the file lacks something now"
    first.action("save_session")
    first.wait(lambda: not first.window.isWindowModified())
    for _ in range(3):
        first.action("redo")
    first.close()

    again = window()
    assert again.window.offer.text == "", "what was discarded on purpose is not offered"
    drop(again, file)
    again.wait(lambda: again.session.prediction is not None)
    assert again.region.is_empty, "it was saved without the rectangle"
    assert not again.window.isWindowModified()
    assert again.app.settings.recent_sessions == (file,)


def test_everything_of_a_session_comes_back(window: Window, images: Path, file: Path) -> None:
    first = window()
    work(first, images)
    first.action("save_session_as")
    first.wait(lambda: not first.window.isWindowModified())
    first.close()
    again = window()
    again.action("open_session")
    again.wait(lambda: again.session.results.results)
    check_work(again)
    assert not again.window.isWindowModified()


def test_closing_asks_only_where_something_would_be_missed(
    window: Window, images: Path, file: Path
) -> None:
    driver = window()
    driver.app.files.open_folder(images)
    driver.wait(lambda: driver.session.loaded is not None)
    driver.window.close()
    assert not driver.window.isVisible(), "looking at images is no work"

    driver = window()
    work(driver, images)
    driver.window.close()
    assert driver.window.isVisible()
    answer(driver, buttons.Cancel)
    assert driver.window.isVisible()
    driver.window.close()
    answer(driver, buttons.Save)
    driver.wait(lambda: not driver.window.isVisible())
    assert len(read_session(file).results) == 1
    sessions = data_folder() / "sessions"
    assert not any(sessions.iterdir()), "what is in the file is nowhere else"

    driver = window()
    work(driver, images)
    driver.window.close()
    answer(driver, buttons.Discard)
    driver.wait(lambda: not driver.window.isVisible())
    assert not any(sessions.iterdir())


def test_a_new_session_begins_without_work_but_with_network_and_images(
    window: Window, images: Path, file: Path
) -> None:
    driver = window()
    work(driver, images)
    driver.action("new_session")
    answer(driver, buttons.Discard)
    driver.wait(lambda: not driver.session.results.results)
    assert driver.region.is_empty
    assert driver.session.class_index is None
    assert driver.session.network is not None
    assert driver.session.folder == images
    assert not driver.window.isWindowModified()
    driver.drag((4, 4), (8, 8), (12, 10))
    driver.action("save_session")
    driver.wait(lambda: not driver.window.isWindowModified())
    document = read_session(file)
    assert document.results == ()
    assert document.network is not None
    (page,) = document.pages
    assert page.regions[0].mask()[6, 6]


def test_two_windows_on_one_file_do_not_write_over_each_other(
    window: Window, images: Path, file: Path
) -> None:
    first = window()
    work(first, images)
    first.action("save_session")
    first.wait(lambda: not first.window.isWindowModified())
    beside = window()
    drop(beside, file)
    beside.wait(lambda: beside.session.results.results)
    beside.wait(lambda: beside.session.loaded is not None)
    beside.action("clear")
    beside.action("save_session")
    beside.wait(lambda: not beside.window.isWindowModified())
    theirs = file.read_bytes()

    first.session.set_class(0)
    first.action("save_session")
    answer(first, buttons.Cancel)
    first.rest(200)
    assert file.read_bytes() == theirs
    assert first.window.isWindowModified()
    first.action("save_session")
    answer(first, buttons.Save)
    first.wait(lambda: not first.window.isWindowModified())
    assert file.read_bytes() != theirs
    first.session.set_class(1)
    first.action("save_session")
    first.wait(lambda: not first.window.isWindowModified())


def test_after_a_kill_the_next_window_offers_everything_back(
    window: Window, tmp_path: Path
) -> None:
    script = [sys.executable, "-m", "tests.app.lost_window", str(tmp_path / "lost.json")]
    process = subprocess.Popen(script, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    identity = process.stdout.readline().strip()
    assert identity
    beside = window()
    assert beside.window.offer.text == "", "a window that is open is left alone"
    process.kill()
    process.wait()
    process.stdout.close()

    driver = window()
    driver.wait(lambda: driver.window.offer.text)
    assert "1 result and 2 regions" in driver.window.offer.text
    assert driver.window.canvas.isEnabled(), "nobody has to answer"
    driver.push(driver.window.offer.restore)
    driver.wait(lambda: driver.session.result is not None)
    assert driver.window.offer.text == ""
    assert [kept.identity for kept in driver.session.results.results] == [identity]
    assert driver.session.folder == find_demo().images.resolve()
    np.testing.assert_array_equal(driver.region.mask, driver.result.request.region)
    driver.action("next")
    driver.wait(lambda: driver.session.prediction is not None)
    assert driver.region.mask[6, 6]
    assert driver.window.isWindowModified(), "it is in no file yet"


def test_a_run_that_ended_right_before_the_kill_is_offered_too(
    window: Window, tmp_path: Path
) -> None:
    script = [sys.executable, "-m", "tests.app.lost_window", str(tmp_path / "lost.json"), "unseen"]
    done = subprocess.run(script, stdout=subprocess.PIPE, text=True, check=False, timeout=120)
    assert done.returncode == -signal.SIGKILL
    driver = window()
    driver.wait(lambda: driver.window.offer.text)
    assert "1 result and 2 regions" in driver.window.offer.text
    driver.push(driver.window.offer.restore)
    driver.wait(lambda: driver.session.result is not None)
    assert [kept.identity for kept in driver.session.results.results] == [done.stdout.strip()]
    assert driver.result.steps == 5
    assert driver.window.isWindowModified(), "it is in no file yet"


class TestOffer:
    """What becomes of an offer."""

    @pytest.fixture
    def offered(self, window: Window, images: Path) -> Driver:
        lost = window()
        work(lost, images)
        lost.app.sessions.keep_for_next_start()
        lost.window.close()
        driver = window()
        driver.wait(lambda: driver.window.offer.text)
        return driver

    def test_it_is_made_again_until_it_is_answered(self, offered: Driver, window: Window) -> None:
        beside = window()
        assert beside.window.offer.text == "", "one window offers it at a time"
        offered.push(offered.window.offer.later)
        assert offered.window.offer.text == ""
        offered.close()
        again = window()
        again.wait(lambda: again.window.offer.text)
        again.push(again.window.offer.restore)
        again.wait(lambda: again.session.results.results)
        check_work(again)

    def test_it_is_deleted_only_after_a_question(self, offered: Driver, window: Window) -> None:
        offered.push(offered.window.offer.discard)
        answer(offered, buttons.Cancel)
        assert offered.window.offer.text
        offered.push(offered.window.offer.discard)
        answer(offered, buttons.Discard)
        offered.wait(lambda: not offered.window.offer.text)
        offered.close()
        driver = window()
        driver.rest(200)
        assert driver.window.offer.text == ""

    def test_one_that_is_declined_in_favour_of_what_is_open_stays(
        self, offered: Driver, images: Path
    ) -> None:
        work(offered, images)
        offered.push(offered.window.offer.restore)
        answer(offered, buttons.Cancel)
        assert offered.window.offer.text
        assert len(offered.session.results.results) == 1


def test_on_another_machine_one_answer_finds_everything(
    window: Window, images: Path, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tmp_path / "networks" / "demo"
    shutil.copytree(find_demo().model, model)
    first = window()
    work(first, images, model)
    first.action("save_session")
    first.wait(lambda: not first.window.isWindowModified())
    first.close()
    there = tmp_path / "elsewhere" / "pictures"
    there.parent.mkdir()
    images.rename(there)
    network = model.rename(tmp_path / "elsewhere" / "net")

    chosen = [str(tmp_path), str(there), str(network)]
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: chosen.pop(0))
    again = window()
    again.action("open_session")
    dialog = shown(again, MovedDialog)
    again.push(dialog.folder)
    again.wait(lambda: dialog.answer)
    assert "does not hold 02" in dialog.answer
    again.push(dialog.folder)
    again.wait(lambda: not dialog.isVisible())
    again.push(shown(again, MovedDialog).folder)
    again.wait(lambda: again.session.results.results)
    assert not is_shown(MovedDialog), "each folder and network is asked for once"
    check_work(again)
    assert again.loaded.path.parent == there
    assert again.network.path == network


def test_a_session_can_be_opened_without_what_is_missing(
    window: Window, images: Path, file: Path
) -> None:
    first = window()
    work(first, images)
    first.action("save_session")
    first.wait(lambda: not first.window.isWindowModified())
    first.close()
    shutil.rmtree(images)
    again = window()
    again.action("open_session")
    again.push(shown(again, MovedDialog).without)
    again.wait(lambda: again.session.results.results)
    assert again.window.results.shown_identities
    dismiss()


@pytest.mark.parametrize("content", [b"", b"PK\x05\x06" + bytes(18), b"\x80\x04]." * 40])
def test_what_is_no_session_is_refused_and_the_open_one_stays(
    window: Window, images: Path, file: Path, content: bytes
) -> None:
    driver = window()
    driver.app.files.open_folder(images)
    driver.wait(lambda: driver.session.loaded is not None)
    file.write_bytes(content)
    driver.app.sessions.open(file)
    driver.wait(lambda: is_shown(QMessageBox))
    assert error_text().startswith("work.gridsal is ")
    assert driver.session.folder == images


def test_what_cannot_be_autosaved_is_told_once(
    window: Window, images: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = window()

    def full(*_: object) -> None:
        raise OutputError("session.json cannot be saved: no space left; free some space.")

    with monkeypatch.context() as patch:
        patch.setattr("app.workers.kept_files.write_document", full)
        driver.app.files.open_folder(images)
        driver.wait(lambda: is_shown(QMessageBox))
        assert "cannot be autosaved" in error_text()
        dismiss()
        driver.action("next")
        driver.rest(500)
        assert not is_shown(QMessageBox)


def test_what_could_not_be_autosaved_is_tried_again_and_saved_elsewhere_meanwhile(
    window: Window, images: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OutputError("session.json cannot be saved: no space left; free some space.")

    with monkeypatch.context() as patch:
        patch.setattr("app.controllers.sessions.TRIED_AGAIN_AFTER_MS", 200)
        patch.setattr("app.workers.kept_files.write_document", full)
        driver = window()
        driver.app.files.open_folder(images)
        driver.wait(lambda: is_shown(QMessageBox))
        dismiss()
        driver.action("save_session")
        driver.wait(file.exists)
        assert driver.session.results.folder is None
    driver.wait(lambda: driver.session.results.folder is not None)


def test_a_session_of_a_network_that_runs_code_asks_first(
    window: Window, images: Path, file: Path, tmp_path: Path
) -> None:
    source = tmp_path / "net.py"
    source.write_text(
        "from torch import nn\n\n\ndef build():\n    return nn.Conv2d(3, 2, 1)\n", "utf-8"
    )
    first = window()
    first.app.files.open_folder(images)
    first.app.networks.open(Asked(f"{source}:build", trust_code=True))
    first.wait(lambda: first.session.prediction is not None)
    first.action("save_session")
    first.wait(file.exists)
    first.close()
    again = window()
    again.action("open_session")
    box = shown(again, QMessageBox)
    assert "runs code with all your rights" in box.text()
    answer(again, buttons.No)


def test_device_and_settings_are_those_of_the_last_window(
    engine: EngineClient, tmp_path: Path
) -> None:
    first = Driver(tmp_path / "settings.json", engine)
    panel = first.window.settings
    mine = replace(panel.settings(), lam=0.125, steps=33)
    panel.set_settings(mine)
    panel.set_device("cpu")
    first.open(None, None)
    first.rest(50)
    first.close()

    kept = load_settings(tmp_path / "settings.json")
    again = Driver(tmp_path / "settings.json", engine, kept)
    panel = again.window.settings
    assert (panel.preset, panel.settings(), panel.device) == ("own", mine, "cpu")
    panel.set_device("cuda:7")
    panel.set_devices(("auto", "cpu"))
    assert panel.device == "auto", "one that is not there any more is not insisted on"
    again.close()


def test_the_command_line_opens_a_session(tmp_path: Path) -> None:
    seen: list[tuple[object, ...]] = []

    def open_window(
        model: str | Path | None, images: Path | None, session: Path | None = None
    ) -> int:
        seen.append((model, images, session))
        return 0

    assert run(["street.gridsal"], open_window) == 0
    assert run(["--session", "other.gridsal"], open_window) == 0
    assert seen == [(None, None, Path("street.gridsal")), (None, None, Path("other.gridsal"))]
