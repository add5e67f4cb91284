"""One door for networks: what can be typed, chosen or dropped, and what becomes of the open one."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QMessageBox, QToolButton

from app.settings import RecentModel
from app.views.open_model_dialog import OpenModelDialog, pasted_path
from gridsal_core.demo import find_demo
from tests.app.doors import NET_PY, answer, is_shown, retype, save_script, shown
from tests.app.stories import dismiss, error_text, has_dialog
from tests.driver import Driver, there
from tests.engine.saved import save_network

YES, NO = QMessageBox.StandardButton.Yes, QMessageBox.StandardButton.No


@pytest.fixture
def dialog(driver: Driver) -> OpenModelDialog:
    driver.open(None, None)
    driver.action("open_model")
    return shown(driver, OpenModelDialog)


@pytest.fixture
def script(tmp_path: Path) -> Path:
    return save_script(tmp_path / "tiny.ts")


def test_a_path_is_typed_and_opened_with_return(
    driver: Driver, dialog: OpenModelDialog, script: Path
) -> None:
    assert not dialog.open_button.isEnabled()
    retype(dialog.source, str(script))
    assert dialog.open_button.isEnabled()
    QTest.keyClick(dialog.source, Qt.Key.Key_Return)
    driver.wait(lambda: driver.session.network is not None)
    assert driver.network.name == "tiny"
    assert not is_shown(OpenModelDialog)


def test_return_opens_a_name_while_the_list_of_names_is_open(
    driver: Driver, dialog: OpenModelDialog
) -> None:
    opened: list[str] = []
    dialog.chosen.connect(lambda source, _weights: opened.append(source))
    retype(dialog.source, "torchvision:fcn_resnet5")
    names = there(there(dialog.source.completer()).popup())
    driver.wait(names.isVisible)
    QTest.keyClicks(names, "0")
    QTest.keyClick(names, Qt.Key.Key_Return)
    driver.wait(lambda: opened)
    assert opened == ["torchvision:fcn_resnet50"]
    assert not is_shown(OpenModelDialog)
    driver.wait(lambda: driver.session.opening is None)


@pytest.mark.parametrize(
    ("pasted", "meant"),
    [
        ("  /nets/a.pt \n", "/nets/a.pt"),
        ('"/nets/my net.pt"', "/nets/my net.pt"),
        ("'/nets/a.pt'", "/nets/a.pt"),
        ("file:///nets/my%20net.pt", "/nets/my net.pt"),
        ("https://huggingface.co/smp-hub/upernet-swin-tiny", "smp-hub/upernet-swin-tiny"),
        ("https://huggingface.co/a/b/tree/main/", "a/b"),
        ("torchvision:fcn_resnet50", "torchvision:fcn_resnet50"),
        ("   ", ""),
    ],
)
def test_what_was_pasted_is_taken_as_it_was_meant(pasted: str, meant: str) -> None:
    assert pasted_path(pasted) == meant


def test_names_of_the_library_and_recent_networks_are_proposed(driver: Driver) -> None:
    driver.app.settings.remember_model(RecentModel(source="/nets/of-mine.pt"))
    driver.open(None, None)
    driver.action("open_model")
    dialog = shown(driver, OpenModelDialog)
    completer = dialog.source.completer()
    for typed, proposed in (("mine", "/nets/of-mine.pt"), ("fcn_r", "torchvision:fcn_resnet50")):
        completer.setCompletionPrefix(typed)
        assert completer.currentCompletion() == proposed


def test_a_chosen_file_opens_at_once(
    driver: Driver, dialog: OpenModelDialog, script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(script), ""))
    driver.push(dialog.file_button)
    driver.wait(lambda: driver.session.network is not None)


def test_the_weights_of_a_save_pretrained_folder_stand_for_the_folder(
    driver: Driver, dialog: OpenModelDialog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = save_network(tmp_path / "saved")
    chosen = str(folder / "model.safetensors")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (chosen, ""))
    driver.push(dialog.file_button)
    driver.wait(lambda: driver.session.network is not None)
    assert driver.network.name == "saved"


def test_a_function_and_its_weights_open_after_a_yes_and_are_remembered_together(
    driver: Driver, dialog: OpenModelDialog, tmp_path: Path
) -> None:
    import torch

    (tmp_path / "net.py").write_text(NET_PY)
    torch.save(torch.nn.Conv2d(3, 2, 1).state_dict(), tmp_path / "w.pt")
    source, weights = f"{tmp_path / 'net.py'}:build", tmp_path / "w.pt"
    retype(dialog.source, source)
    assert not dialog.weights.isVisible()
    driver.push(there(dialog.weights_part.findChild(QToolButton)))
    retype(dialog.weights, str(weights))
    driver.push(dialog.open_button)
    answer(driver, YES)
    driver.wait(lambda: driver.session.network is not None)
    assert driver.app.settings.recent_models == (RecentModel(source=source, weights=weights),)
    assert driver.window.recent_models.actions()[0].text().endswith("with w.pt")


def test_a_strangers_code_runs_only_after_a_yes_that_is_for_once(
    driver: Driver, tmp_path: Path
) -> None:
    (tmp_path / "net.py").write_text(NET_PY)
    driver.open(None, None)
    driver.app.networks.open_model(f"{tmp_path / 'net.py'}:build")
    box = shown(driver, QMessageBox)
    assert "net.py" in box.text()
    assert box.defaultButton() is box.button(NO)
    QTest.keyClick(box, Qt.Key.Key_Escape)
    driver.rest(200)
    assert not (tmp_path / "it-ran").exists()
    assert driver.session.network is None
    for _ in range(2):
        driver.app.networks.open_model(f"{tmp_path / 'net.py'}:build")
        answer(driver, YES)
        driver.wait(lambda: driver.session.opening is None)
        assert driver.session.network is not None
    assert (tmp_path / "it-ran").exists()


def test_the_open_network_stays_when_another_one_fails_or_is_cancelled(
    demo: Driver, tmp_path: Path
) -> None:
    before = demo.network
    (tmp_path / "broken.onnx").write_bytes(b"nothing")
    demo.app.networks.open_model(tmp_path / "broken.onnx")
    demo.wait(has_dialog)
    assert "broken.onnx" in error_text()
    dismiss()
    assert demo.session.network is before
    demo.app.networks.open_model(save_script(tmp_path / "tiny.ts"))
    demo.push(demo.window.run.stop_button)
    assert demo.session.network is before
    # The engine was ended on the way, and the network is opened in the new one by itself.
    demo.wait(lambda: demo.session.opening is None)
    assert demo.network.sha256 == before.sha256
    demo.action("next")
    demo.wait(lambda: demo.session.prediction is not None)


@pytest.mark.parametrize("name", ["tiny.ts", "tiny.pt", "TINY.PT"])
def test_a_network_can_be_dropped_as_a_file(driver: Driver, tmp_path: Path, name: str) -> None:
    driver.open(None, None)
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(save_script(tmp_path / name)))])
    event = QDropEvent(
        QPointF(100, 100),
        Qt.DropAction.CopyAction,
        mime,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    driver.window.canvas.dropEvent(event)
    driver.wait(lambda: driver.session.network is not None)


def test_a_name_that_is_not_there_is_told_with_the_way_to_get_it(driver: Driver) -> None:
    driver.open(None, None)
    driver.app.networks.open_model("nobody/nothing")
    driver.wait(has_dialog)
    assert "nobody/nothing" in error_text()
    assert driver.session.opening is None


def test_notes_on_a_network_can_be_read_for_as_long_as_it_is_open(
    driver: Driver, tmp_path: Path
) -> None:
    Image.new("RGB", (32, 32), "red").save(tmp_path / "a.png")
    driver.open(save_network(tmp_path / "saved"), tmp_path)
    notes = driver.network.notes
    assert notes
    button = driver.window.status.notes_button
    assert button.text() == ("1 note" if len(notes) == 1 else f"{len(notes)} notes")
    driver.push(button)
    box = shown(driver, QMessageBox)
    assert all(note in box.informativeText() for note in notes)
    box.close()
    driver.app.networks.open_model(find_demo().model)
    driver.wait(lambda: driver.session.opening is None)
    assert button.isVisible() == bool(driver.network.notes)
