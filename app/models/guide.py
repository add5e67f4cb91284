"""The way to a first result: what is done, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass

STEPS = ("Open a model", "Open a folder of images", "Pick a segment", "Run")


@dataclass(frozen=True)
class Progress:
    """How far the user has come; each step needs the ones before it, but may be done earlier."""

    has_network: bool
    has_images: bool
    has_region: bool
    has_result: bool

    @property
    def done(self) -> tuple[bool, bool, bool, bool]:
        """Whether each of `STEPS` is done."""
        return (self.has_network, self.has_images, self.has_region, self.has_result)

    @property
    def next_step(self) -> int | None:
        """Index of the first step that is not done, None if all are."""
        return next((index for index, is_done in enumerate(self.done) if not is_done), None)
