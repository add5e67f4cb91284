"""Whole journeys with real X events: what a user sees on the screen and finds on the disk."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

from gridsal_core.demo import find_demo
from tests.journeys.desk import Desk, wait
from tests.journeys.drag_source import TITLE
from tests.journeys.seat import CANVAS, MENU_FILE, SIZE, Seat, large_copy

MIDDLE = (556, 320)
DARK, LIGHT = 80, 200


def test_the_demo_is_opened_with_the_mouse(desk: Desk, seats: list[Seat]) -> None:
    seats.append(Seat(desk))
    seat = seats[-1]
    assert seat.title == "GridSal"
    seat.click(*MENU_FILE)
    time.sleep(0.3)
    seat.key("d")
    wait(lambda: seat.title.startswith("01_biased"), "the first image of the demo")
    wait(lambda: seat.outlined > 100, "a segment that is picked by itself")


def test_a_segment_is_picked_run_and_read(seat: Seat) -> None:
    seat.key("s", "Delete")
    wait(lambda: seat.outlined == 0, "an empty region")
    seat.click(*MIDDLE)
    wait(lambda: seat.outlined > 100, "the outline of a segment")
    assert not seat.has_verdict
    seat.press_run()
    wait(lambda: seat.has_verdict, "the scores of the result")
    assert seat.reddened > 300


def test_a_stroke_is_painted_undone_and_done_again(seat: Seat) -> None:
    seat.key("Delete")
    wait(lambda: seat.outlined == 0, "an empty region")
    seat.key("b")
    seat.drag((400, 200), (450, 220), (500, 220), (560, 260))
    wait(lambda: seat.outlined > 100, "a stroke")
    painted = seat.settled_outline()
    seat.key("ctrl+z")
    wait(lambda: seat.outlined == 0, "no stroke after undo")
    seat.key("ctrl+shift+z")
    wait(lambda: abs(seat.outlined - painted) < 10, "the same stroke after redo")
    seat.key("s")


def test_everything_is_done_without_a_mouse(seat: Seat) -> None:
    seat.point(*SIZE)  # out of the way
    was = seat.title
    seat.key("Next")
    wait(lambda: seat.title != was, "the next image")
    wait(lambda: not seat.has_verdict, "an image without a result")
    seat.key("s", "ctrl+Right", "Return")
    wait(lambda: seat.outlined > 50, "a segment picked by the keys")
    seat.key("F5")
    wait(lambda: seat.has_verdict, "the scores of the result")


def test_the_figure_is_exported_through_the_file_dialog(seat: Seat, tmp_path: Path) -> None:
    file = tmp_path / "figure.png"
    seat.key("ctrl+e")
    wait(lambda: seat.dialogs, "a dialog")
    time.sleep(0.3)
    seat.key("ctrl+a")
    seat.write(str(file))
    seat.key("Return")
    wait(file.is_file, "the file of the figure")
    with Image.open(file) as figure:
        assert min(figure.size) > 200
    wait(lambda: not seat.dialogs, "the dialog's end")


def test_another_theme_dresses_the_whole_window(seat: Seat) -> None:
    def brightness() -> float:
        return float(np.median(seat.look(0, 60, SIZE[0], 100)))

    assert brightness() > LIGHT
    seat.command("dark")
    wait(lambda: brightness() < DARK, "dark colours")
    seat.command("light")
    wait(lambda: brightness() > LIGHT, "light colours again")


def test_a_folder_is_dropped_on_the_window(desk: Desk, seat: Seat, tmp_path: Path) -> None:
    folder = tmp_path / "dropped"
    folder.mkdir()
    shutil.copy(sorted(find_demo().images.iterdir())[2], folder / "alone.png")
    source = subprocess.Popen(
        [sys.executable, "-m", "tests.journeys.drag_source", str(folder)],
        env=desk.environment,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait(lambda: TITLE in desk.windows().values(), "the folder to drag")
        window = next(each for each, title in desk.windows().items() if title == TITLE)
        desk.xdo("windowmove", window, 1320, 860)
        time.sleep(0.3)
        desk.xdo("mousemove", "--window", window, 80, 40)
        desk.xdo("mousedown", 1)
        for place in ((60, 30), (20, 10)):
            desk.xdo("mousemove", "--window", window, *place)
            time.sleep(0.1)
        for place in ((900, 600), (700, 400), MIDDLE, MIDDLE):
            seat.point(place[0], place[1])
            time.sleep(0.15)
        desk.xdo("mouseup", 1)
        wait(lambda: seat.title.startswith("alone"), "the image of the folder")
    finally:
        source.kill()
        source.wait(10)
    desk.xdo("windowactivate", seat.window)


def test_a_run_is_stopped_on_the_way(seat: Seat, tmp_path: Path) -> None:
    open_folder(seat, large_copy(sorted(find_demo().images.iterdir())[0], tmp_path / "large"))
    seat.key("b")
    seat.drag((540, 300), MIDDLE, (600, 360))
    wait(lambda: seat.outlined > 100, "a stroke")
    seat.key("s")
    seat.press_run()
    wait(lambda: seat.reddened > 300, "the first steps of the map")
    assert not seat.has_verdict
    seat.key("shift+F5")
    wait(lambda: seat.has_verdict, "the result of the steps so far")


def test_the_window_shrinks_to_its_least_size_and_lives(seat: Seat) -> None:
    seat.fit(200, 200)
    wait(lambda: seat.size[0] < SIZE[0], "a smaller window")
    width, height = seat.size
    assert width >= 400
    assert height >= 300
    seat.fit(*SIZE)
    wait(lambda: seat.size == SIZE, "the size of before")
    seat.key("ctrl+0")
    assert seat.look(*CANVAS).std() > 5


def test_closing_while_it_runs_ends_all_of_it(seat: Seat) -> None:
    seat.key("F5")
    wait(lambda: seat.reddened > 300, "the first steps of the map")
    children = psutil.Process(seat.process.pid).children(recursive=True)
    assert children
    seat.key("alt+F4")
    wait(lambda: seat.dialogs or not seat.is_running, "the end, or the question whether to save")
    if seat.is_running:
        time.sleep(0.2)
        seat.key("Tab", "space")  # from Save to Discard
    wait(lambda: not seat.is_running, "the end of the process", 15)
    assert seat.process.returncode == 0
    wait(lambda: not any(child.is_running() for child in children), "the end of the engine", 15)
    assert seat.settings()["theme"] == "light"


def open_folder(seat: Seat, folder: Path) -> None:
    """Open a folder through its dialog."""
    image = min(folder.iterdir()).name
    seat.key("ctrl+shift+o")
    wait(lambda: seat.dialogs, "a dialog")
    time.sleep(0.3)
    seat.key("ctrl+a")
    seat.write(str(folder))
    seat.key("Return")
    wait(lambda: seat.title.startswith(image), "the first image of the folder")


def test_what_was_explained_survives_a_kill(seat: Seat, seats: list[Seat], desk: Desk) -> None:
    seat.press_run()
    wait(lambda: seat.has_verdict, "the scores of the result")
    sessions = desk.folder / "config" / "data" / "sessions"
    wait(lambda: _kept_results(sessions), "the result on the disk")
    children = psutil.Process(seat.process.pid).children(recursive=True)
    seat.process.kill()
    wait(lambda: not any(child.is_running() for child in children), "the end of the engine")

    again = Seat(desk)
    seats.append(again)
    wait(lambda: again.offer_button, "the offer to restore it")
    assert not again.has_verdict
    again.press(again.offer_button)
    wait(lambda: again.title.startswith("01_biased"), "the image of the session")
    wait(lambda: again.has_verdict, "the result of before")
    assert again.reddened > 300


def _kept_results(sessions: Path) -> bool:
    """Whether an unfinished session lists a result."""
    documents = (json.loads(file.read_text("utf-8")) for file in sessions.glob("*/session.json"))
    return any(document["results"] for document in documents)
