"""The correct and the wrong parts of a segment: by menu, by gesture, by key and by button."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from app.views.segment_menu import MOST_WRONG_PARTS, PartOffer, SegmentMenu, SegmentOffer
from gridsal_core.arrays import BoolArray
from gridsal_core.segments import segment_at
from tests.app.stories import label, set_steps
from tests.driver import NO_KEYS, Driver, there

ALT = Qt.KeyboardModifier.AltModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
# Taken for digits 1, 2, 7, 8 and 9, so that segments have wrong parts of two true classes.
MISTAKEN = "14_unbiased_digit3.png"
BACKGROUND, DIGIT_3 = 0, 4


def open_image(driver: Driver, name: str) -> None:
    driver.window.images.select([path.name for path in driver.session.images].index(name))
    driver.wait(lambda: driver.session.loaded is not None and driver.loaded.path.name == name)
    driver.wait(lambda: driver.session.prediction is not None)


@pytest.fixture
def mistaken(demo: Driver) -> Driver:
    """The demo with an image of which most of the digit is predicted wrongly."""
    open_image(demo, MISTAKEN)
    return demo


def pixel(driver: Driver, predicted: int, true: int) -> tuple[int, int]:
    """A pixel (x, y) of the largest segment with these two classes."""
    found = (driver.prediction.class_map == predicted) & (label(driver) == true)
    places = np.argwhere(found)
    assert len(places)
    y, x = max(places.tolist(), key=lambda place: segment(driver, place[1], place[0]).sum())
    return x, y


def segment(driver: Driver, x: int, y: int) -> BoolArray:
    return segment_at(driver.prediction.class_map, x, y)


def a_wrong_class(driver: Driver) -> int:
    """The class that most of the digit is taken for."""
    wrong = driver.prediction.class_map[(label(driver) == DIGIT_3)]
    counts = np.bincount(wrong, minlength=11)
    counts[[BACKGROUND, DIGIT_3]] = 0
    return int(counts.argmax())


def menu_at(driver: Driver, x: int, y: int) -> SegmentMenu:
    """Click a pixel with the right button and return the menu that opens."""
    place = driver.window.canvas.viewport().mapTo(driver.window, driver.point(x, y))
    handle = there(driver.window.windowHandle())
    QTest.mouseClick(handle, Qt.MouseButton.RightButton, NO_KEYS, place)
    driver.wait(lambda: isinstance(QApplication.activePopupWidget(), SegmentMenu), 10)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, SegmentMenu)
    return menu


def click_entry(menu: QMenu, entry: str) -> None:
    action = next(action for action in menu.actions() if entry in told(action))
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, NO_KEYS, menu.actionGeometry(action).center())
    QApplication.processEvents()


def told(action: QAction) -> str:
    return action.text().replace("&", "")


def texts(menu: QMenu) -> list[str]:
    return [told(action) for action in menu.actions() if not action.isSeparator()]


def request_text(driver: Driver) -> str:
    driver.rest(80)  # it is told once the pointer rests
    return driver.app.requests._describe()


class TestMenu:
    def test_it_offers_the_segment_and_each_part_that_is_there(self, mistaken: Driver) -> None:
        wrong = a_wrong_class(mistaken)
        x, y = pixel(mistaken, wrong, DIGIT_3)
        names = [info.name for info in mistaken.network.classes]
        whole = segment(mistaken, x, y)
        true = label(mistaken)
        menu = menu_at(mistaken, x, y)
        expected = [f"Select the whole segment: {names[wrong]} ({whole.sum():,} px)"]
        sizes = {c: int((whole & (true == c)).sum()) for c in (BACKGROUND, DIGIT_3)}
        expected += [
            f"Select its wrong part: {names[c]} ({size:,} px)"
            for c, size in sorted(sizes.items(), key=lambda item: -item[1])
            if size
        ]
        assert texts(menu) == expected
        assert all(action.toolTip() for action in menu.actions() if not action.isSeparator())
        menu.close()

    def test_the_correct_part_is_chosen_with_one_click_and_undone(self, mistaken: Driver) -> None:
        x, y = pixel(mistaken, BACKGROUND, BACKGROUND)
        click_entry(menu_at(mistaken, x, y), "correct part")
        expected = segment(mistaken, x, y) & (label(mistaken) == BACKGROUND)
        np.testing.assert_array_equal(mistaken.region.mask, expected)
        assert mistaken.region.origin == "correct part"
        assert mistaken.session.class_index == BACKGROUND
        mistaken.action("undo")
        assert mistaken.region.is_empty
        mistaken.action("redo")
        np.testing.assert_array_equal(mistaken.region.mask, expected)
        assert mistaken.region.origin == "correct part"

    def test_a_wrong_part_asks_for_what_was_predicted_and_names_what_is_true(
        self, mistaken: Driver
    ) -> None:
        wrong = a_wrong_class(mistaken)
        x, y = pixel(mistaken, wrong, DIGIT_3)
        mistaken.session.set_class(9)
        click_entry(menu_at(mistaken, x, y), "wrong part: digit 3")
        expected = segment(mistaken, x, y) & (label(mistaken) == DIGIT_3)
        np.testing.assert_array_equal(mistaken.region.mask, expected)
        assert mistaken.region.origin == "erroneous part"
        assert mistaken.session.class_index == wrong
        assert "follows the prediction" in mistaken.window.status.currentMessage()
        name = mistaken.network.classes[wrong].name
        assert request_text(mistaken).endswith(f"erroneous part: truly digit 3, predicted {name}")

    def test_the_whole_segment_is_as_a_click_picks_it(self, mistaken: Driver) -> None:
        x, y = pixel(mistaken, BACKGROUND, DIGIT_3)
        click_entry(menu_at(mistaken, x, y), "whole segment")
        np.testing.assert_array_equal(mistaken.region.mask, segment(mistaken, x, y))
        assert mistaken.region.origin == "predicted segment"

    def test_without_labels_the_parts_are_disabled_and_it_says_why(
        self, mistaken: Driver, tmp_path: Path
    ) -> None:
        Image.open(mistaken.loaded.path).save(tmp_path / "alone.png")
        mistaken.app.files.open_folder(tmp_path)
        mistaken.wait(lambda: mistaken.session.folder == tmp_path.resolve())
        open_image(mistaken, "alone.png")
        menu = menu_at(mistaken, 5, 5)
        enabled = {told(action): action.isEnabled() for action in menu.actions()}
        reason = "alone.png has no label map; File > Label maps says where they are."
        assert not enabled["Select its correct part"]
        assert not enabled["Select its wrong part"]
        assert reason in enabled
        assert not enabled[reason]
        menu.close()
        for name in ("segment_correct", "segment_wrong"):
            assert not mistaken.window.action(name).isEnabled()
            assert mistaken.window.action(name).toolTip() == reason
        mistaken.click(5, 5, ALT)
        assert mistaken.window.status.currentMessage() == reason
        assert mistaken.region.is_empty

    def test_the_menu_key_means_the_pixel_under_the_pointer(self, mistaken: Driver) -> None:
        x, y = pixel(mistaken, BACKGROUND, DIGIT_3)
        mistaken.hover(x, y)
        place = mistaken.window.canvas.mapToGlobal(QPoint(1, 1))
        event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(1, 1), place)
        QApplication.sendEvent(mistaken.window.canvas, event)
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, SegmentMenu)
        assert "background" in texts(menu)[0]
        menu.close()

    def test_beside_the_image_there_is_no_menu(self, mistaken: Driver) -> None:
        place = mistaken.window.canvas.viewport().mapTo(mistaken.window, QPoint(2, 2))
        handle = there(mistaken.window.windowHandle())
        QTest.mouseClick(handle, Qt.MouseButton.RightButton, NO_KEYS, place)
        mistaken.rest(50)
        assert QApplication.activePopupWidget() is None

    def test_after_eight_wrong_parts_the_rest_is_one_step_away(self, qtbot: QtBot) -> None:
        parts = tuple(PartOffer(i, f"class & {i}", (9, 9, 9), 100 - i) for i in range(1, 12))
        whole = PartOffer(0, "road", (9, 9, 9), 5000)
        canvas = QMenu()
        qtbot.addWidget(canvas)
        menu = SegmentMenu(canvas, SegmentOffer(whole, None, parts))
        listed = [action for action in menu.actions() if "wrong part" in told(action)]
        assert len(listed) == MOST_WRONG_PARTS
        assert "class && 1 (99 px)" in listed[0].text()
        last = menu.actions()[-1]
        assert last.text() == "… 3 more"
        chosen: list[object] = []
        menu.chosen.connect(chosen.append)
        rest = last.menu()
        assert isinstance(rest, QMenu)
        rest.actions()[2].trigger()
        assert chosen == [11]


class TestGestures:
    def test_alt_picks_the_correct_part(self, mistaken: Driver) -> None:
        x, y = pixel(mistaken, BACKGROUND, DIGIT_3)
        mistaken.click(x, y, ALT)
        expected = segment(mistaken, x, y) & (label(mistaken) == BACKGROUND)
        np.testing.assert_array_equal(mistaken.region.mask, expected)
        assert mistaken.region.origin == "correct part"

    def test_alt_and_shift_pick_the_wrong_part_under_the_pointer(self, mistaken: Driver) -> None:
        x, y = pixel(mistaken, BACKGROUND, DIGIT_3)
        mistaken.click(x, y, ALT | SHIFT)
        expected = segment(mistaken, x, y) & (label(mistaken) == DIGIT_3)
        np.testing.assert_array_equal(mistaken.region.mask, expected)
        assert mistaken.region.origin == "erroneous part"
        assert mistaken.session.class_index == BACKGROUND

    def test_a_correct_pixel_has_no_wrong_part(self, mistaken: Driver) -> None:
        mistaken.click(*pixel(mistaken, BACKGROUND, BACKGROUND), ALT | SHIFT)
        assert "This pixel is correct" in mistaken.window.status.currentMessage()
        assert mistaken.region.is_empty

    def test_a_segment_that_is_all_wrong_has_no_correct_part(self, mistaken: Driver) -> None:
        mistaken.click(*pixel(mistaken, a_wrong_class(mistaken), DIGIT_3), ALT)
        assert mistaken.window.status.currentMessage() == "No pixel of this segment is correct."
        assert mistaken.region.is_empty


class TestKeysAndButtons:
    def test_they_wait_for_a_segment(self, mistaken: Driver) -> None:
        buttons = mistaken.window.request.part_buttons
        assert [button.isEnabled() for button in buttons] == [False] * 3
        assert all("Pick a segment first" in button.toolTip() for button in buttons)
        mistaken.click(*pixel(mistaken, BACKGROUND, DIGIT_3))
        assert [button.isEnabled() for button in buttons] == [True] * 3
        mistaken.drag((3, 3), (9, 9))
        mistaken.action("clear")
        assert [button.isEnabled() for button in buttons] == [False] * 3

    def test_from_the_segment_to_its_parts_and_back(self, mistaken: Driver) -> None:
        x, y = pixel(mistaken, BACKGROUND, DIGIT_3)
        mistaken.click(x, y)
        whole = mistaken.region.mask.copy()
        true = label(mistaken)
        mistaken.key(Qt.Key.Key_C)
        np.testing.assert_array_equal(mistaken.region.mask, whole & (true == BACKGROUND))
        mistaken.key(Qt.Key.Key_C, Qt.KeyboardModifier.ShiftModifier)
        np.testing.assert_array_equal(mistaken.region.mask, whole & (true == DIGIT_3))
        mistaken.key(Qt.Key.Key_S, SHIFT)
        np.testing.assert_array_equal(mistaken.region.mask, whole)
        for button, part in zip(
            mistaken.window.request.part_buttons,
            (whole, whole & (true == BACKGROUND), whole & (true == DIGIT_3)),
            strict=True,
        ):
            top = button.mapToGlobal(QPoint()).y()
            mistaken.push(button)
            mistaken.rest(80)  # what was picked is told a little later
            assert button.mapToGlobal(QPoint()).y() == top
            np.testing.assert_array_equal(mistaken.region.mask, part)
        for _ in range(5):  # the whole segment was there already at the first button
            mistaken.action("undo")
        np.testing.assert_array_equal(mistaken.region.mask, whole)

    def test_the_wrong_parts_follow_one_another(self, mistaken: Driver) -> None:
        wrong = a_wrong_class(mistaken)
        x, y = pixel(mistaken, wrong, DIGIT_3)
        parts = [segment(mistaken, x, y) & (label(mistaken) == c) for c in (BACKGROUND, DIGIT_3)]
        parts.sort(key=lambda part: -int(part.sum()))
        assert all(part.any() for part in parts)
        mistaken.click(x, y)
        for part in (*parts, parts[0]):
            mistaken.action("segment_wrong")
            np.testing.assert_array_equal(mistaken.region.mask, part)

    def test_the_record_of_an_explanation_says_which_part_it_was(self, mistaken: Driver) -> None:
        set_steps(mistaken, 2)
        wrong = a_wrong_class(mistaken)
        mistaken.click(*pixel(mistaken, wrong, DIGIT_3), ALT | SHIFT)
        mistaken.run()
        assert mistaken.result.request.origin == "erroneous part"
        assert mistaken.result.request.class_index == wrong
        np.testing.assert_array_equal(mistaken.result.request.region, mistaken.region.mask)


def test_on_street_photographs_with_unlabelled_pixels(
    driver: Driver, street_model: Path, street_images: Path
) -> None:
    driver.open(street_model, street_images)
    class_map, true = driver.prediction.class_map, label(driver)
    assert (true == 11).any()
    wrong = (class_map != true) & (true < 11)
    y, x = (int(at) for at in np.argwhere(wrong)[0])
    driver.click(x, y, ALT | SHIFT)
    expected = segment(driver, x, y) & (true == true[y, x])
    np.testing.assert_array_equal(driver.region.mask, expected)
    assert driver.session.class_index == class_map[y, x]
    y, x = (int(at) for at in np.argwhere(true == 11)[0])
    driver.click(x, y, ALT | SHIFT)
    assert "This pixel has no label" in driver.window.status.currentMessage()
