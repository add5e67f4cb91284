"""A disk that is full: a small file system in memory, which only root may mount."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from gridsal_core.session.archive import read_session
from torture.desk import Desk
from torture.outcome import SkippedError, check

SIZE: Final = "16m"
FILL: Final = ".fill"


@contextmanager
def small_disk(place: Path) -> Iterator[Path]:
    """Mount a disk of a few MB; what was there is hidden meanwhile."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or shutil.which("mount") is None:
        raise SkippedError("only root may mount the small disk that is to be full")
    place.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "none", str(place)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        raise SkippedError("here nobody may mount the small disk that is to be full")
    try:
        yield place
    finally:
        subprocess.run([str(shutil.which("umount")), "-l", str(place)], check=True)


def fill(place: Path, but: int) -> None:
    """Fill a disk until only so many bytes are left."""
    free = shutil.disk_usage(place).free
    (place / FILL).write_bytes(bytes(max(0, free - but)))


def window(desk: Desk, dice: random.Random) -> str:
    """Let the disk of the unfinished session be full while work goes on; then there is room again.

    The user's data is on the small disk from the beginning; see `torture.__main__`.
    """
    place = desk.folder / "config"
    if shutil.disk_usage(place).total > 10**8:
        raise SkippedError("only root may mount the small disk that is to be full")
    driver = desk.driver
    fill(place, dice.choice([0, 0, 4096, 20_000, 60_000]))
    desk.go(dice)
    desk.paint(dice)
    desk.run()
    driver.rest(800)
    desk.paint(dice)
    driver.rest(800)
    target = place / "work.gridsal"
    old = target.read_bytes() if target.exists() else None
    desk.save(target, expects=None)
    if target.exists() and target.read_bytes() != old:
        read_session(target)
    driver.app.exports.export(place / "figure.png")
    desk.wait(lambda: not driver.app.is_busy, "the figure or a sentence")
    said = desk.heard()
    left = [each.name for each in place.rglob(".gridsal-*.tmp")]
    check(not left, f"temporary files: {left}")
    (place / FILL).unlink()
    (place / "figure.png").unlink(missing_ok=True)
    desk.go(dice)
    desk.paint(dice)
    return said or "there was room enough"
