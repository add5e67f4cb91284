"""Grid saliency: which context a segmentation network needed. No Qt; torch is imported late.

>>> from gridsal_core import load_network, Request, Settings, explain  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from gridsal_core.errors import GridSalError
from gridsal_core.settings import PAPER_STREET, PAPER_TOY, Settings
from gridsal_core.types import ClassInfo, Explanation, Prediction, Request, Scores, Snapshot

if TYPE_CHECKING:
    from gridsal_core.checkpoints import load_network
    from gridsal_core.checks.check import check_explanation
    from gridsal_core.figure import FigureSpec, save_figure
    from gridsal_core.grid_saliency import explain, explain_many, explain_steps
    from gridsal_core.images import read_image
    from gridsal_core.records import save_record
    from gridsal_core.segments import largest_segment, segment_at
    from gridsal_core.whatif import what_if

__version__ = "0.1.0"

__all__ = [
    "PAPER_STREET",
    "PAPER_TOY",
    "ClassInfo",
    "Explanation",
    "FigureSpec",
    "GridSalError",
    "Prediction",
    "Request",
    "Scores",
    "Settings",
    "Snapshot",
    "check_explanation",
    "explain",
    "explain_many",
    "explain_steps",
    "largest_segment",
    "load_network",
    "read_image",
    "save_figure",
    "save_record",
    "segment_at",
    "what_if",
]

_LATE = {
    "check_explanation": "gridsal_core.checks.check",
    "what_if": "gridsal_core.whatif",
    "load_network": "gridsal_core.checkpoints",
    "explain": "gridsal_core.grid_saliency",
    "explain_many": "gridsal_core.grid_saliency",
    "explain_steps": "gridsal_core.grid_saliency",
    "read_image": "gridsal_core.images",
    "FigureSpec": "gridsal_core.figure",
    "save_figure": "gridsal_core.figure",
    "save_record": "gridsal_core.records",
    "segment_at": "gridsal_core.segments",
    "largest_segment": "gridsal_core.segments",
}


def __getattr__(name: str) -> object:
    """Import what needs torch, scipy or pillow only when it is asked for."""
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(_LATE[name]), name)
    return found
