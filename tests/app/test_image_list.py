"""The image list: lazy thumbnails of real files, bounded memory, and a panel to choose from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QListView
from pytestqt.qtbot import QtBot

from app.models.image_list import PATH_ROLE, STATUS_ROLE, ImageListModel
from app.views.image_list import ImageListPanel
from app.workers.thumbnails import ThumbnailLoader
from gridsal_core.datasets.folder import ImageListing

DECORATION = Qt.ItemDataRole.DecorationRole
TOOL_TIP = Qt.ItemDataRole.ToolTipRole


class Source(QObject):
    """Answers a request at once, and remembers it."""

    loaded = Signal(object, object)
    failed = Signal(object, str)

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[Path] = []

    def request(self, path: Path) -> None:
        self.requests.append(path)

    def clear(self) -> None:
        self.requests.clear()

    def answer(self, path: Path, edge: int = 10) -> None:
        image = QImage(edge, edge, QImage.Format.Format_RGB32)
        image.fill(Qt.GlobalColor.red)
        self.loaded.emit(path, image)


@pytest.fixture
def loader(qtbot: QtBot) -> Iterator[ThumbnailLoader]:
    made = ThumbnailLoader(edge=64)
    yield made
    made.shut_down()


@pytest.fixture
def folder(tmp_path: Path) -> list[Path]:
    paths = []
    for number in range(60):
        path = tmp_path / f"scene_{number:03}.png"
        Image.fromarray(np.full((40, 80, 3), number, np.uint8)).save(path)
        paths.append(path)
    return paths


def paths_for(count: int) -> list[Path]:
    return [Path(f"image_{number:05}.png") for number in range(count)]


def shown(qtbot: QtBot, model: ImageListModel) -> ImageListPanel:
    panel = ImageListPanel(model)
    qtbot.addWidget(panel)
    panel.resize(220, 400)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def list_of(panel: ImageListPanel) -> QListView:
    view = panel.findChild(QListView, "images")
    assert isinstance(view, QListView)
    return view


def texts(panel: ImageListPanel) -> list[str]:
    return [label.text() for label in panel.findChildren(QLabel) if label.isVisible()]


class TestModel:
    def test_a_row_has_name_path_and_status(self) -> None:
        model = ImageListModel(Source())
        first, second = paths_for(2)
        model.set_paths([first, second])
        model.set_status(second, "explained")
        assert model.index(0).data() == first.name
        assert model.index(0).data(PATH_ROLE) == first
        assert model.index(0).data(STATUS_ROLE) == ""
        assert model.index(1).data(STATUS_ROLE) == "explained"
        assert model.row_of(second) == 1
        assert model.row_of(Path("elsewhere.png")) is None

    def test_a_thumbnail_is_asked_for_only_when_it_is_looked_at(self, qtbot: QtBot) -> None:
        source = Source()
        model = ImageListModel(source)
        model.set_paths(paths_for(100))
        assert source.requests == []
        assert model.index(7).data(DECORATION) is None
        assert source.requests == [model.paths[7]]

    def test_an_arrived_thumbnail_is_announced_and_kept(self, qtbot: QtBot) -> None:
        source = Source()
        model = ImageListModel(source)
        model.set_paths(paths_for(3))
        with qtbot.waitSignal(model.dataChanged) as signal:
            source.answer(model.paths[1])
        assert signal.args[0].row() == 1
        assert isinstance(model.index(1).data(DECORATION), QPixmap)
        assert source.requests == []

    def test_the_cache_is_bounded_by_bytes_and_drops_what_was_shown_longest_ago(
        self, qtbot: QtBot
    ) -> None:
        source = Source()
        model = ImageListModel(source, cache_bytes=3 * 10 * 10 * 4)
        model.set_paths(paths_for(4))
        for path in model.paths[:3]:
            source.answer(path)
        model.index(0).data(DECORATION)
        source.answer(model.paths[3])
        have = [model.index(row).data(DECORATION) is not None for row in range(4)]
        assert have == [True, False, True, True]

    def test_a_thumbnail_of_the_last_folder_is_dropped(self, qtbot: QtBot) -> None:
        source = Source()
        model = ImageListModel(source)
        old = paths_for(3)
        model.set_paths(old)
        model.set_paths([Path("other.png")])
        with qtbot.assertNotEmitted(model.dataChanged):
            source.answer(old[0])

    def test_an_unreadable_image_says_so_and_is_not_tried_again(self, qtbot: QtBot) -> None:
        source = Source()
        model = ImageListModel(source)
        model.set_paths(paths_for(1))
        source.failed.emit(model.paths[0], "a.png is empty (0 bytes); copy it again.")
        assert model.index(0).data(DECORATION) is None
        assert source.requests == []
        assert model.index(0).data(STATUS_ROLE) == "cannot be read"
        assert model.index(0).data(TOOL_TIP) == "a.png is empty (0 bytes); copy it again."


class TestLoader:
    def test_a_file_becomes_a_small_image(
        self, qtbot: QtBot, loader: ThumbnailLoader, folder: list[Path]
    ) -> None:
        with qtbot.waitSignal(loader.loaded) as signal:
            loader.request(folder[5])
        path, image = signal.args
        assert path == folder[5]
        assert (image.width(), image.height()) == (64, 32)
        assert image.pixelColor(10, 10).red() == 5

    def test_a_damaged_file_is_reported_with_the_reason(
        self, qtbot: QtBot, loader: ThumbnailLoader, tmp_path: Path
    ) -> None:
        (tmp_path / "bad.png").write_bytes(b"no image")
        with qtbot.waitSignal(loader.failed) as signal:
            loader.request(tmp_path / "bad.png")
        assert signal.args[0] == tmp_path / "bad.png"
        assert "bad.png" in signal.args[1]

    def test_what_was_forgotten_does_not_arrive(
        self, qtbot: QtBot, loader: ThumbnailLoader, folder: list[Path]
    ) -> None:
        arrived: list[Path] = []
        loader.loaded.connect(lambda path, image: arrived.append(path))
        for path in folder[:20]:
            loader.request(path)
        loader.clear()
        with qtbot.waitSignal(loader.loaded):
            loader.request(folder[30])
        assert arrived == [folder[30]]

    def test_asking_twice_reads_once(
        self, qtbot: QtBot, loader: ThumbnailLoader, folder: list[Path]
    ) -> None:
        arrived: list[Path] = []
        loader.loaded.connect(lambda path, image: arrived.append(path))
        for _ in range(5):
            loader.request(folder[0])
            loader.request(folder[1])
            loader.request(folder[2])
        qtbot.waitUntil(lambda: len(arrived) >= 3)
        qtbot.wait(50)
        assert sorted(arrived) == folder[:3]


class TestPanel:
    def test_only_visible_rows_are_read(self, qtbot: QtBot) -> None:
        source = Source()
        model = ImageListModel(source)
        panel = shown(qtbot, model)
        model.set_paths(paths_for(5000))
        panel.grab()
        assert 3 <= len(set(source.requests)) <= 12

    def test_twenty_thousand_images_ask_for_no_more_than_a_few(self, qtbot: QtBot) -> None:
        source = Source()
        model = ImageListModel(source)
        panel = shown(qtbot, model)
        listing = ImageListing(Path("/data"), tuple(f"{n}.png" for n in range(20_000)))
        model.set_paths(listing)
        view = list_of(panel)
        for place in (
            0,
            view.verticalScrollBar().maximum() // 2,
            view.verticalScrollBar().maximum(),
        ):
            view.verticalScrollBar().setValue(place)
            panel.grab()
        assert 9 <= len(set(source.requests)) <= 40
        assert source.requests[-1] in listing[-40:]
        assert model.rowCount() == 20_000

    def test_an_image_in_a_sub_folder_is_named_with_it(self) -> None:
        model = ImageListModel(Source())
        model.set_paths(ImageListing(Path("/data"), ("ulm/a.png",)))
        assert model.index(0).data() == "ulm/a.png"
        assert model.index(0).data(PATH_ROLE) == Path("/data/ulm/a.png")

    def test_real_files_appear_with_their_colours(
        self, qtbot: QtBot, loader: ThumbnailLoader, tmp_path: Path
    ) -> None:
        Image.new("RGB", (80, 60), (250, 10, 20)).save(tmp_path / "red.png")
        model = ImageListModel(loader)
        panel = shown(qtbot, model)
        model.set_paths([tmp_path / "red.png"])

        def red_is_seen() -> None:
            picture: QImage = list_of(panel).viewport().grab().toImage()
            assert picture.pixelColor(30, 30) == QColor(250, 10, 20)

        qtbot.waitUntil(red_is_seen)

    def test_the_count_is_in_the_header(self, qtbot: QtBot) -> None:
        model = ImageListModel(Source())
        panel = shown(qtbot, model)
        model.set_paths(paths_for(24))
        assert "24 images" in texts(panel)
        model.set_paths(paths_for(1))
        assert "1 image" in texts(panel)

    def test_an_empty_list_says_what_to_do(self, qtbot: QtBot) -> None:
        model = ImageListModel(Source())
        panel = shown(qtbot, model)
        assert texts(panel) == ["Open an image folder (Ctrl+Shift+O) or drop one here"]
        model.set_paths(paths_for(2))
        assert list_of(panel).isVisible()

    def test_a_click_selects(self, qtbot: QtBot) -> None:
        model = ImageListModel(Source())
        panel = shown(qtbot, model)
        model.set_paths(paths_for(24))
        view = list_of(panel)
        with qtbot.waitSignal(panel.image_selected) as signal:
            place = view.visualRect(model.index(2)).center()
            QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
        assert signal.args == [2]
        assert panel.current_row == 2

    def test_next_and_previous_stop_at_the_ends(self, qtbot: QtBot) -> None:
        model = ImageListModel(Source())
        panel = shown(qtbot, model)
        model.set_paths(paths_for(3))
        selected: list[int] = []
        panel.image_selected.connect(selected.append)
        for _ in range(4):
            panel.select_next()
        for _ in range(4):
            panel.select_previous()
        assert selected == [0, 1, 2, 1, 0]

    def test_selecting_a_far_row_brings_it_into_view(self, qtbot: QtBot) -> None:
        model = ImageListModel(Source())
        panel = shown(qtbot, model)
        model.set_paths(paths_for(500))
        panel.select(400)
        view = list_of(panel)
        assert view.viewport().rect().intersects(view.visualRect(model.index(400)))

    def test_the_arrow_keys_walk_through_the_images(self, qtbot: QtBot) -> None:
        model = ImageListModel(Source())
        panel = shown(qtbot, model)
        model.set_paths(paths_for(5))
        panel.select(0)
        with qtbot.waitSignal(panel.image_selected) as signal:
            QTest.keyClick(list_of(panel), Qt.Key.Key_Down)
        assert signal.args == [1]

    def test_without_images_next_does_nothing(self, qtbot: QtBot) -> None:
        panel = shown(qtbot, ImageListModel(Source()))
        with qtbot.assertNotEmitted(panel.image_selected):
            panel.select_next()
            panel.select_previous()
        assert panel.current_row is None
