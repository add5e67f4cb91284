"""The request that is on the screen."""

from __future__ import annotations

from app.models.run_request import RunRequest, run_request
from app.models.session import Session
from gridsal_core.arrays import BoolArray
from gridsal_core.comparison import true_class
from gridsal_core.settings import Settings


def current_request(session: Session, settings: Settings) -> RunRequest | str:
    """Return the request that is on the screen, or what is missing before it can be run.

    Raises
    ------
    SettingsError
        If the settings do not fit the image.
    """
    reason = session.why_not_runnable(settings)
    loaded, region, network = session.loaded, session.region, session.network
    class_index = session.class_index
    if reason or loaded is None or region is None or network is None or class_index is None:
        return reason
    return run_request(
        network,
        loaded.view,
        region.mask,
        class_index,
        region.origin,
        settings,
        true=known_true_class(session, region.mask),
    )


def known_true_class(session: Session, region: BoolArray) -> int | None:
    """Return what a region of the current image truly is, where its label map is known."""
    loaded = session.loaded
    if loaded is None or loaded.label is None or session.network is None:
        return None
    return true_class(loaded.label, region, len(session.network.classes))
