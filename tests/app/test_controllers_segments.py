"""Many segments queued in one action, by itself: those of a region, or of a class in a folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from unittest.mock import MagicMock

import numpy as np
import pytest

from app.controllers.queue_segments import QueueSegmentsController
from app.models.run_request import RunRequest
from app.views.queue_dialog import SegmentChoice
from app.workers import messages as m
from app.workers.segment_jobs import MOST_SEGMENTS, FoundSegments
from gridsal_core.frames import Frame, ImageView
from gridsal_core.types import ClassInfo, Prediction
from tests.app.mocked_window import (
    MockedView,
    mocked_dialog,
    says,
)
from tests.app.stand_ins import (
    NETWORK,
    OTHER,
    SIZE,
    Room,
    loaded_image,
    rectangle,
)

RENAMED = replace(OTHER, classes=(ClassInfo("sky", (0, 0, 0)), ClassInfo("sea", (0, 0, 9))))


class TestManySegments:
    @pytest.fixture
    def queue(self) -> MagicMock:
        queue = MagicMock()
        queue.add.return_value.is_taken_back = False
        return queue

    @pytest.fixture
    def many(self, room: Room, queue: MagicMock) -> QueueSegmentsController:
        room.session.set_images(Path("street"), (Path("a.png"), Path("b.png")))
        return QueueSegmentsController(
            room.window.real,
            room.session,
            queue,
            room.engine.real,
            room.tasks.real,
            lambda path: lambda: ImageView(path),
        )

    def queued(self, queue: MagicMock) -> list[RunRequest]:
        return [each for call in queue.add.call_args_list for each in call.args[0]]

    @pytest.fixture
    def dialog(self, monkeypatch: pytest.MonkeyPatch) -> MockedView:
        return mocked_dialog(monkeypatch, "queue_segments.SegmentsDialog")

    @pytest.fixture
    def search(self, many: QueueSegmentsController, dialog: MockedView) -> QueueSegmentsController:
        """All riders of the folder were asked for in the dialog."""
        choice = dialog.choice = SegmentChoice(1, 1, is_folder=True)
        many.ask_class()
        says(dialog.queue_clicked, choice)
        return many

    def found(self, room: Room, left_out: int = 0) -> FoundSegments:
        return FoundSegments(NETWORK.sha256, SIZE, (np.packbits(rectangle()),), left_out)

    def test_each_segment_of_the_region_is_a_request(
        self, room: Room, queue: MagicMock, many: QueueSegmentsController
    ) -> None:
        room.paint(np.ones(SIZE, bool))
        many.add_segments()
        room.tasks.finish()
        assert [(each.class_index, each.origin) for each in self.queued(queue)] == [
            (0, "predicted segment"),
            (1, "predicted segment"),
        ]
        assert room.window.told == "Queued: 2 segments of the region."

    def test_each_part_of_what_was_painted_is_a_request(
        self, room: Room, queue: MagicMock, many: QueueSegmentsController
    ) -> None:
        room.paint(rectangle(slice(0, 1), slice(0, 2)) | rectangle(slice(6, 8), slice(8, 10)))
        many.add_segments()
        room.tasks.finish()
        assert sorted((each.pixels, each.origin) for each in self.queued(queue)) == [
            (2, "painted"),
            (4, "painted"),
        ]

    def test_a_region_of_specks_is_not_queued(
        self, room: Room, queue: MagicMock, many: QueueSegmentsController
    ) -> None:
        size = (2, 2 * MOST_SEGMENTS + 2)
        specks = np.zeros(size, bool)
        specks[0, ::2] = True
        room.session.set_current(Path("wide.png"))
        wide = loaded_image("wide.png", frame=Frame.whole(size))
        room.session.set_loaded(wide)
        road = Prediction(np.zeros(size, np.uint8), np.ones(size, np.float32))
        room.session.add_prediction(NETWORK.predictor, wide.view, road)
        room.paint(specks)
        many.add_segments()
        room.tasks.finish()
        queue.add.assert_not_called()
        assert f"at most {MOST_SEGMENTS} at once" in room.window.told

    def test_the_dialog_counts_the_segments_of_this_image(
        self, room: Room, many: QueueSegmentsController, dialog: MockedView
    ) -> None:
        dialog.choice = SegmentChoice(1, 12, is_folder=False)
        many.ask_class()
        room.tasks.finish()
        assert dialog.set_found.call_args.args == ("1 segment on this image.",)
        assert dialog.set_found.call_args.kwargs == {"can_queue": True}
        dialog.choice = SegmentChoice(1, 13, is_folder=False)
        says(dialog.changed)
        assert dialog.set_found.call_args.kwargs == {"can_queue": False}

    def test_the_folder_is_searched_image_by_image(
        self, room: Room, queue: MagicMock, search: QueueSegmentsController
    ) -> None:
        for name in ("a.png", "b.png"):
            room.tasks.finish()
            (job,) = room.engine.jobs
            assert job.view.path == Path(name)
            room.engine.answer(self.found(room))
        queue.add.assert_called_once()
        assert len(queue.add.return_value.extend.call_args.args[0]) == 1, "one step to undo"
        assert room.window.told == "Done: 2 segments on 2 images."

    def test_an_image_that_cannot_be_searched_is_left_out_and_told(
        self, room: Room, queue: MagicMock, search: QueueSegmentsController
    ) -> None:
        room.tasks.finish()
        room.engine.refuse("a.png is damaged.")
        room.tasks.finish()
        room.engine.answer(self.found(room, left_out=3))
        assert room.window.told == (
            "Done: 1 segment on 2 images. 2 were left out, first: a.png is damaged."
        )

    def test_cancel_keeps_what_was_found(
        self, room: Room, queue: MagicMock, search: QueueSegmentsController
    ) -> None:
        room.tasks.finish()
        room.engine.answer(self.found(room))
        room.window.action("queue_cancel_all").trigger()
        room.tasks.finish()
        assert len(self.queued(queue)) == 1
        assert len(room.engine.of(m.RunJob)) == 1, "no further image is asked about"
        assert room.window.told.startswith("The search was stopped: 1 segment")

    def test_undoing_the_requests_ends_the_search(
        self, room: Room, queue: MagicMock, search: QueueSegmentsController
    ) -> None:
        room.tasks.finish()
        queue.add.return_value.is_taken_back = True
        room.engine.answer(self.found(room))
        assert room.window.told.startswith("The search was stopped")

    def test_another_network_ends_the_search(
        self, room: Room, queue: MagicMock, search: QueueSegmentsController
    ) -> None:
        room.tasks.finish()
        room.session.set_network(OTHER)
        assert room.window.told.startswith("The search ended with its network")
        room.engine.answer(self.found(room))
        queue.add.assert_not_called()
