"""The model card in the window: guessed, confirmed, corrected, kept beside the file."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from app.views.card_dialog import CardDialog, CardQuestion
from gridsal_core.checkpoints.card import ModelCard, read_card
from gridsal_core.class_sets import CLASS_SETS
from gridsal_core.demo import find_demo
from tests.app.doors import card_dialog, is_shown, retype, save_weights
from tests.app.stories import has_dialog
from tests.driver import Driver
from tests.engine.saved import save_network

GUESSED: dict[str, Any] = {
    "build": {"library": "smp", "architecture": "Unet", "encoder": "resnet34"},
    "input": {"channels": 3, "mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)},
    "output": {"channels": 19},
}


def asked(qtbot: QtBot, card: dict[str, Any], *, is_guessed: bool = False) -> CardDialog:
    """Show the dialog with a proposal."""
    proposal = ModelCard.model_validate(card)
    dialog = CardDialog(CardQuestion("What is it?", proposal, is_guessed=is_guessed))
    # It deletes itself when it is closed, which is what the test does at its end.
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, on=False)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def choose(combo: QComboBox, data: str) -> None:
    """Choose an entry as a click on it does."""
    combo.setCurrentIndex(combo.findData(data))
    combo.activated.emit(combo.currentIndex())


def test_what_was_guessed_is_filled_in_and_marked_until_it_is_touched(qtbot: QtBot) -> None:
    dialog = asked(qtbot, GUESSED, is_guessed=True)
    assert "encoder" in dialog.build.guessed
    assert {"mean", "std", "preset"} <= set(dialog.input.guessed)
    assert dialog.input.preset.currentText() == "ImageNet"
    assert dialog.count.value() == dialog.names.table.rowCount() == 19
    retype(dialog.build.encoder, "tu-convnext_tiny")
    assert "encoder" not in dialog.build.guessed
    assert "architecture" in dialog.build.guessed
    card = dialog.card()
    assert card.build is not None
    assert (card.build.architecture, card.build.encoder) == ("Unet", "tu-convnext_tiny")


def test_a_card_that_is_only_confirmed_comes_back_as_it_was(qtbot: QtBot) -> None:
    full = GUESSED | {
        "name": "streets",
        "explain": {"steps": 50},
        "build": GUESSED["build"]
        | {"arguments": {"decoder_channels": [64, 32, 16], "activation": "sigmoid", "a": True}},
        "input": GUESSED["input"]
        | {"size": (480, 640), "range": (0.0, 255.0), "order": "BGR"}
        | {"values": (100.0, 4095.0)},
        "output": {"channels": 1, "kind": "probabilities", "element": "out", "ignore_index": 255},
        "classes": [
            {"name": "ground", "color": "#010203"},
            {"name": "road", "color": "#0a0b0c"},
        ],
    }
    assert asked(qtbot, full).card() == ModelCard.model_validate(full)


def test_raw_values_are_told_apart_from_the_networks_range(qtbot: QtBot) -> None:
    dialog = asked(qtbot, GUESSED | {"input": GUESSED["input"] | {"values": (0.0, 4095.0)}})
    assert dialog.input.raw.text() == "0, 4095"
    retype(dialog.input.raw, "-1, 2")
    assert dialog.card().input.values == (-1, 2)
    assert dialog.card().input.range == (0, 1)
    dialog.input.raw.clear()
    assert dialog.card().input.values is None


@pytest.mark.parametrize(
    ("preset", "mean", "span", "order"),
    [
        ("imagenet", (0.485, 0.456, 0.406), (0, 1), "RGB"),
        ("half", (0.5,), (0, 1), "RGB"),
        ("none", (0,), (0, 1), "RGB"),
        ("caffe", (104, 117, 123), (0, 255), "BGR"),
    ],
)
def test_a_preset_fills_in_the_preprocessing(
    qtbot: QtBot, preset: str, mean: tuple[float, ...], span: tuple[float, float], order: str
) -> None:
    dialog = asked(qtbot, GUESSED)
    choose(dialog.input.preset, preset)
    found = dialog.card().input
    assert (found.mean, found.range, found.order) == (mean, span, order)
    retype(dialog.input.mean, "0.25")
    assert dialog.input.preset.currentData() == "own"


@pytest.mark.parametrize(
    ("field", "typed", "told"),
    [
        ("mean", "half", "The mean 'half' is not a number"),
        ("mean", "0.1, 0.2", "mean has 2 values for 3 channels"),
        ("std", "0", "greater than 0"),
        ("raw", "dark, light", "The raw values 'dark, light' is not a number"),
        ("raw", "9, 3", "values"),
        ("ignored", "all", "The ignored index 'all'"),
        ("architecture", "", "The architecture is missing"),
        ("encoder", " ", "The encoder is missing"),
        ("arguments", "depth", "The arguments 'depth' cannot be read"),
    ],
)
def test_what_a_card_cannot_take_is_told_and_the_dialog_stays(
    qtbot: QtBot, field: str, typed: str, told: str
) -> None:
    dialog = asked(qtbot, GUESSED)
    groups = (dialog.build, dialog.input, dialog.output)
    widget = next(getattr(group, field) for group in groups if hasattr(group, field))
    retype(widget, typed or " ")
    QTest.mouseClick(dialog.open_button, Qt.MouseButton.LeftButton)
    assert dialog.isVisible()
    assert told in dialog.refusal
    retype(widget, "3")
    assert dialog.refusal == ""


def test_sets_with_as_many_classes_are_proposed_and_fill_in_names_and_colours(
    qtbot: QtBot,
) -> None:
    dialog = asked(qtbot, GUESSED)
    assert dialog.card().classes == ()
    choose(dialog.names.sets, "Cityscapes")
    assert tuple(entry.info() for entry in dialog.card().classes) == CLASS_SETS["Cityscapes"]
    dialog.count.setValue(21)
    assert dialog.names.sets.findData("Cityscapes") < 0
    assert dialog.names.sets.findData("Pascal VOC") >= 0
    # The names that were there stay, and new ones are numbered.
    assert [entry.name for entry in dialog.card().classes][18:] == [
        "bicycle",
        "class 19",
        "class 20",
    ]


def test_names_are_pasted_one_a_line(qtbot: QtBot) -> None:
    dialog = asked(qtbot, {**GUESSED, "output": {"channels": 3}})
    dialog.names.table.setCurrentCell(1, 1)
    QGuiApplication.clipboard().setText("tree\n\n  sky \nmore than there are")
    QTest.keyClick(dialog.names.table, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert [entry.name for entry in dialog.card().classes] == ["class 0", "tree", "sky"]


def test_one_channel_stands_for_background_and_foreground(qtbot: QtBot) -> None:
    dialog = asked(qtbot, {**GUESSED, "output": {"channels": 1}})
    assert dialog.names.table.rowCount() == 2
    choose(dialog.names.sets, "own")
    card = dialog.card()
    assert [entry.name for entry in card.classes] == ["background", "foreground"]
    assert card.output.channels == 1


def test_a_python_function_needs_no_encoder(qtbot: QtBot) -> None:
    dialog = asked(qtbot, GUESSED)
    choose(dialog.build.library, "python")
    assert not dialog.build.encoder.isVisible()
    retype(dialog.build.architecture, "net.py:build")
    build = dialog.card().build
    assert build is not None
    assert (build.library, build.architecture, build.encoder) == ("python", "net.py:build", "")


def test_weights_open_once_their_card_is_confirmed_and_nobody_asks_again(
    driver: Driver, tmp_path: Path
) -> None:
    weights = save_weights(tmp_path)
    Image.new("RGB", (64, 64), "red").save(tmp_path / "a.png")
    driver.app.show(weights, tmp_path)
    dialog = card_dialog(driver)
    build = dialog.card().build
    assert build is not None
    assert (build.architecture, build.encoder) == ("Unet", "resnet18")
    assert dialog.count.value() == 3
    # Another architecture does not fit, and what was entered comes back with what is wrong.
    retype(dialog.build.architecture, "FPN")
    driver.push(dialog.open_button)
    driver.wait(lambda: is_shown(CardDialog) and card_dialog(driver) is not dialog)
    again = card_dialog(driver)
    assert again.build.architecture.currentText() == "FPN"
    assert "missing" in again.problems.toPlainText()
    assert not again.build.guessed
    assert not weights.with_name("bare.gridsal.toml").exists()
    retype(again.build.architecture, "Unet")
    choose(again.names.sets, "own")
    retype_cell(again, 2, "sky")
    driver.push(again.open_button)
    driver.wait(lambda: driver.session.prediction is not None)
    assert driver.network.classes[2].name == "sky"
    kept = read_card(tmp_path / "bare.gridsal.toml")
    assert [entry.name for entry in kept.classes] == ["class 0", "class 1", "sky"]
    driver.app.networks.open_model(weights)
    driver.wait(lambda: driver.session.opening is None)
    assert not is_shown(CardDialog)
    assert driver.network.classes[2].name == "sky"


def test_cancelling_the_card_opens_nothing(driver: Driver, tmp_path: Path) -> None:
    driver.open(None, None)
    driver.app.networks.open_model(save_weights(tmp_path))
    QTest.keyClick(card_dialog(driver), Qt.Key.Key_Escape)
    driver.wait(lambda: not is_shown(CardDialog))
    assert driver.session.network is None
    assert driver.session.opening is None
    assert not has_dialog()


def test_the_classes_of_an_open_network_are_named_afterwards(
    driver: Driver, tmp_path: Path
) -> None:
    folder = save_network(tmp_path / "saved")
    driver.open(None, None)
    assert not driver.window.action("edit_card").isEnabled()
    driver.app.networks.open_model(folder)
    driver.wait(lambda: driver.session.network is not None)
    driver.action("edit_card")
    dialog = card_dialog(driver)
    assert not dialog.build.isVisible()
    retype_cell(dialog, 0, "road")
    choose(dialog.input.preset, "half")
    driver.push(dialog.open_button)
    driver.wait(lambda: driver.network.classes[0].name == "road")
    kept = read_card(folder / "gridsal.toml")
    assert kept.classes[0].name == "road"
    assert kept.input.mean == (0.5,)


def test_another_normalisation_makes_predictions_anew(driver: Driver, tmp_path: Path) -> None:
    model = Path(shutil.copytree(find_demo().model, tmp_path / "net"))
    driver.open(model, find_demo().images)
    before, sha256 = driver.prediction, driver.network.sha256
    driver.action("edit_card")
    dialog = card_dialog(driver)
    retype(dialog.input.mean, "0.9")
    driver.push(dialog.open_button)
    driver.wait(lambda: not is_shown(CardDialog) and driver.session.opening is None)
    driver.wait(lambda: driver.session.prediction is not None)
    assert driver.network.sha256 == sha256, "the weights are the same"
    assert not np.array_equal(driver.prediction.confidence, before.confidence)


def test_a_card_that_cannot_be_kept_is_a_note_and_holds_until_the_window_closes(
    driver: Driver, tmp_path: Path
) -> None:
    folder = save_network(tmp_path / "saved")
    # A folder of the card's name: nothing can be written there, whoever asks.
    driver.open(None, None)
    driver.app.networks.open_model(folder)
    driver.wait(lambda: driver.session.network is not None)
    (folder / "gridsal.toml" / "x").mkdir(parents=True)
    driver.action("edit_card")
    dialog = card_dialog(driver)
    retype_cell(dialog, 0, "road")
    driver.push(dialog.open_button)
    driver.wait(lambda: driver.network.classes[0].name == "road")
    assert any("not kept" in note for note in driver.network.notes)
    driver.app.networks.reopen()
    driver.wait(lambda: driver.session.opening is None)
    assert driver.network.classes[0].name == "road"


def retype_cell(dialog: CardDialog, row: int, name: str) -> None:
    """Double-click the name of a class and type another one."""
    table = dialog.names.table
    spot = table.visualRect(table.model().index(row, 1)).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    QTest.mouseDClick(table.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    editor = table.indexWidget(table.model().index(row, 1)) or table.viewport().focusWidget()
    assert editor is not None
    retype(editor, name)
    QTest.keyClick(editor, Qt.Key.Key_Return)
