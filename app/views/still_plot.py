"""What the plots have in common: they are looked at, and neither moved, zoomed nor tabbed to."""

from __future__ import annotations

from typing import Final

import pyqtgraph as pg
from PySide6.QtCore import Qt

LEFT_AXIS_WIDTH: Final = 48


def still_plot(name: str, left: str, margins: tuple[int, int, int, int]) -> pg.PlotWidget:
    """Make an empty plot.

    Parameters
    ----------
    name
        For screen readers.
    left
        What the vertical axis shows.
    margins
        Left, top, right and bottom in pixels.
    """
    plot = pg.PlotWidget()
    plot.plotItem.layout.setContentsMargins(*margins)
    plot.setAccessibleName(name)
    plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    plot.setMouseEnabled(x=False, y=False)
    plot.setMenuEnabled(False)
    # It is made all the same, and would outlive the plot as a window of its own.
    menu = plot.plotItem.ctrlMenu
    menu.setParent(plot, menu.windowFlags())
    plot.hideButtons()
    plot.setLabel("left", left)
    for side in ("left", "bottom"):
        plot.getAxis(side).enableAutoSIPrefix(False)
    plot.getAxis("left").setWidth(LEFT_AXIS_WIDTH)
    return plot
