"""A clock that is set while the window is open, and files whose times lie.

The window's own clock is replaced, and not the machine's: the one that it reads in
`gridsal_core.session.kept`, and the times of the files that it goes by. Durations come from another
clock, which nobody can set.
"""

from __future__ import annotations

import os
import random
import time
from datetime import datetime, timedelta, tzinfo
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from torture.desk import Desk
from torture.outcome import check

DAYS: Final = (-1 / 24, 1 / 24, -1, 400, -3650, 3650)


class SetClock(datetime):
    """A clock that is off by `by`."""

    by: timedelta = timedelta()

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> SetClock:
        """The time that it shows."""
        now = datetime.now(tz) + cls.by
        return cls.fromtimestamp(now.timestamp(), tz)


def jump(desk: Desk, dice: random.Random) -> str:
    """Set the clock before and during work, age the files, and save."""
    driver, results = desk.driver, desk.driver.session.results
    kept: Any = import_module("gridsal_core.session.kept")
    real = kept.datetime
    kept.datetime = SetClock
    days = dice.choice(DAYS)
    try:
        _set(desk, days)
        desk.go(dice)
        desk.paint(dice)
        desk.set_steps(30)
        desk.press_run()
        driver.rest(dice.randrange(50, 400))
        _set(desk, dice.choice(DAYS))
        desk.wait_for_end()
        check(driver.session.result is not None, f"no result: {desk.heard()}")
        newest = results.results[-1].created.timestamp() - time.time()
        check(abs(newest) > 1800, "the clock did not jump")
        desk.save(desk.folder / f"clock{dice.randrange(10**9)}.gridsal")
        desk.run()
    finally:
        kept.datetime = real
    order = [each.identity for each in results.results]
    check(len(set(order)) == len(order), "a result is twice there")
    return f"{days:+.0f} days; {desk.heard()}"


def _set(desk: Desk, days: float) -> None:
    SetClock.by = timedelta(days=days)
    shown = time.time() + SetClock.by.total_seconds()
    for place in (desk.images, desk.unfinished, *desk.images.iterdir(), *_files(desk.unfinished)):
        os.utime(place, (shown, shown))


def _files(folder: Path) -> list[Path]:
    return [each for each in folder.rglob("*") if each.is_file() and each.name != "lock"]
