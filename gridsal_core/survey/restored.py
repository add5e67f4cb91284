"""A result of a survey as an explanation again, to be looked at like any other. Imports torch."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from gridsal_core.errors import CheckpointError, ImageError, OutputError
from gridsal_core.images import read_image
from gridsal_core.network import SegmentationNetwork
from gridsal_core.preparing import uninformative_images
from gridsal_core.reduced import blended
from gridsal_core.results import provenance_of
from gridsal_core.survey.examples import frame_of
from gridsal_core.survey.ledger import Ledger
from gridsal_core.survey.work import ORIGINS
from gridsal_core.types import Explanation, Request

NO_CURVES: Final = "It comes from a survey, which keeps no curves of the single steps."


def restored_explanation(
    network: SegmentationNetwork, ledger: Ledger, identity: str, images: Path
) -> Explanation:
    """Make the explanation of an item that is finished.

    The mask, the scores and the residuals are the survey's; the image is read again, and predicted
    again. The curves of the single steps were not kept: they are NaN.

    Parameters
    ----------
    network
        The one of the survey.
    ledger, identity
        The survey, and the item.
    images
        Where its images are now.

    Raises
    ------
    CheckpointError
        If it is another network.
    ImageError, OutputError
        If the image is gone or has another size now, or the item is damaged.
    """
    if network.sha256 != ledger.survey.network_sha256:
        raise CheckpointError(
            f"The survey is of the network {ledger.survey.network}; open that one to see its "
            "explanations."
        )
    summary, maps = ledger.summary(identity), ledger.maps(identity)
    file = images / summary.image
    card = network.card.input
    try:
        frame = frame_of(maps)
    except ValueError as error:
        raise OutputError("A result of the survey is damaged; make it again.") from error
    pixels = read_image(file, card.channels, values=card.values, frame=frame)
    if pixels.shape[:2] != maps.region.shape:
        raise ImageError(
            f"{file.name} has another size than when it was explained; put the old image back."
        )
    request = Request(
        pixels,
        maps.region,
        summary.class_index,
        ORIGINS[summary.kind],
        file,
        0,
        frame,
        card.values,
        summary.true_class,
    )
    steps = summary.steps
    blank = uninformative_images(network, request, maps.settings)[0]
    return Explanation(
        request=request,
        settings=maps.settings,
        classes=network.classes,
        mask=maps.mask,
        saliency=maps.saliency,
        perturbed=blended(request, blank, maps.mask, maps.settings),
        losses=np.full((0 if maps.settings.is_gradient else steps, 3), np.nan, np.float32),
        score_history=np.full(steps, np.nan, np.float32),
        scores=summary.scores,
        residual=summary.residual,
        residual_without_context=summary.residual_without_context,
        prediction=network.predict(pixels),
        init=summary.init,
        stopped=False,
        provenance=provenance_of(network),
        notes=(*summary.notes, NO_CURVES),
    )
