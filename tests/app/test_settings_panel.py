"""Numbers in the settings: every spelling is taken as what it says, or refused in a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from app.views.number_field import NumberField
from app.views.settings_panel import SettingsPanel
from gridsal_core.perturbation import Blur
from gridsal_core.settings import Settings

START = replace(Settings(), perturbation=Blur(10))


class Hand:
    """Types into the numbers of one panel and hears what it says."""

    def __init__(self, panel: SettingsPanel) -> None:
        self.panel = panel
        self.refusals: list[str] = []
        self.changes: list[Settings] = []
        panel.refused.connect(self.refusals.append)
        panel.changed.connect(lambda: self.changes.append(panel.settings()))

    def field(self, name: str) -> NumberField:
        fields = self.panel.findChildren(NumberField)
        return next(field for field in fields if field.accessibleName() == name)

    def type(self, name: str, text: str) -> NumberField:
        field = self.field(name)
        field.setFocus()
        field.selectAll()
        QTest.keyClicks(field, text)
        return field

    def enter(self, name: str, text: str) -> NumberField:
        field = self.type(name, text)
        QTest.keyClick(field, Qt.Key.Key_Return)
        return field


@pytest.fixture(params=["C", "de_DE"], autouse=True)
def country(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every test is run where numbers have a dot, and where they have a comma."""
    before = QLocale()
    QLocale.setDefault(QLocale(request.param))
    yield
    QLocale.setDefault(before)


@pytest.fixture
def hand(qtbot: QtBot) -> Hand:
    panel = SettingsPanel()
    qtbot.addWidget(panel)
    with qtbot.waitExposed(panel):
        panel.show()
    panel.activateWindow()
    panel.set_settings(START)
    return Hand(panel)


def lam(hand: Hand) -> float:
    return hand.panel.settings().lam


@pytest.mark.parametrize(
    ("typed", "value", "shown"),
    [
        ("0.02", 0.02, "0.02"),
        ("0,02", 0.02, "0.02"),
        (".5", 0.5, "0.5"),
        ("1e-3", 0.001, "0.001"),
        ("2,5E-7", 2.5e-7, "2.5e-7"),
        ("1e-40", 1e-40, "1e-40"),
        ("0.12345678901", 0.12345678901, "0.12345678901"),
        ("+7", 7, "7"),
        ("100", 100, "100"),
    ],
)
def test_what_is_typed_is_what_is_taken(hand: Hand, typed: str, value: float, shown: str) -> None:
    field = hand.enter("λ", typed)

    assert lam(hand) == value
    assert field.text() == shown
    assert hand.refusals == []


@pytest.mark.parametrize("typed", ["-0", "-0.0", "0"])
def test_zero_has_no_sign(hand: Hand, typed: str) -> None:
    assert hand.enter("λ", typed).text() == "0"
    assert str(lam(hand)) == "0.0"


@pytest.mark.parametrize("typed", ["abc", "1e", "1.2.3", "1 2", "1_0", "nan", "inf", "--1", "0x1"])
def test_what_is_no_number_is_refused_in_a_sentence(hand: Hand, typed: str) -> None:
    field = hand.enter("λ", typed)

    assert hand.refusals == [f"λ {typed!r} is not a number; give one from 0 to 100, such as 0.01."]
    assert (lam(hand), field.text(), hand.changes) == (0.01, "0.01", [])


def test_an_emptied_field_is_refused_too(hand: Hand) -> None:
    field = hand.field("λ")
    field.setFocus()
    field.selectAll()
    QTest.keyClick(field, Qt.Key.Key_Delete)
    QTest.keyClick(field, Qt.Key.Key_Return)

    assert hand.refusals == ["λ '' is not a number; give one from 0 to 100, such as 0.01."]
    assert field.text() == "0.01"


@pytest.mark.parametrize(
    ("name", "typed", "told"),
    [
        ("λ", "-0.5", "λ '-0.5' is out of range; give a number from 0 to 100."),
        ("λ", "1e400", "λ '1e400' is out of range; give a number from 0 to 100."),
        ("λ", "101", "λ '101' is out of range; give a number from 0 to 100."),
        (
            "Learning rate",
            "0",
            "The learning rate '0' is out of range; give a number from 1e-6 to 1000.",
        ),
        ("Momentum", "1", "The momentum '1' is out of range; give a number from 0 to 0.99."),
        (
            "Blur in pixels",
            "501",
            "The blur's σ '501' is out of range; give a number from 0.5 to 500.",
        ),
    ],
)
def test_what_is_out_of_range_is_refused_and_not_bent_into_it(
    hand: Hand, name: str, typed: str, told: str
) -> None:
    hand.enter(name, typed)

    assert hand.refusals == [told]
    assert hand.panel.settings() == START


def test_every_number_of_the_panel_can_be_set(hand: Hand) -> None:
    for name, text in (
        ("λ", "0,3"),
        ("Learning rate", "2e-1"),
        ("Momentum", "0.125"),
        ("Blur in pixels", "2,25"),
    ):
        hand.enter(name, text)

    now = hand.panel.settings()
    assert (now.lam, now.learning_rate, now.momentum, now.perturbation) == (
        *(0.3, 0.2, 0.125),
        Blur(2.25),
    )
    assert hand.field("Blur in pixels").text() == "σ 2.25 px"


def test_nothing_follows_before_the_number_is_whole(hand: Hand) -> None:
    field = hand.type("λ", "0.25")
    assert hand.changes == []

    QTest.keyClick(field, Qt.Key.Key_Return)
    assert [settings.lam for settings in hand.changes] == [0.25]


@pytest.mark.parametrize(("typed", "value", "refusals"), [("0.25", 0.25, 0), ("ten", 0.01, 1)])
def test_leaving_the_field_is_as_good_as_return(
    hand: Hand, typed: str, value: float, refusals: int
) -> None:
    field = hand.type("λ", typed)

    QTest.keyClick(field, Qt.Key.Key_Tab)

    assert (lam(hand), len(hand.refusals)) == (value, refusals)


@pytest.mark.parametrize(("typed", "is_good", "value"), [("0.25", True, 0.25), ("1e", False, 0.01)])
def test_a_run_by_shortcut_takes_what_is_still_being_typed(
    hand: Hand, typed: str, is_good: bool, value: float
) -> None:
    hand.type("λ", typed)

    assert hand.panel.commit() is is_good
    assert (lam(hand), len(hand.refusals)) == (value, 0 if is_good else 1)


@pytest.mark.parametrize(
    ("name", "start", "key", "shown"),
    [
        ("λ", "0.05", Qt.Key.Key_Up, "0.06"),
        ("λ", "0.05", Qt.Key.Key_Down, "0.04"),
        ("λ", "0.01", Qt.Key.Key_Down, "0.009"),
        ("λ", "0.2", Qt.Key.Key_Up, "0.3"),
        ("λ", "0", Qt.Key.Key_Up, "0.001"),
        ("λ", "0", Qt.Key.Key_Down, "0"),
        ("λ", "100", Qt.Key.Key_Up, "100"),
        ("Learning rate", "1e-6", Qt.Key.Key_Down, "1e-6"),
        ("Momentum", "0.1", Qt.Key.Key_Up, "0.15"),
        ("Momentum", "0.98", Qt.Key.Key_Up, "0.99"),
        ("Blur in pixels", "10", Qt.Key.Key_Up, "σ 11 px"),
    ],
)
def test_the_arrows_step_from_what_was_typed(
    hand: Hand, name: str, start: str, key: Qt.Key, shown: str
) -> None:
    field = hand.type(name, start)

    QTest.keyClick(field, key)

    assert field.text() == shown


def test_the_devices_that_are_there_are_offered_once_each(hand: Hand) -> None:
    for _ in range(2):  # the engine says so each time it starts
        hand.panel.set_devices(("auto", "cuda", "mps", "cpu"))

    combos = hand.panel.findChildren(QComboBox)
    (device,) = (combo for combo in combos if combo.findData("mps") >= 0)
    names = [device.itemText(index) for index in range(device.count())]

    assert names == ["Auto", "CPU", "CUDA", "MPS"]
    device.setCurrentIndex(device.findData("mps"))
    assert hand.panel.device == "mps"
