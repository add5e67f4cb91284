"""What makes a request, by itself: copies, undo, parts of segments, label and error layers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.controllers.copy_request import CopyRequestController
from app.controllers.errors import ErrorsController
from app.controllers.history import HistoryController
from app.controllers.label_layer import LabelLayerController
from app.controllers.segments import NOT_PICKED, NOTHING_WRONG, SegmentsController
from app.views.settings_panel import PanelState
from gridsal_core.frames import Box, Frame
from gridsal_core.types import ClassInfo
from tests.app.mocked_window import (
    says,
)
from tests.app.stand_ins import (
    NETWORK,
    OTHER,
    SETTINGS,
    SIZE,
    Room,
    class_map,
    loaded_image,
    look_at,
    rectangle,
)

RENAMED = replace(OTHER, classes=(ClassInfo("sky", (0, 0, 0)), ClassInfo("sea", (0, 0, 9))))


@pytest.fixture
def copies(room: Room) -> CopyRequestController:
    return CopyRequestController(room.window.real, room.session)


class TestCopies:
    def test_a_request_is_pasted_on_another_image_as_one_step(
        self, room: Room, copies: CopyRequestController
    ) -> None:
        room.paint(rectangle())
        room.session.set_class(1)
        copies.copy()
        look_at(room.session, "b.png")
        copies.paste()
        assert np.array_equal(room.mask, rectangle())
        assert room.session.class_index == 1
        room.session.undo_stack.undo()
        assert not room.mask.any()
        assert room.session.item is not None
        assert room.session.item.class_index is None

    def test_the_class_stays_behind_where_a_network_has_other_ones(
        self, room: Room, copies: CopyRequestController
    ) -> None:
        room.paint(rectangle())
        room.session.set_class(0)
        copies.copy()
        room.session.set_network(RENAMED)
        look_at(room.session, "b.png")
        copies.paste()
        assert room.session.item is not None
        assert room.session.item.class_index is None
        assert "this network has other classes" in room.window.told

    def test_a_region_is_scaled_with_the_image_and_that_is_said(
        self, room: Room, copies: CopyRequestController
    ) -> None:
        room.paint(rectangle(slice(2, 4), slice(2, 6)))
        copies.copy()
        height, width = SIZE
        room.session.set_current(Path("large.png"))
        room.session.set_loaded(
            loaded_image("large.png", frame=Frame.whole((2 * height, 2 * width)))
        )
        copies.paste()
        assert int(room.mask.sum()) == 4 * 8
        assert room.window.told.startswith("The region was scaled with the image")

    def test_a_region_outside_of_what_is_worked_on_is_not_pasted(
        self, room: Room, copies: CopyRequestController
    ) -> None:
        room.paint(rectangle(slice(0, 2), slice(0, 2)))
        copies.copy()
        corner = Frame(SIZE, Box(4, 4, 8, 10), (4, 6))
        room.session.set_current(Path("b.png"))
        room.session.set_loaded(loaded_image("b.png", frame=corner))
        copies.paste()
        assert not room.mask.any()
        assert "outside the part of this image" in room.window.told

    def test_the_request_comes_along_to_the_next_image_once_that_is_read(
        self, room: Room, copies: CopyRequestController
    ) -> None:
        room.paint(rectangle())
        room.window.images.select_next.side_effect = lambda: room.session.set_current(Path("b.png"))
        room.window.action("copy_request_next").trigger()
        assert room.session.region is None, "the image is being read"
        room.session.set_loaded(loaded_image("b.png"))
        assert np.array_equal(room.mask, rectangle())

    def test_after_the_last_image_it_stays_where_it_is(
        self, room: Room, copies: CopyRequestController
    ) -> None:
        room.paint(rectangle())
        room.window.action("copy_request_next").trigger()
        assert "last image of the folder" in room.window.told
        look_at(room.session, "b.png")
        assert not room.mask.any(), "whoever goes on by hand takes nothing along"

    def test_what_cannot_be_done_says_why(self, room: Room, copies: CopyRequestController) -> None:
        assert "region" in room.why_not("copy_request")
        assert "copied" in room.why_not("paste_request")
        room.paint(rectangle())
        assert room.why_not("copy_request") == ""
        copies.copy()
        assert room.why_not("paste_request") == ""


class TestHistory:
    @pytest.fixture
    def shown(self) -> list[tuple[Path, int]]:
        """The images that were brought to the front."""
        return []

    @pytest.fixture
    def history(self, room: Room, shown: list[tuple[Path, int]]) -> HistoryController:
        room.window.canvas.is_drawing = False
        room.window.settings.is_following = False
        room.window.settings.state.return_value = PanelState("own", SETTINGS)
        return HistoryController(
            room.window.real, room.session, lambda image, page: shown.append((image, page))
        )

    def set_steps(self, room: Room, steps: int) -> None:
        """Change the settings as the panel would."""
        state = PanelState("own", replace(SETTINGS, steps=steps))
        room.window.settings.state.return_value = state
        says(room.window.settings.changed)

    def test_a_corner_that_was_just_set_is_taken_back_before_any_step(
        self, room: Room, history: HistoryController
    ) -> None:
        room.paint(rectangle())
        room.window.canvas.is_drawing = True
        history.undo()
        room.window.canvas.take_back.assert_called_once()
        assert room.mask.any()

    def test_undo_on_another_image_brings_that_to_the_front(
        self, room: Room, history: HistoryController, shown: list[tuple[Path, int]]
    ) -> None:
        room.paint(rectangle())
        look_at(room.session, "b.png")
        room.window.action("undo").trigger()
        assert shown == [(Path("a.png"), 0)]
        assert room.window.told == "Undone: Paint"

    def test_undo_where_one_is_leaves_the_image_in_front(
        self, room: Room, history: HistoryController, shown: list[tuple[Path, int]]
    ) -> None:
        room.paint(rectangle())
        room.window.action("undo").trigger()
        room.window.action("redo").trigger()
        assert shown == []
        assert np.array_equal(room.mask, rectangle())

    def test_the_menu_names_what_is_undone_and_redone(
        self, room: Room, history: HistoryController
    ) -> None:
        assert "undo" in room.why_not("undo").lower()
        room.paint(rectangle())
        assert room.window.action("undo").text() == "&Undo Paint"
        history.undo()
        assert room.window.action("redo").text() == "&Redo Paint"

    def test_one_field_that_is_being_edited_is_one_step(
        self, room: Room, history: HistoryController
    ) -> None:
        for steps in (6, 7, 8):
            self.set_steps(room, steps)
        assert room.window.action("undo").text() == "&Undo Change steps"
        history.undo()
        assert room.window.settings.restore.call_args.args[0].settings == SETTINGS
        assert not room.session.undo_stack.can_undo

    def test_settings_that_follow_the_network_are_no_step(
        self, room: Room, history: HistoryController
    ) -> None:
        room.window.settings.is_following = True
        self.set_steps(room, 9)
        assert not room.session.undo_stack.can_undo


class TestParts:
    """The image is road with a rider; the labels say that half of the rider is road."""

    @pytest.fixture
    def parts(self, room: Room) -> SegmentsController:
        label = class_map()
        label[:, 5:] = 0
        look_at(room.session, "labelled.png", label)
        return SegmentsController(room.window.real, room.session)

    def test_correct_and_wrong_part_of_a_segment(
        self, room: Room, parts: SegmentsController
    ) -> None:
        parts.pick(4, 3, "replace")
        assert np.array_equal(room.mask, rectangle())
        room.window.action("segment_correct").trigger()
        assert (np.array_equal(room.mask, rectangle(columns=slice(3, 5))), room.origin) == (
            True,
            "correct part",
        )
        room.window.action("segment_wrong").trigger()
        assert (np.array_equal(room.mask, rectangle(columns=slice(5, 7))), room.origin) == (
            True,
            "erroneous part",
        )
        room.window.action("segment_whole").trigger()
        assert np.array_equal(room.mask, rectangle())

    def test_a_part_is_asked_for_what_was_predicted_there(
        self, room: Room, parts: SegmentsController
    ) -> None:
        room.session.set_class(0)
        parts.pick_part(6, 3, "wrong")
        assert room.session.class_index == 1
        assert "follows the prediction again" in room.window.told

    def test_a_correct_pixel_has_no_wrong_part_and_says_so(
        self, room: Room, parts: SegmentsController
    ) -> None:
        parts.pick_part(4, 3, "wrong")
        assert room.window.told.startswith("This pixel is correct")
        assert not room.mask.any()

    def test_a_segment_that_is_right_has_nothing_wrong(
        self, room: Room, parts: SegmentsController
    ) -> None:
        look_at(room.session, "right.png", class_map())
        parts.pick(4, 3, "replace")
        room.window.action("segment_wrong").trigger()
        assert room.window.told == NOTHING_WRONG
        assert np.array_equal(room.mask, rectangle())

    def test_both_parts_are_compared(self, room: Room, parts: SegmentsController) -> None:
        asked: list[tuple[int, int]] = []
        parts.compare_wanted.connect(lambda found, true: asked.append((found.predicted, true)))
        parts.pick(4, 3, "replace")
        room.window.action("compare_parts").trigger()
        assert asked == [(1, 0)]

    def test_a_painted_region_has_no_parts(self, room: Room, parts: SegmentsController) -> None:
        room.paint(rectangle())
        assert room.why_not("segment_correct") == NOT_PICKED

    def test_without_labels_only_the_segment_itself_is_offered(
        self, room: Room, parts: SegmentsController
    ) -> None:
        look_at(room.session, "b.png")
        parts.pick(4, 3, "replace")
        assert room.why_not("segment_whole") == ""
        assert "label map" in room.why_not("segment_wrong")
        assert not parts.pick_confusion(0, 1)


class TestLabelLayer:
    @pytest.fixture
    def layer(self, room: Room) -> LabelLayerController:
        room.window.layers.boxes["labels"].isChecked.return_value = False
        return LabelLayerController(room.window.real, room.session)

    def test_the_box_says_why_there_are_no_labels(
        self, room: Room, layer: LabelLayerController
    ) -> None:
        name, reason = room.window.layers.set_reason.call_args.args
        assert (name, "a.png has no label map" in reason) == ("labels", True)
        look_at(room.session, "b.png", class_map())
        assert room.window.layers.set_reason.call_args.args == ("labels", "")

    def test_labels_are_coloured_only_while_they_are_looked_at(
        self, room: Room, layer: LabelLayerController
    ) -> None:
        label = class_map()
        look_at(room.session, "b.png", label)
        assert room.window.canvas.set_labels.call_args.args == (None, ())
        room.window.layers.boxes["labels"].isChecked.return_value = True
        look_at(room.session, "c.png", label)
        shown, classes = room.window.canvas.set_labels.call_args.args
        assert (shown is label, classes) == (True, NETWORK.classes)


class TestErrorLayer:
    @pytest.fixture
    def layer(self, room: Room) -> ErrorsController:
        room.window.layers.boxes["errors"].isChecked.return_value = True
        return ErrorsController(room.window.real, room.session, room.tasks.real)

    def test_verdicts_and_shares_are_those_of_the_image_in_view(
        self, room: Room, layer: ErrorsController
    ) -> None:
        look_at(room.session, "b.png", class_map())
        room.tasks.finish()
        assert room.window.canvas.set_errors.call_args.args[0] is not None
        shares, mean_iou = room.window.layers.error_legend.set_shares.call_args.args
        assert (shares, mean_iou) == ((1, 0, 0), 1)

    def test_what_was_found_of_an_image_that_was_left_is_not_shown(
        self, room: Room, layer: ErrorsController
    ) -> None:
        look_at(room.session, "b.png", class_map())
        look_at(room.session, "c.png")
        room.tasks.finish()
        assert room.window.canvas.set_errors.call_args.args == (None,)
