"""The queue: many requests, worked through one after the other while the window stays free."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtTest import QTest

from app.models.queue import QueueEntry, RequestQueue
from app.models.queue_table import PROGRESS, TIME_LEFT, QueueTable
from app.models.queued import queued_entry, queued_requests
from app.models.run_request import RunRequest, run_request
from app.models.undo import UndoStack
from app.views.queue_dialog import SegmentsDialog
from gridsal_core.demo import find_demo
from gridsal_core.frames import Box, Frame, ImageView
from gridsal_core.segments import segment_sizes, segments
from gridsal_core.session.document import SessionDocument, document_bytes, parse_document
from gridsal_core.settings import Settings
from gridsal_core.types import ClassInfo, NetworkInfo
from tests.app.doors import shown
from tests.app.stories import (
    SHIFT,
    click_digit,
    dismiss,
    error_text,
    has_dialog,
    label,
    set_steps,
)
from tests.driver import Driver, there

ALT = Qt.KeyboardModifier.AltModifier
NETWORK = NetworkInfo(
    Path("net"), "net", "1" * 64, (ClassInfo("a", (0, 0, 0)), ClassInfo("b", (9, 9, 9))), 1, "cpu",
    {}, (),
)  # fmt: skip


def asked(name: str = "a.png", class_index: int = 0) -> RunRequest:
    region = np.zeros((6, 8), bool)
    region[2:4, 1:4] = True
    view = ImageView(Path(name))
    return run_request(NETWORK, view, region, class_index, "painted", Settings())


class TestModel:
    @pytest.fixture
    def stack(self) -> UndoStack:
        return UndoStack()

    @pytest.fixture
    def queue(self, stack: UndoStack) -> RequestQueue:
        queue = RequestQueue(stack)
        for name in "abcd":
            queue.add([asked(f"{name}.png")], "Add to queue")
        return queue

    def test_a_request_keeps_its_region_packed(self) -> None:
        request = asked()
        assert request.pixels == request.region.sum() == 6
        assert request.byte_count == 6

    @pytest.mark.parametrize(
        ("edit", "after"),
        [
            (lambda queue, e: queue.move([e[3]], 0, "Move"), "dabc"),
            (lambda queue, e: queue.move([e[0], e[1]], 4, "Move"), "cdab"),
            (lambda queue, e: queue.move([e[2], e[0]], 2, "Move"), "bacd"),
            (lambda queue, e: queue.remove([e[1], e[3]], "Remove"), "ac"),
        ],
    )
    def test_an_edit_can_be_undone_and_done_again_and_the_rows_follow(
        self,
        queue: RequestQueue,
        stack: UndoStack,
        edit: Callable[[RequestQueue, list[QueueEntry]], None],
        after: str,
    ) -> None:
        table = QueueTable(queue)
        first = queue.entries[0]
        watched = QPersistentModelIndex(table.index(0, 0))
        edit(queue, list(queue.entries))
        assert rows(table) == after
        assert table.entry(watched.row()) is first, "a selection stays on its request"
        stack.undo()
        assert rows(table) == "abcd"
        stack.redo()
        assert rows(table) == after

    def test_taking_an_addition_back_leaves_what_was_begun(
        self, queue: RequestQueue, stack: UndoStack
    ) -> None:
        step = queue.add([asked("e.png")], "Queue segments")
        step.extend([asked("f.png")])
        queue.update(queue.entries[4], "running")
        stack.undo()
        assert names(queue) == "abcde"
        assert step.is_taken_back
        stack.redo()
        assert names(queue) == "abcdef"

    def test_what_is_under_way_cannot_be_taken_off(
        self, queue: RequestQueue, stack: UndoStack
    ) -> None:
        queue.update(queue.entries[0], "running")
        queue.remove(queue.entries, "Remove")
        assert names(queue) == "a"
        stack.undo()
        assert names(queue) == "abcd"

    def test_what_waits_or_failed_is_there_to_be_saved_and_loaded(
        self, queue: RequestQueue, stack: UndoStack
    ) -> None:
        queue.update(queue.entries[0], "done")
        queue.update(queue.entries[1], "failed", "No memory.")
        queue.update(queue.entries[2], "running")
        left = queue.left
        assert [(asked.view.path.stem, failure) for asked, failure in left] == [
            ("c", ""),
            ("b", "No memory."),
            ("d", ""),
        ]
        other = RequestQueue(stack)
        other.load(left)
        assert names(other) == "cbd"
        assert [entry.status for entry in other.entries] == ["waiting", "failed", "waiting"]

    def test_what_is_loaded_comes_behind_what_is_under_way(self, queue: RequestQueue) -> None:
        queue.update(queue.entries[2], "running")
        queue.load([(asked("x.png"), "")])
        assert names(queue) == "cx"

    @pytest.mark.parametrize("frame", [None, Frame((99, 99), Box(9, 8, 29, 38), (6, 8))])
    def test_a_request_comes_back_from_a_document_as_it_was(self, frame: Frame | None) -> None:
        view = ImageView(Path("/a.tif"), 2, frame, allow_large=True)
        once = replace(asked(), view=view, true_class=1, settings=Settings(lam=3.5))
        document = SessionDocument(queue=(queued_entry(once),))
        read = parse_document(document_bytes(document), "it")
        ((again, failure),) = queued_requests(read.queue)
        assert failure == ""
        np.testing.assert_array_equal(again.bits, once.bits)
        for name in RunRequest.__dataclass_fields__:
            if name != "bits":
                assert getattr(again, name) == getattr(once, name), name


def names(queue: RequestQueue) -> str:
    return "".join(entry.asked.view.path.stem for entry in queue.entries)


def rows(table: QueueTable) -> str:
    return "".join(table.entry(row).asked.view.path.stem for row in range(table.rowCount()))


def entries(driver: Driver) -> list[QueueEntry]:
    return list(driver.app.queue.queue.entries)


def statuses(driver: Driver) -> list[str]:
    return [entry.status for entry in entries(driver)]


def text(driver: Driver, row: int, column: int) -> str:
    return str(driver.window.queue.view.model().index(row, column).data())


def press(driver: Driver, row: int, key: Qt.Key, modifiers: Qt.KeyboardModifier) -> None:
    view = driver.window.queue.view
    view.selectRow(row)
    QTest.keyClick(view, key, modifiers)


def test_the_queue_works_off_while_other_images_are_looked_at(demo: Driver) -> None:
    panel = demo.window.queue
    assert "press Q" in panel.empty_text
    first = there(demo.session.current)
    click_digit(demo)
    region = demo.region.mask.copy()
    set_steps(demo, 40)
    demo.key(Qt.Key.Key_Q)
    set_steps(demo, 8)
    demo.key(Qt.Key.Key_Q)
    assert panel.empty_text == ""
    assert demo.window.status.currentMessage().startswith("Queued: ")
    demo.wait(lambda: entries(demo)[0].step > 2)
    demo.action("next")
    demo.wait(lambda: demo.session.loaded is not None)
    demo.wait(lambda: entries(demo)[0].step > 6 or statuses(demo)[0] == "done")
    assert demo.window.layers.boxes["prediction"].isChecked(), "the screen is left alone"
    if statuses(demo)[0] == "running":
        assert text(demo, 0, PROGRESS).endswith("of 40")
        assert text(demo, 0, TIME_LEFT) != ""
        assert "from the queue" in demo.window.run.text
    demo.wait(lambda: statuses(demo) == ["done", "done"])
    kept = [there(demo.session.results.get(str(entry.result))) for entry in entries(demo)]
    assert [each.settings.steps for each in kept] == [40, 8]
    assert {each.image_path for each in kept} == {first}
    assert panel.summary == "2 done"
    press(demo, 0, Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier)
    demo.wait(lambda: demo.session.current == first and demo.session.result is not None)
    np.testing.assert_array_equal(demo.result.request.region, region)
    demo.action("queue_clear")
    assert entries(demo) == []


def test_what_the_queue_finds_on_the_image_at_work_waits_to_be_asked_for(demo: Driver) -> None:
    click_digit(demo)
    region = demo.region.mask.copy()
    demo.action("queue_add")
    demo.wait(lambda: statuses(demo) == ["done"])
    demo.rest(50)
    assert demo.session.result is None
    assert demo.window.layers.boxes["prediction"].isChecked()
    assert "Double-click" in demo.window.status.currentMessage()
    demo.action("clear")
    demo.window.queue.activated.emit(0)
    demo.wait(lambda: demo.session.result is not None)
    np.testing.assert_array_equal(demo.region.mask, region)
    assert demo.window.action("undo").text() == "&Undo Go back to a result"
    demo.action("undo")
    assert demo.region.is_empty
    set_steps(demo, 4)
    click_digit(demo)
    shown_first = demo.session.result_identity
    demo.action("queue_add")
    demo.wait(lambda: statuses(demo) == ["done", "done"])
    assert demo.session.result_identity == shown_first
    demo.action("next")
    demo.action("previous")
    demo.wait(lambda: demo.session.loaded is not None and demo.session.result is not None)
    assert demo.session.result_identity == entries(demo)[1].result, "the latest, from now on"


def test_keys_and_the_mouse_reorder_and_take_off_and_it_can_be_undone(demo: Driver) -> None:
    demo.action("queue_pause")
    click_digit(demo)
    for steps in (5, 6, 7):
        set_steps(demo, steps)
        demo.action("queue_add")

    def order() -> list[int]:
        return [entry.asked.settings.steps for entry in entries(demo)]

    none = Qt.KeyboardModifier.NoModifier
    assert order() == [5, 6, 7]
    press(demo, 2, Qt.Key.Key_Up, ALT)
    assert order() == [5, 7, 6]
    assert demo.window.queue.view.selected_rows == [1], "the selection goes with its row"
    press(demo, 0, Qt.Key.Key_Down, ALT)
    assert order() == [7, 5, 6]
    press(demo, 0, Qt.Key.Key_Up, ALT)
    assert order() == [7, 5, 6]
    region = demo.region.pixel_count
    press(demo, 1, Qt.Key.Key_Delete, none)
    assert order() == [7, 6]
    assert demo.region.pixel_count == region, "Delete means the list here"
    for expected in ([7, 5, 6], [5, 7, 6], [5, 6, 7]):
        demo.action("undo")
        assert order() == expected
    model = demo.window.queue.view.model()
    dragged = model.mimeData([model.index(2, 0)])
    move = Qt.DropAction.MoveAction
    model.dropMimeData(dragged, move, 0, 0, QModelIndex())
    assert order() == [7, 5, 6]
    demo.action("queue_cancel_all")
    assert order() == []
    demo.action("undo")
    assert order() == [7, 5, 6]
    demo.action("queue_cancel_all")


def test_pause_and_stop_act_on_the_one_that_runs_and_the_next_one_begins(demo: Driver) -> None:
    click_digit(demo)
    for steps in (2000, 3000, 6):
        set_steps(demo, steps)
        demo.action("queue_add")
    demo.wait(lambda: entries(demo)[0].step > 1)
    demo.action("run")
    demo.wait(lambda: statuses(demo)[0] == "paused")
    assert statuses(demo)[1] == "waiting"
    demo.action("run")
    demo.wait(lambda: statuses(demo)[0] == "running")
    demo.action("stop")
    demo.wait(lambda: statuses(demo)[:2] == ["stopped", "running"])
    stopped = there(demo.session.results.get(str(entries(demo)[0].result)))
    assert stopped.is_stopped
    demo.action("queue_pause")
    demo.wait(lambda: entries(demo)[1].step > 0)
    press(demo, 1, Qt.Key.Key_Delete, Qt.KeyboardModifier.NoModifier)
    demo.wait(lambda: statuses(demo) == ["stopped", "stopped", "waiting"])
    demo.rest(100)
    assert statuses(demo)[2] == "waiting"
    assert "queue paused" in demo.window.queue.summary
    demo.action("queue_pause")
    demo.wait(lambda: statuses(demo)[2] == "done")


def test_what_waits_for_another_network_says_so_and_runs_once_that_is_open(demo: Driver) -> None:
    network = demo.network
    demo.action("queue_pause")
    click_digit(demo)
    demo.action("queue_add")
    demo.session.set_network(replace(network, sha256="0" * 64))
    demo.action("queue_pause")
    demo.wait(lambda: text(demo, 0, PROGRESS) == f"waits for {network.name}")
    assert demo.app.runs.run is None
    demo.session.set_network(network)
    demo.wait(lambda: statuses(demo) == ["done"])


def test_an_image_that_is_gone_fails_alone_and_can_be_tried_again(
    demo: Driver, tmp_path: Path
) -> None:
    image = tmp_path / "images" / "a.png"
    image.parent.mkdir()
    image.write_bytes(there(demo.session.current).read_bytes())
    demo.app.files.open_folder(image.parent)
    demo.wait(lambda: demo.session.current == image.resolve() and demo.session.prediction)
    demo.action("queue_pause")
    click_digit(demo)
    demo.action("queue_add")
    demo.app.files.open_folder(find_demo().images)
    demo.wait(lambda: demo.session.current != image.resolve() and demo.session.prediction)
    click_digit(demo)
    demo.action("queue_add")
    hidden = image.rename(tmp_path / "hidden.png")
    demo.action("queue_pause")
    demo.wait(lambda: statuses(demo) == ["failed", "done"])
    assert "cannot be read any more" in text(demo, 0, PROGRESS)
    assert not has_dialog(), "the list says it; nothing is in the way"
    hidden.rename(image)
    demo.action("queue_retry")
    demo.wait(lambda: statuses(demo) == ["done", "done"])


def test_the_engines_end_costs_the_one_that_ran_and_no_other(lone: Driver) -> None:
    found = find_demo()
    lone.open(found.model, found.images)
    click_digit(lone)
    set_steps(lone, 5000)
    lone.action("queue_add")
    set_steps(lone, 5)
    lone.action("queue_add")
    lone.wait(lambda: entries(lone)[0].step > 1)
    lone.app.engine.kill()
    lone.wait(lambda: statuses(lone)[0] == "failed")
    assert "want of memory" in entries(lone)[0].reason
    assert "want of memory" in error_text()
    dismiss()
    lone.wait(lambda: statuses(lone)[1] == "done")


def test_each_segment_of_the_region_is_queued_with_its_own_class(demo: Driver) -> None:
    demo.action("queue_pause")
    class_map = demo.prediction.class_map
    digit = click_digit(demo)
    background = int(np.bincount(class_map.ravel()).argmax())
    y, x = np.argwhere(class_map == background)[0]
    demo.click(int(x), int(y), SHIFT)
    demo.action("queue_segments")
    demo.wait(lambda: bool(entries(demo)))
    queued = [entry.asked for entry in entries(demo)]
    assert {digit, background} <= {each.class_index for each in queued}
    assert {each.origin for each in queued} == {"predicted segment"}
    assert sum(each.pixels for each in queued) == demo.region.pixel_count
    labels = label(demo)
    for each in queued:
        assert each.true_class == np.bincount(labels[each.region]).argmax()
    demo.action("undo")
    assert entries(demo) == []
    demo.action("rectangle")
    demo.drag((2, 2), (6, 6))
    demo.drag((40, 40), (44, 44), modifiers=SHIFT)
    demo.action("queue_segments")
    demo.wait(lambda: len(entries(demo)) == 2)
    assert {entry.asked.origin for entry in entries(demo)} == {"painted"}
    demo.action("queue_cancel_all")


def test_every_segment_of_a_class_on_all_images_joins_the_queue(
    demo: Driver, tmp_path: Path
) -> None:
    names = ("01_biased_digit3_bricks_upper.png", "02_biased_digit3_bricks_upper.png")
    for name in names:
        (tmp_path / name).write_bytes((find_demo().images / name).read_bytes())
    (tmp_path / "broken.png").write_bytes(b"\x89PNG no image")
    demo.app.files.open_folder(tmp_path, select=tmp_path.resolve() / names[0])
    demo.wait(lambda: demo.session.folder == tmp_path.resolve() and demo.session.prediction)
    demo.action("queue_pause")
    digit = click_digit(demo)
    sizes = segment_sizes(demo.prediction.class_map, digit)
    demo.action("queue_class")
    dialog = shown(demo, SegmentsDialog)
    assert dialog.choice.class_index == digit
    dialog.pixels.setValue(1)
    demo.wait(lambda: dialog.found_text.startswith(f"{len(sizes)} segment"))
    dialog.pixels.setValue(sizes[0] + 1)
    demo.wait(lambda: dialog.found_text == "0 segments on this image.")
    assert not dialog.queue_button.isEnabled()
    dialog.pixels.setValue(20)
    dialog.everywhere.setChecked(True)
    demo.push(dialog.queue_button)
    demo.wait(lambda: demo.window.status.currentMessage().startswith("Done: "))
    assert "1 were left out" in demo.window.status.currentMessage()
    queued = [entry.asked for entry in entries(demo)]
    assert {each.view.path.name for each in queued} == set(names)
    assert min(each.pixels for each in queued) >= 20
    here = [each for each in queued if each.view == demo.loaded.view]
    expected = segments(demo.prediction.class_map, digit, 20)
    np.testing.assert_array_equal([each.region for each in here], expected)
    demo.action("undo")
    assert entries(demo) == [], "all that one search found is one step"
    demo.action("redo")
    demo.action("queue_pause")
    demo.wait(lambda: set(statuses(demo)) == {"done"})
    assert demo.app.session.has_result(tmp_path.resolve() / names[1])
