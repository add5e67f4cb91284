"""Where a survey begins or goes on: the same for the command line and the window. Imports torch."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gridsal_core.errors import CheckpointError, ImageError, OutputError
from gridsal_core.survey.data import Data
from gridsal_core.survey.definition import card_text, define
from gridsal_core.survey.kinds import RequestKind
from gridsal_core.survey.ledger import Ledger, is_inside

if TYPE_CHECKING:
    from gridsal_core.network import SegmentationNetwork


def begin_survey(
    network: SegmentationNetwork,
    data: Data,
    folder: Path,
    kinds: tuple[RequestKind, ...],
    given: Mapping[str, Any] | None = None,
    **asked: Any,  # noqa: ANN401 - as of `define`
) -> Ledger:
    """Open the ledger of a survey: a new one, or that of the same survey to go on with.

    Parameters
    ----------
    network, data
        What is asked, about which images. With label maps context counts by its true class.
    folder
        New, empty, or the folder of the same survey.
    kinds, given, asked
        As of `define`.

    Raises
    ------
    RequestError, SettingsError, ImageError, OutputError
        If the parts do not fit each other, no image can be read, or the folder cannot be used.
    """
    if is_inside(folder, data.listing.folder):
        raise OutputError(
            f"The survey cannot be kept in {folder}, among its images, or its figures would be "
            "surveyed; choose a folder outside."
        )
    source = "prediction" if data.labels is None else "labels"
    survey = define(network, kinds, first_size(data), given, source=source, **asked)
    return Ledger.begin(folder, survey, str(data.listing.folder.absolute()), data.labels_place)


def resume_survey(network: SegmentationNetwork, folder: Path) -> tuple[Data, Ledger]:
    """Open a survey that was begun, and its images, to go on with it.

    Raises
    ------
    OutputError
        If there is no survey, or it does not say where its label maps are.
    CheckpointError
        If it is of another network, or of another model card.
    ImageError
        If its images are gone.
    """
    ledger = Ledger.open(folder)
    with ExitStack() as on_failure:
        on_failure.callback(ledger.close)
        survey = ledger.survey
        if (survey.network_sha256, survey.card) != (network.sha256, card_text(network)):
            raise CheckpointError(
                f"The survey is of the network {survey.network}, with its weights and model card "
                "of then; open that one to go on."
            )
        if survey.source == "labels" and ledger.labels is None:
            raise OutputError(
                "The survey does not say where its label maps are; go on with it by gridsal survey."
            )
        labels = ledger.labels if survey.source == "labels" else None
        data = Data(Path(ledger.place), labels)
        on_failure.pop_all()
    return data, ledger


def first_size(data: Data) -> tuple[int, int]:
    """Return (height, width) of the first image that can be read."""
    from gridsal_core.images import image_size

    for name in data.names:
        try:
            return image_size(data.image(name))
        except ImageError:
            continue
    raise ImageError(f"No image in {data.folder} can be read; choose another folder.")
