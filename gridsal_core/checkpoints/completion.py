"""A user's card, completed with what a library knows of its own network."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from gridsal_core.checkpoints.card import CARD_NAME, InputCard, ModelCard
from gridsal_core.errors import CheckpointError

_NORMALISATION = frozenset({"range", "mean", "std"})


def complete_input(card: ModelCard, known: dict[str, Any]) -> InputCard:
    """Fill in what is known where the card is silent.

    Parameters
    ----------
    card
        The user's.
    known
        Values of `InputCard`; `channels` is the network's own and cannot be another. Range, mean
        and std are filled in together or not at all: one of them means nothing without the others.

    Raises
    ------
    CheckpointError
        If the card contradicts the network.
    """
    given = {key: getattr(card.input, key) for key in card.input.model_fields_set}
    channels = known["channels"]
    if given.get("channels", channels) != channels:
        raise CheckpointError(
            f"The model card says {given['channels']} input channels and the network has "
            f"{channels}; correct channels under [input] in its {CARD_NAME}."
        )
    if _NORMALISATION & given.keys():
        known = {key: value for key, value in known.items() if key not in _NORMALISATION}
    try:
        return InputCard.model_validate({**known, **given})
    except ValidationError as error:
        raise CheckpointError(
            f"The model card does not fit the network ({error.errors()[0]['msg']}); correct "
            f"[input] in its {CARD_NAME}."
        ) from error
