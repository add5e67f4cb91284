"""Figures of explanations: what they look like, what is in them, and their files."""

from gridsal_core.figure.drawing import compose
from gridsal_core.figure.exhibit import Exhibit, exhibit, exhibit_of_what_if
from gridsal_core.figure.files import (
    FIGURE_SUFFIXES,
    check_suffix,
    rendered,
    save_drawing,
    save_figure,
)
from gridsal_core.figure.spec import FigureSpec

__all__ = [
    "FIGURE_SUFFIXES",
    "Exhibit",
    "FigureSpec",
    "check_suffix",
    "compose",
    "exhibit",
    "exhibit_of_what_if",
    "rendered",
    "save_drawing",
    "save_figure",
]
