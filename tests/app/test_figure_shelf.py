"""What is laid out for figures in the engine's process: as much as a figure needs, and no more."""

from __future__ import annotations

from unittest.mock import MagicMock

from app.workers.figures import SHELF_PLACES, DrawFigure, Drawn, Key, LayOut, Missing
from gridsal_core.figure.spec import MOST_EXPLANATIONS, FigureSpec
from tests.app.stand_ins import explanation

DESK = MagicMock()  # no network is asked


def test_a_long_day_of_figures_fills_no_more_than_two_of_the_largest() -> None:
    keys = [Key(f"result {number}") for number in range(SHELF_PLACES + 1)]
    for key in keys:
        LayOut(key, explanation("a")).run(DESK)
    first, last = (DrawFigure(FigureSpec(), (key,), within=(90, 90)) for key in (keys[0], keys[-1]))
    assert first.run(DESK) == Missing((keys[0],))
    assert isinstance(last.run(DESK), Drawn)

    sheet = FigureSpec(kind="sheet")
    whole = tuple(keys[-MOST_EXPLANATIONS["sheet"] :])
    assert isinstance(DrawFigure(sheet, whole, within=(90, 90)).run(DESK), Drawn)
