"""Which results an action is about that can be about several."""

from __future__ import annotations

from app.main_window import MainWindow


def selected_results(window: MainWindow) -> tuple[str, ...]:
    """Return the identities of the results that are meant, if it is not just the one shown.

    On the page Compare they are those that are compared. Otherwise they are the selected rows of
    the list; a single row may be left over from before, and is meant while the list has the focus.
    """
    compare = window.compare
    if window.workspace.currentWidget() is compare:
        compared = (panel.picker.currentData() for panel in compare.shown)
        return tuple(identity for identity in compared if identity)
    selected = window.results.selected_identities
    is_meant = len(selected) > 1 or window.results.view.hasFocus()
    return selected if is_meant else ()
