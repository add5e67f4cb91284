"""How the frame of an image is found; plain values, so that the engine can find the same one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from gridsal_core.frames import Frame
from gridsal_core.types import NetworkInfo
from gridsal_core.working_scale import WorkingScale, choose_frame, possible_pixels

# Without a network nobody knows what fits; ordinary photographs are taken as they are.
DEFAULT_PIXELS = 4_000_000
# The layers of the window take some 20 bytes for each working pixel, and time to colour.
COMFORTABLE_PIXELS = 16_000_000
POSSIBLE_PIXELS = 50_000_000

# What fits is an estimate from the memory that is free; a frame is kept within these factors of it,
# so that results stay with their image when the same network is opened again.
KEPT_FROM, KEPT_UP_TO = 0.5, 1.25


@dataclass(frozen=True)
class Plan:
    """How the frame of an image is found: a frame that was chosen before, or a scale."""

    scale: WorkingScale
    crop: Frame | None
    fitted: Frame | None
    max_pixels: int
    possible_pixels: int = POSSIBLE_PIXELS

    def frame(self, full: tuple[int, int]) -> Frame:
        """Return the frame for an image of this (height, width)."""
        crop = self.crop
        if (
            crop is not None
            and crop.full == full
            and area(crop.size) <= KEPT_UP_TO * self.max_pixels
        ):
            return crop
        scale: WorkingScale = "fit" if self.scale == "crop" else self.scale
        fitted = self.fitted
        if scale == "fit" and fitted is not None and fitted.full == full:
            wanted = min(self.max_pixels, area(full))
            if KEPT_FROM * wanted <= area(fitted.size) <= KEPT_UP_TO * self.max_pixels:
                return fitted
        if isinstance(scale, float) and area(full) * scale**2 > self.possible_pixels:
            scale = "fit"
        # What is comfortable bounds what is proposed, not what is asked for.
        most = self.max_pixels if scale == "fit" else self.possible_pixels
        return choose_frame(full, scale, most)


@dataclass(frozen=True)
class Plans:
    """The plans of many images: one that serves most, and those that differ from it."""

    usual: Plan
    special: dict[Path, Plan] = field(default_factory=dict)

    def of(self, image: Path) -> Plan:
        """Return the plan for the first page of an image."""
        return self.special.get(image, self.usual)


def whole_image(plan: Plan) -> Plan:
    """Return the plan that takes the whole image where this one takes a crop window of it."""
    return replace(plan, scale="fit", crop=None) if plan.scale == "crop" else plan


def max_pixels(network: NetworkInfo | None) -> int:
    """How many pixels are worked on unless the user asks for more."""
    known = network.max_pixels if network is not None else 0
    return min(known, COMFORTABLE_PIXELS) if known else DEFAULT_PIXELS


def most_pixels(network: NetworkInfo | None) -> int:
    """How many pixels can be worked on if the user asks for them."""
    known = network.max_pixels if network is not None else 0
    return min(possible_pixels(known), POSSIBLE_PIXELS) if known else POSSIBLE_PIXELS


def area(size: tuple[int, int]) -> int:
    """Return height times width."""
    return size[0] * size[1]
