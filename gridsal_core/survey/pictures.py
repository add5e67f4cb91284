"""An image of a survey and its label map, read at the working scale."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gridsal_core.arrays import FloatArray, IndexArray
from gridsal_core.checkpoints.card import InputCard
from gridsal_core.datasets.labels import read_label
from gridsal_core.errors import GridSalError
from gridsal_core.frames import Frame
from gridsal_core.images import image_info, read_image
from gridsal_core.survey.data import Data, fingerprint, stamp
from gridsal_core.survey.definition import Survey
from gridsal_core.survey.ledger import storable
from gridsal_core.working_scale import choose_frame


@dataclass(frozen=True, eq=False)
class Picture:
    """An image that is ready to be worked on, or the reason why it cannot be.

    Parameters
    ----------
    name
        Relative to the data's folder; its name in the ledger.
    file
        Where it is.
    stamp, content
        As of `data.stamp` and `data.fingerprint`.
    pixels
        (H, W, C) float32 in [0, 1] at the working scale.
    label
        (H, W) true classes, if the survey has label maps.
    frame
        The working scale; None is the whole image as it is.
    note
        Why it cannot be used; the arrays are None then.
    """

    name: str
    file: Path
    stamp: str
    content: str = ""
    pixels: FloatArray | None = None
    label: IndexArray | None = None
    frame: Frame | None = None
    note: str = ""


def read_picture(survey: Survey, inputs: InputCard, data: Data, name: str) -> Picture:
    """Read an image and its label map at the working scale, or say why that is not possible.

    Parameters
    ----------
    survey, data, name
        What is asked, of which images, and which of them.
    inputs
        What the network takes.
    """
    file, shown = data.image(name), storable(name)
    now = ""
    try:
        place = data.label(name, len(survey.classes))
        now = stamp(file, place)
        if data.labels is not None and place is None:
            return Picture(shown, file, now, note=f"{shown} has no label map.")
        content = fingerprint(file, place)
        full = image_info(file).size
        frame = choose_frame(full, survey.scale, survey.means.max_pixels)
        part = None if frame == Frame.whole(full) else frame
        pixels = read_image(file, inputs.channels, values=inputs.values, frame=part)
        label = None if place is None else read_label(place, frame.size, survey.classes)
    except GridSalError as error:
        return Picture(shown, file, now, note=str(error))
    return Picture(shown, file, now, content, pixels, label, part)
