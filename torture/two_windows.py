"""Two instances on one session's file: neither may take from it what the other saved."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Final

from gridsal_core.session.archive import read_session
from torture.desk import Desk
from torture.outcome import check

ROOT: Final = Path(__file__).parents[1]


def save_in_turns(desk: Desk, dice: random.Random) -> str:
    """Let another process note a result and save into the file, and then the first one save."""
    path = desk.folder / f"shared{dice.randrange(10**9)}.gridsal"
    desk.go(dice)
    desk.paint(dice)
    desk.run()
    desk.save(path)
    note = f"note {dice.random()}"
    command = [sys.executable, "-m", "torture.second_window", str(path), note]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as other:
        try:
            desk.wait(lambda: other.poll() is not None, "the end of the other instance")
        finally:
            other.kill()
        told = other.communicate()[0]
    check(other.returncode == 0, "the other instance failed")
    noted = json.loads(told.splitlines()[-1])["noted"]
    desk.paint(dice)
    desk.run()
    desk.driver.action("save_session")
    desk.driver.rest(1500)
    said = desk.heard()
    now = {each.identity: each.note for each in read_session(path).results}
    check(now.get(noted) == note, f"what the other instance saved was overwritten unasked; {said}")
    return said
