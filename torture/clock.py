"""A clock that is set while the window is open; libfaketime lies to the whole process."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path
from typing import Final

from torture.desk import Desk
from torture.outcome import SkippedError, check

OFFSET_FILE: Final = "TORTURE_CLOCK"
JUMPS: Final = ("-1h", "+1h", "-10y", "+10y", "-1d", "+400d")
LIBRARIES: Final = (
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/faketime/libfaketimeMT.so.1",
)


def environment(folder: Path) -> dict[str, str]:
    """What a process needs whose clock is to be set; nothing where libfaketime is not installed."""
    library = next((each for each in LIBRARIES if Path(each).exists()), None)
    if library is None:
        return {}
    file = folder / "clock"
    file.write_text("+0\n")
    return {
        "LD_PRELOAD": library,
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_NO_CACHE": "1",
        # Of a machine whose clock is set, this one goes on.
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        OFFSET_FILE: str(file),
    }


def jump(desk: Desk, dice: random.Random) -> str:
    """Set the clock before and during work, and save."""
    file = os.environ.get(OFFSET_FILE)
    if file is None:
        raise SkippedError("libfaketime is not installed (Debian: apt-get install libfaketime)")
    before, by = time.time(), dice.choice(JUMPS)
    Path(file).write_text(f"{by}\n")
    check(abs(time.time() - before) > 1800, "the clock did not jump")
    desk.go(dice)
    desk.paint(dice)
    desk.set_steps(30)
    desk.press_run()
    desk.driver.rest(dice.randrange(50, 400))
    Path(file).write_text(f"{dice.choice(JUMPS)}\n")
    desk.wait_for_end()
    said = desk.heard()
    check(desk.driver.session.result is not None, f"no result: {said}")
    desk.save(desk.folder / f"clock{dice.randrange(10**9)}.gridsal")
    Path(file).write_text("+0\n")
    return f"{by}; {said}"
