"""The application as its user has it: a process of its own, seen on the screen and by its files."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from gridsal_core.arrays import BoolArray, ByteArray
from tests.journeys.desk import Desk, wait

Box = tuple[int, int, int, int]

SIZE = (1280, 800)
START = "from app.main import main; main()"
# Where things are in a window of this size: the image, and the column at the right (x, y, x, y).
CANVAS: Box = (250, 100, 860, 545)
COLUMN: Box = (890, 100, 1262, 768)
# Over the image, where a session that was lost is offered.
OFFER: Box = (245, 70, 868, 150)
ACCENT = (31, 95, 208)
LEAST_BUTTON, BAR = 24, range(5, 13)
MENU_FILE = (20, 9)


class Seat:
    """One process of the application, and the hand and eye of its user."""

    def __init__(self, desk: Desk, *arguments: str) -> None:
        self.desk = desk
        self.process = subprocess.Popen(
            [sys.executable, "-c", START, *arguments],
            env=desk.environment,
            stdout=subprocess.DEVNULL,
            stderr=(desk.folder / "stderr.txt").open("w"),
        )
        wait(lambda: self._main(), "a window of GridSal")
        self.window = self._main()
        self.fit(*SIZE)

    @property
    def is_running(self) -> bool:
        """Whether the process is there."""
        return self.process.poll() is None

    @property
    def title(self) -> str:
        """The title of the main window."""
        return self.desk.xdo("getwindowname", self.window).strip()

    @property
    def dialogs(self) -> list[str]:
        """The titles of the other windows of GridSal."""
        return [name for each, name in self.desk.windows().items() if each != self.window and name]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the window."""
        shell = self.desk.xdo("getwindowgeometry", "--shell", self.window)
        values = dict(line.split("=") for line in shell.split())
        return int(values["WIDTH"]), int(values["HEIGHT"])

    def fit(self, width: int, height: int) -> None:
        """Give the window a size, as far as it lets itself, and the keys."""
        self.desk.xdo("windowactivate", self.window)
        self.desk.xdo("windowmove", self.window, 0, 0)
        self.desk.xdo("windowsize", self.window, width, height)
        time.sleep(0.3)
        # Asked by way of the mouse: xdotool errs in the place of a window with a frame.
        self.point(0, 0)
        shell = self.desk.xdo("getmouselocation", "--shell").split()
        place = dict(line.split("=") for line in shell)
        self._corner = int(place["X"]), int(place["Y"])

    def key(self, *keys: str) -> None:
        """Press keys one after the other."""
        self.desk.xdo("key", "--delay", 30, *keys)

    def write(self, text: str) -> None:
        """Type a text."""
        self.desk.xdo("type", "--delay", 12, text)

    def point(self, x: int, y: int) -> None:
        """Move the mouse to a place in the window."""
        self.desk.xdo("mousemove", "--window", self.window, x, y)
        time.sleep(0.03)

    def click(self, x: int, y: int) -> None:
        """Click a place in the window."""
        self.point(x, y)
        self.desk.xdo("click", 1)

    def drag(self, *places: tuple[int, int]) -> None:
        """Drag from place to place with the left button."""
        self.point(*places[0])
        self.desk.xdo("mousedown", 1)
        for place in places[1:]:
            self.point(*place)
        self.desk.xdo("mouseup", 1)

    def command(self, text: str) -> None:
        """Run a command by the palette."""
        self.key("ctrl+shift+p")
        wait(lambda: "Command palette" in self.dialogs, "the palette")
        self.write(text)
        time.sleep(0.1)
        self.key("Return")
        wait(lambda: "Command palette" not in self.dialogs, "the palette's end")

    def look(self, x: int, y: int, right: int, bottom: int) -> ByteArray:
        """What is seen of a part of the window, (H, W, 3)."""
        left, top = self._corner
        return self.desk.picture()[top + y : top + bottom, left + x : left + right]

    @property
    def outlined(self) -> int:
        """Pixels of the blue outline around the request."""
        return sum(self.outlined_columns(1))

    def outlined_columns(self, count: int) -> list[int]:
        """The same in each of so many columns, from left to right."""
        red, green, blue = self.look(*CANVAS).astype(int).transpose(2, 0, 1)
        is_blue = (red < 40) & (abs(green - 90) < 25) & (blue > 225)
        return [int(column.sum()) for column in np.array_split(is_blue, count, axis=1)]

    def settled_outline(self) -> int:
        """The same, once it does not change any more: the last pieces of a stroke come late."""
        counts = [self.outlined]
        wait(lambda: self._is_settled(counts), "an outline that stays")
        return counts[-1]

    def _is_settled(self, counts: list[int]) -> bool:
        time.sleep(0.3)
        counts.append(self.outlined)
        return counts[-1] == counts[-2]

    @property
    def reddened(self) -> int:
        """Pixels of the image that the map reddens."""
        red, green, blue = self.look(*CANVAS).astype(int).transpose(2, 0, 1)
        return int((red - np.maximum(green, blue) > 60).sum())

    @property
    def run_button(self) -> tuple[int, int] | None:
        """The middle of the blue button in the column, while it can be pressed."""
        return self._button(COLUMN)

    @property
    def offer_button(self) -> tuple[int, int] | None:
        """The middle of the blue button over the image, while something is offered."""
        return self._button(OFFER)

    @property
    def has_verdict(self) -> bool:
        """Whether the bars of the scores are seen below the button."""
        button = self.run_button
        if button is None:
            return False
        below = button[1] - COLUMN[1] + 40
        return any(
            each.start > below and each.stop - each.start in BAR
            for each in self._accent_rows(COLUMN)
        )

    def press_run(self) -> None:
        """Click the blue button."""
        wait(lambda: self.run_button, "a button that can be pressed")
        self.press(self.run_button)

    def press(self, button: tuple[int, int] | None) -> None:
        """Click a button that is seen."""
        if button is None:
            raise AssertionError("the button is gone")
        self.click(*button)

    def settings(self) -> dict[str, Any]:
        """What was remembered when the window was closed."""
        text = (self.desk.folder / "config" / "settings.json").read_text("utf-8")
        values: dict[str, Any] = json.loads(text)
        return values

    def end(self) -> None:
        """End the process where it is still there."""
        if self.is_running:
            self.process.kill()
        self.process.wait(20)

    def _main(self) -> str:
        found = self.desk.xdo("search", "--onlyvisible", "--pid", self.process.pid).split()
        named = [each for each in found if "GridSal" in self.desk.xdo("getwindowname", each)]
        return named[0] if named else ""

    def _button(self, place: Box) -> tuple[int, int] | None:
        rows = self._accent_rows(place)
        button = next((each for each in rows if each.stop - each.start >= LEAST_BUTTON), None)
        if button is None:
            return None
        middle = (button.start + button.stop) // 2
        columns = np.flatnonzero(self._accent(place)[button.start + 2])
        return place[0] + int(columns.mean()), place[1] + middle

    def _accent(self, place: Box) -> BoolArray:
        seen = self.look(*place).astype(int)
        accent: BoolArray = (abs(seen - np.array(ACCENT)) <= 6).all(2)
        return accent

    def _accent_rows(self, place: Box) -> list[range]:
        """The bands of rows that hold the accent's blue over 20 pixels or more."""
        is_in = np.concatenate([[False], self._accent(place).sum(1) >= 20, [False]])
        edges = np.flatnonzero(is_in[1:] != is_in[:-1]).tolist()
        return [range(start, stop) for start, stop in zip(edges[::2], edges[1::2], strict=True)]


def large_copy(image: Path, folder: Path, side: int = 640) -> Path:
    """Enlarge a picture of the demo into a folder of its own: a run on it takes long."""
    from PIL import Image

    folder.mkdir()
    with Image.open(image) as picture:
        picture.resize((side, side), Image.Resampling.NEAREST).save(folder / "large.png")
    return folder
