"""A request is taken to other images, scaled where they are of another size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image
from PySide6.QtCore import Qt

from tests.app.stories import click_digit
from tests.driver import Driver, there

KEYS = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier


def test_a_request_is_copied_and_pasted_with_its_class_as_one_step(demo: Driver) -> None:
    demo.wait(lambda: not demo.window.action("copy_request").isEnabled())
    assert "copy one first" in demo.window.action("paste_request").toolTip()
    click_digit(demo)
    demo.session.set_class(1)
    mask = demo.region.mask.copy()
    demo.key(Qt.Key.Key_C, KEYS)
    demo.action("clear")
    demo.session.set_class(None)
    demo.key(Qt.Key.Key_V, KEYS)
    np.testing.assert_array_equal(demo.region.mask, mask)
    assert str(demo.region.origin) == "predicted segment", "it is where it was"
    demo.action("next")
    demo.wait(lambda: demo.session.prediction is not None)
    demo.key(Qt.Key.Key_V, KEYS)
    np.testing.assert_array_equal(demo.region.mask, mask)
    assert str(demo.region.origin) == "painted", "here it is no segment of the prediction"
    assert demo.session.class_index == 1
    assert demo.window.action("undo").text() == "&Undo Paste request"
    demo.action("undo")
    assert demo.region.is_empty
    assert there(demo.session.item).class_index is None


def test_it_is_taken_along_to_the_next_image_and_not_beyond_the_last(demo: Driver) -> None:
    click_digit(demo)
    mask = demo.region.mask.copy()
    demo.key(Qt.Key.Key_N, KEYS)
    demo.wait(lambda: demo.session.loaded is not None and not demo.region.is_empty)
    np.testing.assert_array_equal(demo.region.mask, mask)
    demo.window.images.select(len(demo.session.images) - 1)
    demo.wait(lambda: demo.session.loaded is not None and demo.session.prediction is not None)
    assert demo.region.is_empty, "it was taken along once"
    click_digit(demo)
    demo.action("copy_request_next")
    assert "last image" in demo.window.status.currentMessage()


def test_it_is_scaled_with_an_image_of_another_size_and_that_is_said(
    demo: Driver, tmp_path: Path
) -> None:
    demo.action("rectangle")
    demo.drag((8, 16), (15, 47))
    demo.action("copy_request")
    Image.fromarray(np.full((128, 96), 90, np.uint8)).save(tmp_path / "other.png")
    demo.app.files.open_folder(tmp_path)
    demo.wait(lambda: demo.session.folder == tmp_path.resolve() and demo.session.loaded is not None)
    demo.action("paste_request")
    expected = np.zeros((128, 96), bool)
    expected[32:96, 12:24] = True
    np.testing.assert_array_equal(demo.region.mask, expected)
    assert "from 64 × 64 to 96 × 128 pixels" in demo.window.status.currentMessage()
