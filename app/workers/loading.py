"""From a file to an image that can be worked on; called in a thread, since it takes a while."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from app.models.framing import is_whole
from app.models.loaded_image import LoadedImage
from app.models.picture import OVERVIEW_PIXELS, Picture, overview_size, picture_levels
from app.workers.labels import FoundLabel, LabelRules, load_label
from gridsal_core.errors import ImageTooLargeError
from gridsal_core.frames import Box, Frame, ImageView
from gridsal_core.working_scale import label_in_frame

# A working image of at least so many pixels serves as the overview too: the file is read once.
ENOUGH_FOR_OVERVIEW = OVERVIEW_PIXELS // 4


@dataclass(frozen=True)
class TooLarge:
    """An image beyond the safe size, which the user may allow; the sentence names its size."""

    view: ImageView
    sentence: str


def load_image(
    view: ImageView, choose: Callable[[tuple[int, int]], Frame], rules: LabelRules
) -> LoadedImage | TooLarge:
    """Open an image file for display, with its label map, if there is one.

    Parameters
    ----------
    view
        The file and its page.
    choose
        Gives the frame to work on for the image's (height, width).
    rules
        Where the label map is, and what it means.

    Raises
    ------
    ImageError
        If the image cannot be read. A bad label map is told in the result instead.
    """
    try:
        picture = Picture(view)
    except ImageTooLargeError as error:
        return TooLarge(view, str(error))
    try:
        return with_label(_load(view, picture, choose(picture.info.size)), rules)
    except BaseException:  # nothing is kept from the caller: the file is only closed on the way
        picture.close()
        raise


def at_frame(loaded: LoadedImage, frame: Frame, rules: LabelRules) -> LoadedImage:
    """Read an image that is open already at another frame.

    Raises
    ------
    ImageError
        If it cannot be read any more.
    """
    rgb = loaded.picture.rgb8(frame.window, frame.size)
    return with_label(replace(loaded, frame=frame, rgb=rgb), rules)


def with_label(loaded: LoadedImage, rules: LabelRules) -> LoadedImage:
    """Return the image with its label map, or with a note on why there is none to be used."""
    found = FoundLabel()
    if loaded.page == 0:  # a label map belongs to the first page
        found = load_label(loaded.path, loaded.frame.full, rules)
    label = None if found.label is None else label_in_frame(found.label, loaded.frame)
    return replace(loaded, label=label, label_path=found.path, label_note=found.note)


def _load(view: ImageView, picture: Picture, frame: Frame) -> LoadedImage:
    rgb = picture.rgb8(frame.window, frame.size)
    pixels, full = rgb.shape[0] * rgb.shape[1], picture.info.size
    if is_whole(frame) and (frame.size == full or pixels >= ENOUGH_FOR_OVERVIEW):
        levels = picture_levels(rgb)
        while len(levels) > 1 and levels[0].width() * levels[0].height() > OVERVIEW_PIXELS:
            levels = levels[1:]
    else:
        levels = picture_levels(picture.rgb8(Box(0, 0, *full), overview_size(full)))
    picture.levels = levels
    return LoadedImage(view.path, view.page, view.allow_large, frame, rgb, picture, None)
