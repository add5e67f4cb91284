"""kill -9 of the engine, at a random moment of whatever it is doing."""

from __future__ import annotations

import random

from PySide6.QtWidgets import QMessageBox

from app.controllers.networks import Asked
from torture.desk import Desk
from torture.outcome import check


def kill(desk: Desk, dice: random.Random) -> str:
    """Kill the engine while it opens, predicts, runs, checks or draws; then work goes on."""
    driver, session = desk.driver, desk.driver.session
    desk.go(dice)
    desk.paint(dice)
    kept = {each.identity for each in session.results.results}
    mask = driver.region.mask.copy()
    work = dice.choice(["run", "run", "run", "open", "predict", "export", "check"])
    if work == "run":
        desk.set_steps(40)
        desk.press_run()
    elif work == "open":
        driver.app.networks.open(Asked(source=str(desk.demo)))
    elif work == "predict":
        driver.action("next")
    else:
        desk.run()
        kept = {each.identity for each in session.results.results}
        if work == "export":
            driver.app.exports.export(desk.folder / f"figure{dice.randrange(10**9)}.png")
        else:
            driver.action("check_map")
    driver.rest(dice.choice([0, 5, 20, 60, 150, 400, 900]))
    driver.app.engine.kill()
    # The dialog of a check is open already.
    desk.wait(
        lambda: any(isinstance(each, QMessageBox) for each in desk.open_dialogs()),
        "a sentence of the engine that is gone",
    )
    desk.be_ready()
    found = {each.identity for each in session.results.results}
    check(kept <= found, "results were lost")
    if work == "run":
        check((driver.region.mask == mask).all(), "the region is another one")
    desk.paint(dice)
    desk.run()
    return f"during: {work}; {desk.heard()}"
