"""A journey to the page Compare: one request, several settings, side by side."""

from __future__ import annotations

import time

from tests.journeys.desk import wait
from tests.journeys.seat import Seat


def test_masks_of_three_sizes_are_compared_side_by_side(seat: Seat) -> None:
    seat.command("mask-size")
    wait(lambda: seat.dialogs, "what is to be compared")
    time.sleep(0.3)
    seat.key("Return")
    wait(lambda: not seat.dialogs, "the dialog's end")
    wait(lambda: min(seat.outlined_columns(3)) > 100, "the request in three panels")
    wait(lambda: seat.reddened > 300, "their maps")
