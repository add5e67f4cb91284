"""Repositories on the Hugging Face hub: fetched by their id, then opened as the folder they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gridsal_core.checkpoints import smp, transformers_models
from gridsal_core.checkpoints.card import find_card, read_card
from gridsal_core.checkpoints.source import Opened, Source
from gridsal_core.errors import CheckpointError
from gridsal_core.hub_downloads import fetch_repository, hub_id


def matches(source: Source) -> bool:
    """Whether the source is an id, as `owner/name`, `hf:owner/name` or `transformers:owner/name`.

    What ends like a file is a file that is missing.
    """
    return source.path is None and hub_id(source.text) is not None


def load(source: Source) -> Opened:
    """Fetch what is needed if it is not on this computer yet, and open it.

    Raises
    ------
    CheckpointError
        If it cannot be fetched or opened.
    """
    name = hub_id(source.text) or source.text
    if source.weights is not None:
        raise CheckpointError(
            f"{name} brings its own weights; leave out {source.weights}, or give a network that "
            "is only described."
        )
    folder = fetch_repository(name)
    inside = replace(source, path=folder)
    if source.card is None and (beside := find_card(folder)) is not None:
        inside = replace(inside, card=read_card(beside), card_path=beside)
    opened = (
        transformers_models.load(inside)
        if transformers_models.is_transformers_folder(folder)
        else smp.load(inside)
    )
    # Unless a card named it, it is called after the snapshot's folder, a row of digits.
    named = inside.card is not None and bool(inside.card.name)
    title = opened.card.name if named else name.rpartition("/")[2]
    return replace(
        opened, card=opened.card.model_copy(update={"name": title}), source=Path(source.text)
    )
