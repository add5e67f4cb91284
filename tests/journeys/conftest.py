"""One desk and one process for all journeys that leave the window open."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PIL import Image

from tests.journeys.desk import Desk, missing, wait
from tests.journeys.seat import Seat


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A screen with a window manager."""
    if lacking := missing():
        pytest.skip(f"missing: {lacking}; sh tools/system_libraries.sh --tests installs it")
    place = Desk(tmp_path_factory.mktemp("desk"))
    (place.folder / "config").mkdir()
    (place.folder / "config" / "settings.json").write_text('{"theme": "light"}', "utf-8")
    yield place
    place.close()


@pytest.fixture(autouse=True)
def _leaves_nothing() -> None:
    """Several journeys share a window, which is a process of its own; `seats` ends it."""


@pytest.fixture(autouse=True)
def _picture_of_a_failure(request: pytest.FixtureRequest, desk: Desk) -> Iterator[None]:
    """Keep what was on the screen when a journey failed."""
    failed = request.session.testsfailed
    yield
    if request.session.testsfailed > failed:
        file = desk.folder / f"{request.node.name}.png"
        Image.fromarray(desk.picture()).save(file)
        print(f"the screen at the end: {file}; windows: {desk.windows()}")


@pytest.fixture(scope="module")
def seats() -> Iterator[list[Seat]]:
    """The processes that were started, the last of them in use."""
    started: list[Seat] = []
    yield started
    for seat in started:
        seat.end()


@pytest.fixture
def seat(desk: Desk, seats: list[Seat]) -> Seat:
    """The application with the demo open; a new process where the last one is gone."""
    if not seats or not seats[-1].is_running:
        seats.append(Seat(desk, "demo"))
        wait(lambda: "01_biased" in seats[-1].title, "the demo's first image")
        wait(lambda: seats[-1].outlined > 100, "a segment that is picked")
    return seats[-1]
