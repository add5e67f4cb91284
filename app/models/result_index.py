"""Which result is the latest of an image: by page, network and frame."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from pathlib import Path

from app.models.items import unless_whole
from gridsal_core.frames import Frame
from gridsal_core.session.kept import KeptResult

Key = tuple[Path, int, str, Frame | None]


class ResultIndex:
    """Finds results by where they belong; those that came from no file belong nowhere."""

    def __init__(self) -> None:
        self._latest: dict[Key, list[str]] = {}
        self._counts: Counter[tuple[str, Path]] = Counter()

    @property
    def images(self) -> set[Path]:
        """The images that have a result of any network."""
        return {image for _, image in self._counts}

    def add(self, kept: KeptResult) -> None:
        """Take a result in; it is the latest of its place now."""
        if kept.image_path is not None:
            self._latest.setdefault(_key(kept, kept.image_path), []).append(kept.identity)
            self._counts[kept.network_sha256, kept.image_path] += 1

    def remove(self, kept: KeptResult) -> None:
        """Take a result out; the one before it is the latest again."""
        if kept.image_path is None:
            return
        self._latest[_key(kept, kept.image_path)].remove(kept.identity)
        network_and_image = kept.network_sha256, kept.image_path
        self._counts[network_and_image] -= 1
        if not self._counts[network_and_image]:
            del self._counts[network_and_image]

    def use(self, kept: KeptResult) -> None:
        """Make a result that is in already the latest of its place."""
        self.remove(kept)
        self.add(kept)

    def latest(
        self,
        image: Path,
        page: int,
        network: str,
        frame: Frame | None,
        held_back: Collection[str] = (),
    ) -> str | None:
        """Return the identity of the latest result of a network (its hash) on a frame.

        Those that are `held_back` do not count.
        """
        identities = reversed(self._latest.get((image, page, network, frame), ()))
        return next((each for each in identities if each not in held_back), None)

    def has(self, network: str, image: Path) -> bool:
        """Whether a network has explained something on an image, on any page or frame."""
        return (network, image) in self._counts


def _key(kept: KeptResult, image: Path) -> Key:
    return image, kept.page, kept.network_sha256, unless_whole(kept.frame)
