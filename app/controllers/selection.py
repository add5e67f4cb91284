"""Which results an action is about that can be about several."""

from __future__ import annotations

from app.main_window import MainWindow


def selected_results(window: MainWindow) -> tuple[str, ...]:
    """Return the identities of the selected results, if that selection is meant.

    One selected row may be left over from before; it is meant while the list has the focus.
    """
    selected = window.results.selected_identities
    is_meant = len(selected) > 1 or window.results.view.hasFocus()
    return selected if is_meant else ()
