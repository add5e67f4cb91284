"""The request region: what edits do to it, where it says it comes from, and undo."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.models.region import RegionDocument
from app.tools.base import Combine
from gridsal_core.arrays import BoolArray
from gridsal_core.frames import Box

HEIGHT, WIDTH = 30, 50
SEGMENT = np.zeros((HEIGHT, WIDTH), bool)
SEGMENT[5:15, 10:20] = True
OTHER = np.zeros((HEIGHT, WIDTH), bool)
OTHER[20:25, 30:45] = True

Edit = Callable[[RegionDocument], None]


@pytest.fixture
def document() -> RegionDocument:
    return RegionDocument(HEIGHT, WIDTH)


def pick(document: RegionDocument, mask: BoolArray = SEGMENT) -> None:
    document.replace_with(mask, "predicted segment", "Pick segment")


def paint(document: RegionDocument) -> None:
    document.begin_stroke("add")
    document.stroke((2, 2), (8, 2), 2)
    document.stroke((8, 2), (8, 9), 2)
    document.end_stroke()


def boxes_of(document: RegionDocument) -> list[Box]:
    boxes: list[Box] = []
    document.changed.connect(boxes.append)
    return boxes


class TestEdits:
    def test_it_starts_empty(self, document: RegionDocument) -> None:
        assert document.is_empty
        assert document.mask.shape == (HEIGHT, WIDTH)

    def test_replace_add_and_subtract(self, document: RegionDocument) -> None:
        pick(document)
        document.combine(OTHER, "add", "predicted segment", "Add segment")
        assert np.array_equal(document.mask, SEGMENT | OTHER)
        document.combine(SEGMENT, "subtract", "predicted segment", "Subtract segment")
        assert np.array_equal(document.mask, OTHER)
        document.combine(SEGMENT, "replace", "predicted segment", "Pick segment")
        assert np.array_equal(document.mask, SEGMENT)
        assert document.pixel_count == SEGMENT.sum()

    def test_a_rectangle_replaces_adds_or_subtracts(self, document: RegionDocument) -> None:
        pick(document)
        document.rectangle((0, 0), (3, 2), "add")
        assert document.pixel_count == SEGMENT.sum() + 6
        document.rectangle((0, 0), (50, 30), "subtract")
        assert document.is_empty
        pick(document)
        document.rectangle((0, 0), (3, 2), "replace")
        assert document.pixel_count == 6

    def test_clear_empties(self, document: RegionDocument) -> None:
        pick(document)
        document.clear()
        assert document.is_empty

    def test_the_eraser_takes_away(self, document: RegionDocument) -> None:
        pick(document)
        document.begin_stroke("subtract")
        document.stroke((12, 7), (12, 7), 1)
        document.end_stroke()
        assert not document.mask[7, 12]
        assert document.mask[14, 19]

    def test_the_mask_cannot_be_written_from_outside(self, document: RegionDocument) -> None:
        with pytest.raises(ValueError, match="read-only"):
            document.mask[0, 0] = True

    def test_the_callers_mask_is_not_kept(self, document: RegionDocument) -> None:
        mine = SEGMENT.copy()
        pick(document, mine)
        mine[:] = True
        assert np.array_equal(document.mask, SEGMENT)

    def test_a_mask_of_another_size_is_refused(self, document: RegionDocument) -> None:
        with pytest.raises(ValueError, match="does not fit"):
            pick(document, np.ones((3, 3), bool))

    def test_reset_forgets_everything(self, document: RegionDocument) -> None:
        pick(document)
        boxes = boxes_of(document)
        document.reset(7, 9)
        assert document.mask.shape == (7, 9)
        assert document.is_empty
        assert not document.undo_stack.can_undo
        assert boxes == [Box(0, 0, 7, 9)]


class TestChanges:
    def test_an_edit_names_the_box_it_changed(self, document: RegionDocument) -> None:
        boxes = boxes_of(document)
        pick(document)
        assert boxes == [Box(5, 10, 15, 20)]

    def test_undo_and_redo_name_the_box(self, document: RegionDocument) -> None:
        pick(document)
        boxes = boxes_of(document)
        document.undo_stack.undo()
        document.undo_stack.redo()
        assert boxes == [Box(5, 10, 15, 20)] * 2

    def test_each_piece_of_a_stroke_is_announced_at_once(self, document: RegionDocument) -> None:
        boxes = boxes_of(document)
        document.begin_stroke("add")
        document.stroke((2, 2), (8, 2), 2)
        assert len(boxes) == 1
        assert document.mask[2, 5]

    def test_an_edit_that_changes_nothing_is_no_step(self, document: RegionDocument) -> None:
        pick(document)
        pick(document)
        document.combine(OTHER, "subtract", "painted", "Subtract")
        assert document.undo_stack.count() == 1 + 1  # the origin became "painted"
        document.combine(OTHER, "subtract", "painted", "Subtract")
        assert document.undo_stack.count() == 2


class TestOrigin:
    def test_one_picked_segment_is_a_predicted_segment(self, document: RegionDocument) -> None:
        pick(document)
        assert document.origin == "predicted segment"

    def test_a_first_segment_may_as_well_be_added(self, document: RegionDocument) -> None:
        document.combine(SEGMENT, "add", "predicted segment", "Add segment")
        assert document.origin == "predicted segment"

    @pytest.mark.parametrize(
        "edit",
        [
            paint,
            lambda document: document.rectangle((0, 0), (4, 4), "add"),
            lambda document: document.combine(OTHER, "add", "predicted segment", "Add"),
            lambda document: document.clear(),
        ],
        ids=["stroke", "rectangle", "second segment", "clear"],
    )
    def test_any_other_edit_makes_it_painted_until_undone(
        self, document: RegionDocument, edit: Edit
    ) -> None:
        origins: list[str] = []
        document.changed.connect(lambda: origins.append(document.origin))
        pick(document)
        edit(document)
        document.undo_stack.undo()
        document.undo_stack.redo()
        assert origins[0] == "predicted segment"
        assert origins[-2:] == ["predicted segment", "painted"]


class TestUndo:
    def test_one_stroke_is_one_step(self, document: RegionDocument) -> None:
        paint(document)
        assert document.undo_stack.count() == 1
        document.undo_stack.undo()
        assert document.is_empty

    def test_steps_have_names_for_the_menu(self, document: RegionDocument) -> None:
        pick(document)
        assert document.undo_stack.undo_text == "Pick segment"
        paint(document)
        assert document.undo_stack.undo_text == "Paint"

    def test_a_cancelled_stroke_leaves_nothing(self, document: RegionDocument) -> None:
        pick(document)
        document.begin_stroke("add")
        document.stroke((2, 2), (30, 20), 5)
        document.cancel_stroke()
        assert np.array_equal(document.mask, SEGMENT)
        assert document.undo_stack.count() == 1

    def test_undo_in_mid_stroke_drops_the_stroke(self, document: RegionDocument) -> None:
        pick(document)
        document.begin_stroke("add")
        document.stroke((12, 6), (40, 20), 5)
        document.undo_stack.undo()
        document.stroke((40, 20), (45, 25), 5)
        document.end_stroke()
        assert document.is_empty
        document.undo_stack.redo()
        assert np.array_equal(document.mask, SEGMENT)

    def test_a_hundred_steps_are_kept(self, document: RegionDocument) -> None:
        for step in range(130):
            document.rectangle((0, 0), (1 + step % 40, 1 + step % 7), "replace")
        assert document.undo_stack.count() == 100


points = st.tuples(st.floats(-20, WIDTH + 20), st.floats(-20, HEIGHT + 20))
sides: st.SearchStrategy[Combine] = st.sampled_from(["add", "subtract"])
ways: st.SearchStrategy[Combine] = st.sampled_from(["replace", "add", "subtract"])
masks = st.integers(0, 2**32 - 1).map(
    lambda seed: np.random.default_rng(seed).random((HEIGHT, WIDTH)) < 0.3
)


@st.composite
def edits(draw: st.DrawFn) -> Edit:
    """Draw one edit of any kind."""
    kind = draw(st.sampled_from(["stroke", "rectangle", "mask", "clear", "cancelled stroke"]))
    how, mask = draw(ways), draw(masks)
    side, path = draw(sides), draw(st.lists(points, min_size=2, max_size=4))
    radius = draw(st.floats(0.5, 30))

    def edit(document: RegionDocument) -> None:
        if kind == "rectangle":
            document.rectangle(path[0], path[1], how)
        elif kind == "mask":
            document.combine(mask, how, "predicted segment", "Pick")
        elif kind == "clear":
            document.clear()
        else:
            document.begin_stroke(side)
            for start, end in pairwise(path):
                document.stroke(start, end, radius)
            (document.end_stroke if kind == "stroke" else document.cancel_stroke)()

    return edit


@settings(deadline=None, max_examples=60)
@given(st.lists(edits(), max_size=10))
def test_undo_all_is_empty_and_redo_all_is_the_same(sequence: list[Edit]) -> None:
    document = RegionDocument(HEIGHT, WIDTH)
    shown = np.zeros((HEIGHT, WIDTH), bool)

    def follow(box: Box) -> None:
        shown[box.slices] = document.mask[box.slices]

    document.changed.connect(follow)
    states = []
    for edit in sequence:
        edit(document)
        assert np.array_equal(shown, document.mask)
    final, origin = document.mask.copy(), document.origin

    while document.undo_stack.can_undo:
        states.append(document.mask.copy())
        document.undo_stack.undo()
    assert document.is_empty
    assert document.origin == "painted"
    while document.undo_stack.can_redo:
        document.undo_stack.redo()
        assert np.array_equal(document.mask, states.pop())
    assert np.array_equal(document.mask, final)
    assert np.array_equal(shown, final)
    assert document.origin == origin
