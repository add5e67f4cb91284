"""What is known of a kept explanation without reading its arrays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from gridsal_core.frames import Frame, ImageView
from gridsal_core.reading import Verdict, read_explanation
from gridsal_core.settings import Settings
from gridsal_core.types import ClassInfo, Explanation, RegionOrigin, Scores


@dataclass(frozen=True)
class KeptResult:
    """One explanation of a session, and what its analyst wrote about it.

    Parameters
    ----------
    identity
        32 hexadecimal digits that no other result has; its name in the session's files.
    created
        When it was made, in UTC.
    image_path, page, frame
        Where the image came from; see `Request`.
    region_pixels
        Size of the region R in working pixels.
    network, network_sha256
        The network's name and the hash of its weights.
    verdict
        Whether the context was needed; see `reading`.
    true_class, true_info
        What the region truly is, and that class's name and colour, where a label map said so; see
        `Request`.
    note, tags
        Of the analyst; tags are sorted and none is there twice.
    """

    identity: str
    created: datetime
    image_path: Path | None
    page: int
    frame: Frame | None
    class_index: int
    class_info: ClassInfo
    origin: RegionOrigin
    region_pixels: int
    settings: Settings
    network: str
    network_sha256: str
    scores: Scores
    verdict: Verdict
    is_stopped: bool
    true_class: int | None = None
    true_info: ClassInfo | None = None
    note: str = ""
    tags: tuple[str, ...] = ()

    @property
    def view(self) -> ImageView | None:
        """The pixels that were worked on, if they came from a file."""
        if self.image_path is None:
            return None
        return ImageView(self.image_path, self.page, self.frame)


def kept_result(explanation: Explanation, identity: str | None = None) -> KeptResult:
    """Describe an explanation that was just made, under a new identity if none is given."""
    request, provenance = explanation.request, explanation.provenance
    true, classes = request.true_class, explanation.classes
    return KeptResult(
        identity=identity or uuid4().hex,
        created=datetime.now(UTC),
        image_path=request.image_path,
        page=request.page,
        frame=request.frame,
        class_index=request.class_index,
        class_info=explanation.classes[request.class_index],
        origin=request.origin,
        region_pixels=int(request.region.sum()),
        settings=explanation.settings,
        network=provenance.network,
        network_sha256=provenance.checkpoint_sha256,
        scores=explanation.scores,
        verdict=read_explanation(explanation).verdict,
        is_stopped=explanation.stopped,
        true_class=true,
        # An array from elsewhere may say a class that the network does not have.
        true_info=None if true is None or true >= len(classes) else classes[true],
    )
