"""An image as it is worked on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.models.items import unless_whole
from app.models.picture import Picture
from gridsal_core.arrays import ByteArray, IndexArray
from gridsal_core.frames import Frame, ImageView


@dataclass(frozen=True, eq=False)
class LoadedImage:
    """An image as it is worked on, and the open file behind it.

    Parameters
    ----------
    path, page, allow_large
        What was read; see `ImageView`.
    frame
        The part that is worked on, and its working size (H, W).
    rgb
        (H, W, 3) uint8, for display.
    picture
        The open file, whatever the frame.
    label, label_path, label_note
        The label map (H, W) where there is one, where it was found, and why it is not used, if so.
    """

    path: Path
    page: int
    allow_large: bool
    frame: Frame
    rgb: ByteArray
    picture: Picture
    label: IndexArray | None
    label_path: Path | None = None
    label_note: str = ""

    @property
    def view(self) -> ImageView:
        """The pixels that the engine is to read."""
        return ImageView(self.path, self.page, unless_whole(self.frame), self.allow_large)
