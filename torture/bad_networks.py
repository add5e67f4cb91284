"""Networks that behave: until they are told not to, in the middle of a run."""

from __future__ import annotations

import random
from typing import Final

from app.controllers.networks import Asked
from torture.desk import Desk
from torture.outcome import check

AT_CALL: Final = 37
LEAST_STEPS: Final = 45
# What a call does once a file called `armed` lies beside the code; `calls` counts since then.
DEEDS: Final = {
    "answers NaN": "x = x * float('nan')",
    "answers NaN from step 37 on": "x = x * float('nan') if calls >= 37 else x",
    "raises at step 37": "if calls >= 37: raise RuntimeError('boom')",
    "raises without a word": "raise ValueError",
    "leaks 4 MB a call": "held.append(torch.ones(2**20))",
    "takes 60 s a step": "time.sleep(60 if calls >= 3 else 0)",
    "takes 5 s a step": "time.sleep(5)",
    "has no host memory": "raise MemoryError",
    "has no host memory, in torch's words": (
        "raise RuntimeError(\"[enforce fail at alloc_cpu.cpp:118] . DefaultCPUAllocator: can't "
        "allocate memory: you tried to allocate 99999999999 bytes. Error code 12 (Cannot allocate "
        'memory)")'
    ),
    "has no CUDA memory": (
        "raise torch.OutOfMemoryError('CUDA out of memory. Tried to allocate 20.00 GiB.')"
    ),
    "is killed by the system": "os.kill(os.getpid(), 9) if calls >= 5 else None",
    "ends its process": "os._exit(3)",
    "answers another size": "x = x[..., :-3]",
}
SLOW: Final = ("takes 60 s a step", "takes 5 s a step")
CODE: Final = """
import os, time
from pathlib import Path
import torch
from torch import nn

HERE = Path(__file__).parent
calls, held = 0, []


class Misbehaving(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.layer = nn.Conv2d(3, 4, 3, padding=1)

    def forward(self, x):
        global calls
        if torch.jit.is_tracing():
            raise RuntimeError("it is not to be traced")
        if (HERE / "armed").exists() and x.requires_grad:
            calls += 1
            {deed}
        return self.layer(x)


def build():
    return Misbehaving()
"""


def play(desk: Desk, dice: random.Random, deed: str) -> str:
    """Open such a network, arm it, and run."""
    folder = desk.folder / f"network{dice.randrange(10**9)}"
    folder.mkdir()
    code = folder / "network.py"
    code.write_text(CODE.format(deed=DEEDS[deed]))
    driver, session = desk.driver, desk.driver.session
    driver.app.networks.open(Asked(source=f"{code}:build", trust_code=True))
    desk.wait(
        lambda: session.network is not None and session.network.path != desk.demo,
        f"the network that {deed}",
    )
    desk.go(dice)
    desk.paint(dice)
    desk.set_steps(LEAST_STEPS)
    (folder / "armed").touch()
    kept = len(session.results.results)
    desk.press_run()
    if deed in SLOW:
        driver.rest(dice.randrange(300, 3000))
        took = driver.push(driver.window.run.stop_button)
        check(driver.app.runs.run is None, "Stop did not free the window")
        check(took < 2, f"Stop took {took:.1f} s")
        driver.rest(500)
        said = driver.window.run.text
        # Whoever does not want to wait for the step's end opens the network anew.
        (folder / "armed").unlink()
        driver.app.engine.kill()
        desk.wait(lambda: not driver.app.is_busy, "the end of the step that was given up")
        return said
    desk.wait_for_end()
    got = len(session.results.results) - kept
    said = desk.heard()
    check(got or said, "neither a result nor a sentence")
    return said or f"a result; {driver.window.run.text}"
