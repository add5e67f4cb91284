"""The model library: found, fetched with progress, cancelled, gone on with, opened."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.models.library_table import ON_DISK, LibraryTable, size_text
from app.views.library_window import LibraryWindow
from gridsal_core.library import LIBRARY
from tests.app.doors import shown
from tests.app.stories import QUICK_SECONDS, dismiss, error_text, has_dialog
from tests.driver import Driver, there
from tests.engine.saved import save_network
from tests.server import Server, serving

NAME = "smp-hub/segformer-b0-512x512-ade-160k"
OTHER = "smp-hub/upernet-swin-tiny"


class HeldFiles(dict[str, bytes]):
    """Files of a server that sends no weights until the gate is opened."""

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__(files)
        self.gate = threading.Event()

    def __getitem__(self, path: str) -> bytes:
        if path.endswith("model.safetensors"):
            self.gate.wait(30)
        return super().__getitem__(path)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A hub on this computer that knows one network, and an empty cache."""
    with serving() as server:
        server.add_repository(NAME, save_network(tmp_path / "served"))
        monkeypatch.setattr(constants, "ENDPOINT", server.url)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
        monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
        yield server


@pytest.fixture
def library(driver: Driver, hub: Server) -> LibraryWindow:
    driver.open(None, None)
    driver.action("model_library")
    view = shown(driver, LibraryWindow)
    driver.wait(lambda: presence(driver, NAME) != "unknown")
    view.select(NAME)
    return view


def presence(driver: Driver, source: str) -> str:
    return driver.window.findChildren(LibraryTable)[0].presence(source)


def test_the_whole_library_is_listed_with_size_and_licence(library: LibraryWindow) -> None:
    model = library.view.model()
    assert model.rowCount() == len(LIBRARY)
    shown_row = [model.index(0, column).data() for column in range(model.columnCount())]
    first = LIBRARY[0]
    for text in (first.title, first.data, str(first.classes), first.license):
        assert text in shown_row
    assert size_text(first.bytes) in shown_row


def test_the_filter_finds_by_any_column(library: LibraryWindow) -> None:
    QTest.keyClicks(library.filter, "cityscapes")
    assert 0 < library.view.model().rowCount() < len(LIBRARY)
    assert there(library.entry).data == "Cityscapes"
    QTest.keyClicks(library.filter, " of Mars")
    assert library.view.model().rowCount() == 0
    assert not library.open_button.isEnabled()


def test_a_download_is_opened_from_the_disk(
    driver: Driver, library: LibraryWindow, hub: Server
) -> None:
    assert library.fetch_button.text() == "Download"
    assert driver.push(library.fetch_button) < QUICK_SECONDS
    driver.wait(lambda: presence(driver, NAME) == "here")
    row = library.view.currentIndex().row()
    assert library.view.model().index(row, ON_DISK).data() == "yes"
    assert library.open_button.text() == "Open"
    assert not library.fetch_button.isEnabled()
    asked, opening = len(hub.asked), list[str | None]()
    # It can be over before the click is.
    driver.session.busy_changed.connect(lambda: opening.append(driver.session.opening))
    driver.push(library.open_button)
    driver.wait(lambda: NAME in opening)
    assert len(hub.asked) == asked


def test_a_download_that_breaks_off_is_told_and_gone_on_with(
    driver: Driver, library: LibraryWindow, hub: Server
) -> None:
    hub.break_after = 200_000
    driver.push(library.fetch_button)
    driver.wait(lambda: library.message.text() != "" and not driver.app.library.downloads.active)
    assert "again" in library.message.text()
    driver.wait(lambda: presence(driver, NAME) == "part")
    assert library.fetch_button.text() == "Continue download"
    hub.break_after = None
    driver.push(library.fetch_button)
    driver.wait(lambda: presence(driver, NAME) == "here")
    assert any(asked.range == "bytes=200000-" for asked in hub.asked)


def test_downloads_survive_the_library_window_and_can_be_cancelled_from_the_status_line(
    driver: Driver, library: LibraryWindow, hub: Server
) -> None:
    held = hub.files = HeldFiles(hub.files)
    driver.push(library.fetch_button)
    library.select(OTHER)
    driver.push(library.fetch_button)
    QTest.keyClick(library, Qt.Key.Key_Escape)
    assert not library.isVisible()
    status = driver.window.status
    assert status.cancel_button.isVisible()
    assert "and 1 more" in status.download_text
    driver.push(status.cancel_button)
    held.gate.set()
    driver.wait(lambda: not driver.app.library.downloads.active)
    assert not status.cancel_button.isVisible()
    assert presence(driver, NAME) != "here"
    # The other one is not on this hub, and says so though its window is closed.
    driver.wait(has_dialog)
    assert OTHER in error_text()
    dismiss()


def test_a_name_that_is_not_here_is_fetched_before_it_is_opened(
    driver: Driver, hub: Server
) -> None:
    driver.open(None, None)
    opening = list[str | None]()
    driver.session.busy_changed.connect(lambda: opening.append(driver.session.opening))
    driver.app.networks.open_model(NAME)
    assert driver.session.opening is None
    driver.wait(lambda: NAME in opening)


def test_closing_the_window_ends_a_download_at_once(
    driver: Driver, library: LibraryWindow, hub: Server
) -> None:
    held = hub.files = HeldFiles(hub.files)
    driver.push(library.fetch_button)
    driver.wait(lambda: "model.safetensors" in hub.names_asked())
    began = time.monotonic()
    driver.close()
    assert time.monotonic() - began < QUICK_SECONDS
    held.gate.set()
