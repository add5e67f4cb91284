"""How torch's threads wait for each other. Has to be settled before torch is imported."""

from __future__ import annotations

import os


def sleep_while_idle() -> None:
    """Let OpenMP's idle threads sleep instead of spin, unless the user has set it otherwise.

    Spinning threads take the cores from the window and from every other program, and where cores
    are few they take them from each other: with one other busy program on two cores a run was up
    to ten times slower. The price, on an idle machine, is paid by tiny networks only.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
