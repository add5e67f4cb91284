"""A window that works by itself until it is killed; it tells each change before it makes it."""

from __future__ import annotations

import random
import time
from itertools import count
from pathlib import Path

import numpy as np

from app.models.session import Session
from torture.desk import desk_in
from torture.victims import tell


def work(folder: Path, dice: random.Random) -> None:
    """Paint, run, go on, save, for ever; after each change its number and what there is then."""
    with desk_in(folder) as desk:
        session = desk.driver.session
        tell(ready=True)
        for number in count(1):
            desk.go(dice)
            desk.paint(dice)
            tell_state(session, number)
            if dice.random() < 0.6:
                desk.set_steps(dice.randrange(3, 12))
                desk.press_run()
                desk.wait_for_end()
                tell_state(session, number)
            if dice.random() < 0.3:
                desk.save(folder / "work.gridsal")
                tell(saved=[each.identity for each in session.results.results])


def tell_state(session: Session, number: int) -> None:
    """Tell what the window has now, and when."""
    regions = {
        str(image): [int(np.count_nonzero(region.mask)) for _, _, region in item.edited]
        for (image, _), item in session.items.items()
    }
    results = [each.identity for each in session.results.results]
    tell(number=number, at=time.time(), regions=regions, results=results)
