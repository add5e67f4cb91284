"""Two windows on one session's file: neither may take from it what the other saved."""

from __future__ import annotations

import random

from app.views.moved_dialog import MovedDialog
from gridsal_core.session.archive import read_session
from tests.driver import Driver
from torture.desk import Desk
from torture.outcome import check


def save_in_turns(desk: Desk, dice: random.Random) -> str:
    """Let a second window open the file, save a result into it, and then the first one save."""
    path = desk.folder / f"shared{dice.randrange(10**9)}.gridsal"
    desk.go(dice)
    desk.paint(dice)
    desk.run()
    desk.save(path)
    first = {each.identity for each in read_session(path).results}
    other = Driver(desk.folder / "other.json", desk.driver.app.engine)
    try:
        other.open(None, None)
        other.app.sessions.open(path)
        desk.wait(lambda: _has(other, first) or _goes_on(desk), "the session in the other window")
        desk.wait(lambda: other.session.prediction is not None, "the other window's prediction")
        noted = next(iter(first))
        other.session.results.describe(noted, note=f"note {dice.random()}", tags=["two"])
        other.action("save_session")
        desk.wait(lambda: not other.app.sessions.is_modified, "the other window's save")
    finally:
        other.close()
    # To open a second window in the first one's process takes its time, which no user has to wait.
    desk.beat.begin()
    theirs = {each.identity: each.note for each in read_session(path).results}
    desk.paint(dice)
    desk.run()
    desk.driver.action("save_session")
    desk.driver.rest(1500)
    said = desk.heard()
    now = {each.identity: each.note for each in read_session(path).results}
    lost = [identity for identity, note in theirs.items() if note and now.get(identity) != note]
    check(not lost, f"what the other window saved was overwritten unasked; {said}")
    return said


def _has(window: Driver, results: set[str]) -> bool:
    return {result.identity for result in window.session.results.results} == results


def _goes_on(desk: Desk) -> bool:
    """Do without a file that an earlier trial took away, if the window asks for one."""
    for dialog in desk.open_dialogs():
        if isinstance(dialog, MovedDialog):
            dialog.without.click()
    return False
