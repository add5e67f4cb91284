"""Undo and redo across everything: one row of steps, bounded, whatever was done and wherever."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.models.region import RegionDocument
from app.models.undo import Step, UndoStack
from app.views.number_field import NumberField
from tests.app.stories import SHIFT, click_digit
from tests.driver import Driver, there

CONTROL = Qt.KeyboardModifier.ControlModifier


class Noted(Step):
    """A step that notes what is done to it."""

    def __init__(self, text: str, notes: list[str], size: int = 0) -> None:
        super().__init__(text)
        self.notes, self.size = notes, size

    @property
    def byte_count(self) -> int:
        return self.size

    def undo(self) -> None:
        self.notes.append(f"-{self.text}")

    def redo(self) -> None:
        self.notes.append(f"+{self.text}")


def texts(stack: UndoStack) -> list[str]:
    """Names of the steps that can be taken back, the newest first."""
    found = []
    while stack.can_undo:
        found.append(stack.undo_text)
        stack.undo()
    return found


class TestStack:
    def test_a_hundred_steps_are_kept_and_the_oldest_go_first(self) -> None:
        stack = UndoStack()
        for number in range(130):
            stack.push(Noted(str(number), []))
        assert stack.count() == 100
        assert texts(stack)[-1] == "30"

    def test_the_oldest_go_where_all_together_hold_too_much(self) -> None:
        stack = UndoStack(max_bytes=100)
        for text, size in (("a", 60), ("b", 30), ("c", 30), ("d", 5)):
            stack.push(Noted(text, [], size))
        assert stack.byte_count <= 100
        assert texts(stack) == ["d", "c", "b"]

    def test_the_newest_step_stays_however_large_it_is(self) -> None:
        stack = UndoStack(max_bytes=100)
        stack.push(Noted("a", [], 10))
        stack.push(Noted("huge", [], 1000))
        assert texts(stack) == ["huge"]

    def test_several_steps_are_one_and_are_taken_back_in_turn(self) -> None:
        stack, notes = UndoStack(), list[str]()
        with stack.together("both"):
            stack.push(Noted("a", notes))
            stack.push(Noted("b", notes))
        stack.undo()
        stack.redo()
        assert stack.count() == 1
        assert notes == ["-b", "-a", "+a", "+b"]

    def test_a_new_step_ends_what_could_be_done_again(self) -> None:
        stack = UndoStack()
        for text in ("a", "b"):
            stack.push(Noted(text, []))
        stack.undo()
        stack.push(Noted("c", []))
        assert not stack.can_redo
        assert texts(stack) == ["c", "a"]

    def test_what_is_discarded_leaves_the_others_in_order(self) -> None:
        stack = UndoStack()
        for text in ("a", "b", "c", "d"):
            stack.push(Noted(text, []))
        stack.undo()
        stack.discard(lambda step: step.text in ("b", "d"))
        assert not stack.can_redo
        assert texts(stack) == ["c", "a"]

    def test_regions_of_a_large_image_stay_within_the_bound(self) -> None:
        stack = UndoStack(max_bytes=500_000)
        document = RegionDocument(600, 800, undo_stack=stack)
        for number in range(20):
            noise = np.random.default_rng(number).random((600, 800)) < 0.5
            document.replace_with(noise, "painted", "Noise")
        assert 0 < stack.byte_count <= 500_000
        assert 1 < stack.count() < 20


def test_ctrl_z_takes_back_the_latest_thing_whatever_it_was(demo: Driver) -> None:
    panel, session = demo.window.settings, demo.session
    settings = panel.settings()
    demo.action("queue_pause")
    click_digit(demo)
    mask = demo.region.mask.copy()
    session.set_class(0)
    lam = there(panel.findChild(NumberField, "lam"))
    lam.setValue(0.3)
    lam.setValue(0.4)
    demo.rest(60)
    demo.action("queue_add")
    undo = demo.window.action("undo")
    assert undo.text() == "&Undo Add to queue"
    demo.key(Qt.Key.Key_Z, CONTROL)
    assert len(demo.app.queue.queue.entries) == 0
    assert undo.text() == "&Undo Change λ"
    demo.key(Qt.Key.Key_Z, CONTROL)
    assert panel.settings() == settings, "both changes of one field are one step"
    assert undo.text() == "&Undo Choose class"
    demo.key(Qt.Key.Key_Z, CONTROL)
    assert there(session.item).class_index is None
    demo.key(Qt.Key.Key_Z, CONTROL)
    assert demo.region.is_empty
    assert not undo.isEnabled()
    for _ in range(4):
        demo.key(Qt.Key.Key_Z, CONTROL | SHIFT)
    np.testing.assert_array_equal(demo.region.mask, mask)
    assert there(session.item).class_index == 0
    assert panel.settings() == replace(settings, lam=0.4)
    assert len(demo.app.queue.queue.entries) == 1
    demo.action("queue_cancel_all")


def test_a_step_on_another_image_brings_that_image_to_the_front(demo: Driver) -> None:
    first, page = there(demo.session.current), demo.session.page
    click_digit(demo)
    demo.action("next")
    demo.wait(lambda: demo.session.prediction is not None)
    click_digit(demo)
    here = demo.region.mask.copy()
    demo.action("undo")
    assert demo.session.current != first
    assert demo.region.is_empty
    demo.action("undo")
    assert (demo.session.current, demo.session.page) == (first, page)
    assert there(demo.window.images.current_row) == 0
    demo.wait(lambda: demo.session.loaded is not None)
    assert demo.region.is_empty
    assert demo.window.status.currentMessage() == "Undone: Pick segment"
    demo.action("redo")
    demo.action("redo")
    demo.wait(lambda: demo.session.loaded is not None)
    np.testing.assert_array_equal(demo.region.mask, here)


def test_a_step_on_an_image_of_a_folder_that_was_left_opens_it_again(
    demo: Driver, tmp_path: Path
) -> None:
    first = there(demo.session.current)
    click_digit(demo)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "a.png").write_bytes(first.read_bytes())
    demo.app.files.open_folder(tmp_path / "other")
    demo.wait(lambda: demo.session.current == tmp_path.resolve() / "other" / "a.png")
    demo.action("undo")
    demo.wait(lambda: demo.session.current == first and demo.session.loaded is not None)
    assert demo.region.is_empty


def test_in_the_middle_of_a_polygon_it_takes_back_the_last_corner(demo: Driver) -> None:
    click_digit(demo)
    before = demo.region.mask.copy()
    demo.action("polygon")
    for corner in ((5, 5), (50, 5), (50, 50)):
        demo.click(*corner)
    undo = demo.window.action("undo")
    assert undo.text() == "&Undo last corner"
    for left in (2, 1, 0):
        demo.key(Qt.Key.Key_Z, CONTROL)
        outline = there(demo.window.canvas._gestures.tool).outline
        assert (0 if outline is None else len(outline.corners)) == left
    np.testing.assert_array_equal(demo.region.mask, before)
    assert undo.text() == "&Undo Pick segment"
    demo.key(Qt.Key.Key_Z, CONTROL)
    assert demo.region.is_empty


def test_keys_of_undo_in_a_field_mean_the_last_step_unless_a_number_is_typed(
    demo: Driver,
) -> None:
    panel = demo.window.settings
    lam = there(panel.findChild(NumberField, "lam"))
    was = lam.value()
    demo.window.activateWindow()
    lam.setFocus()
    demo.wait(lam.hasFocus)
    QTest.keyClick(lam, Qt.Key.Key_Up)
    assert lam.value() != was
    QTest.keyClick(lam, Qt.Key.Key_Z, CONTROL)
    assert lam.value() == was
    steps = demo.session.undo_stack.count()
    QTest.keyClick(lam, Qt.Key.Key_A, CONTROL)
    QTest.keyClicks(lam, "7")
    QTest.keyClick(lam, Qt.Key.Key_Z, CONTROL)
    assert lam.value() == was
    assert demo.session.undo_stack.count() == steps


def test_suggested_settings_are_nobodys_step_and_come_back_as_they_are_suggested(
    demo: Driver,
) -> None:
    panel, stack = demo.window.settings, demo.session.undo_stack
    panel.restore(replace(panel.state(), preset="suggested"))
    stack.clear()
    suggested = panel.settings()
    panel.set_suggested(replace(suggested, steps=33))
    assert stack.count() == 0
    panel.set_settings(replace(panel.settings(), lam=0.7, steps=5))
    assert stack.undo_text == "Change settings"
    panel.set_suggested(replace(suggested, steps=44))
    demo.action("undo")
    assert panel.state().preset == "suggested"
    assert panel.settings().steps == 44


def test_another_network_has_no_step_of_a_class_of_this_one(demo: Driver) -> None:
    session, network = demo.session, demo.network
    click_digit(demo)
    session.set_class(2)
    session.set_network(
        replace(network, classes=network.classes[:3], sha256="0" * 64, predictor="0")
    )
    assert session.undo_stack.undo_text == "Pick segment"
    session.set_network(network)
