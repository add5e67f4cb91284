"""The settings of the panel, for whoever is about to use them."""

from __future__ import annotations

from collections.abc import Callable

from app.views.settings_panel import SettingsPanel
from gridsal_core.errors import GridSalError
from gridsal_core.settings import Settings


def committed_settings(panel: SettingsPanel, tell: Callable[[str], None]) -> Settings | None:
    """Return what is set; None if a field refuses its number, or the values do not go together.

    The field says it itself, `tell` the other.
    """
    if not panel.commit():
        return None
    try:
        return panel.settings()
    except GridSalError as error:
        tell(str(error))
        return None
