"""A desk with a screen of its own: Xvfb, a window manager, and a hand made of real X events."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import ImageGrab

from gridsal_core.arrays import ByteArray

NEEDED = ("Xvfb", "openbox", "xdotool")
PATIENCE_SECONDS = 90.0
SCREEN = (1600, 1000)


def missing() -> str:
    """The programs that a desk needs and this system lacks."""
    return ", ".join(name for name in NEEDED if shutil.which(name) is None)


def found(name: str) -> str:
    """Where a program is."""
    return shutil.which(name) or name


class Desk:
    """A screen that nobody looks at.

    Parameters
    ----------
    folder
        Stands in for the home folder and that of the settings: nothing of the user's is touched.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        read, write = os.pipe()
        width, height = SCREEN
        self._server = subprocess.Popen(
            [found("Xvfb"), "-displayfd", str(write), "-screen", "0", f"{width}x{height}x24"],
            pass_fds=(write,),
            stderr=subprocess.DEVNULL,
        )
        os.close(write)
        with os.fdopen(read) as answer:
            self.display = ":" + answer.readline().strip()
        self.environment = os.environ | {
            "DISPLAY": self.display,
            "HOME": str(folder),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "XDG_DATA_HOME": str(folder / "data"),
            "XDG_STATE_HOME": str(folder / "state"),
            "GRIDSAL_CONFIG": str(folder / "config"),
            "QT_QPA_PLATFORM": "xcb",
            "QT_SCALE_FACTOR": "1",
        }
        self.environment.pop("WAYLAND_DISPLAY", None)
        self._manager = subprocess.Popen(
            [found("openbox")],
            env=self.environment,
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )

    def close(self) -> None:
        """Put window manager and screen away."""
        for process in (self._manager, self._server):
            process.terminate()
            process.wait(10)

    def xdo(self, *words: object) -> str:
        """Let the hand do something; returns what xdotool prints."""
        done = subprocess.run(
            [found("xdotool"), *map(str, words)],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        return done.stdout

    def picture(self) -> ByteArray:
        """What the screen shows, (H, W, 3)."""
        return np.asarray(ImageGrab.grab(xdisplay=self.display).convert("RGB"))

    def windows(self) -> dict[str, str]:
        """The titles of the windows that can be seen, by their ids."""
        ids = self.xdo("search", "--onlyvisible", "--name", ".").split()
        return {each: self.xdo("getwindowname", each).strip() for each in ids}


def wait(done: Callable[[], object], what: str, seconds: float = PATIENCE_SECONDS) -> None:
    """Look again and again until something is so."""
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            raise TimeoutError(f"it did not come about in time: {what}")
        time.sleep(0.05)
