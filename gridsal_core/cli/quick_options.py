"""The options that make an explanation quicker, each with what it costs."""

from __future__ import annotations

from typing import Annotated, Final

import typer

_SPEED: Final = "Speed"

PresetOption = Annotated[
    str | None,
    typer.Option(
        metavar="paper|fast",
        help="paper is the reference. fast takes 36 subgradient steps of Polyak's length from "
        "0.5, half the time, and mostly ends as well. Other options change single settings of "
        "it.",
        rich_help_panel=_SPEED,
    ),
]
OptimizerOption = Annotated[
    str | None,
    typer.Option(
        metavar="sgd|adam|polyak",
        help="What moves the mask; adam and polyak need learning rates of their own, about 0.4 "
        "and 0.25. Default: sgd, the paper's.",
        rich_help_panel=_SPEED,
    ),
]
PrecisionOption = Annotated[
    str | None,
    typer.Option(
        metavar="float32|bfloat16",
        help="bfloat16 is quicker on processors and cards that compute in it, slower elsewhere; "
        "cells of the mask move by a few hundredths. Default: float32.",
        rich_help_panel=_SPEED,
    ),
]
ExecutionOption = Annotated[
    str | None,
    typer.Option(
        metavar="eager|compile|cuda-graphs",
        help="compile takes up to minutes before the first step, and a C++ compiler; cuda-graphs "
        "needs a CUDA device, and memory for one more step. Default: eager.",
        rich_help_panel=_SPEED,
    ),
]
