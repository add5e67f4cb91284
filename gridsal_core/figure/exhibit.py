"""What a figure needs of an explanation: small enough to keep many, whole enough to draw all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gridsal_core.arrays import BoolArray, ByteArray, FloatArray, IndexArray
from gridsal_core.errors import ImageError
from gridsal_core.figure.lettering import one_line
from gridsal_core.figure.pictures import as_rgb, to_bytes
from gridsal_core.figure.words import caption, settings_parts
from gridsal_core.methods import METHOD_INFOS, Method
from gridsal_core.settings import Settings
from gridsal_core.types import ClassInfo, Explanation, RegionOrigin
from gridsal_core.whatif import WhatIf, WhatIfKind, told


@dataclass(frozen=True, eq=False)
class Change:
    """What a network says once the context is changed: the image, its classes, what flipped."""

    kind: WhatIfKind
    image: ByteArray
    class_map: IndexArray
    flipped: BoolArray
    told: str


@dataclass(frozen=True, eq=False)
class Exhibit:
    """One explanation, as far as figures show it.

    Parameters
    ----------
    image
        (H, W, 3) uint8, as the network saw it.
    saliency, region, class_map
        (H, W): the map, the request, and the predicted classes.
    perturbed
        (H, W, 3) uint8, if it is known.
    label
        (H, W) ground truth, if there is any; values that are no class mean unlabelled.
    classes, class_index, method, origin, settings, network, image_name
        What was explained, and how.
    told
        What was found, with the scores.
    parts
        What is needed to repeat it, part by part.
    changes
        What the network says of the changed image, where it was asked.
    """

    image: ByteArray
    saliency: FloatArray
    region: BoolArray
    class_map: IndexArray
    perturbed: ByteArray | None
    classes: tuple[ClassInfo, ...]
    class_index: int
    origin: RegionOrigin
    settings: Settings
    network: str
    image_name: str
    told: str
    parts: tuple[str, ...]
    label: IndexArray | None = None
    changes: tuple[Change, ...] = ()

    @property
    def class_name(self) -> str:
        """Name of the explained class, in one line."""
        return one_line(self.classes[self.class_index].name)

    @property
    def method(self) -> Method:
        """The method that made the map."""
        return self.settings.method

    @property
    def method_title(self) -> str:
        """Its name in the paper."""
        return METHOD_INFOS[self.method].title

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in working pixels."""
        return self.region.shape[0], self.region.shape[1]

    def shares_scene(self, other: Exhibit) -> bool:
        """Whether both are of the same pixels, predicted alike."""
        return self is other or (
            self.image.shape == other.image.shape
            and self.classes == other.classes
            and np.array_equal(self.class_map, other.class_map)
            and np.array_equal(self.image, other.image)
        )

    def changed_by(self, results: Sequence[WhatIf]) -> Exhibit:
        """Add what the network says of changed images."""
        return replace(self, changes=tuple(_change(result) for result in results))


def exhibit(explanation: Explanation, label: IndexArray | None = None) -> Exhibit:
    """Take from an explanation what figures show.

    Parameters
    ----------
    explanation
        What to show.
    label
        (H, W) ground truth of its image.

    Raises
    ------
    ImageError
        If the label map is not of the image's size.
    """
    request, class_map = explanation.request, explanation.prediction.class_map
    check_label(label, class_map)
    return Exhibit(
        image=to_bytes(as_rgb(request.image)),
        saliency=explanation.saliency,
        region=request.region,
        class_map=class_map,
        perturbed=to_bytes(as_rgb(explanation.perturbed)),
        classes=explanation.classes,
        class_index=request.class_index,
        origin=request.origin,
        settings=explanation.settings,
        network=one_line(explanation.provenance.network),
        image_name="" if request.image_path is None else one_line(request.image_path.stem),
        told=caption(explanation),
        parts=settings_parts(explanation),
        label=label,
    )


def exhibit_of_what_if(result: WhatIf) -> Exhibit:
    """Take before and after a change of the context."""
    return exhibit(result.explanation).changed_by([result])


def check_label(label: IndexArray | None, class_map: IndexArray) -> None:
    """Raise ImageError if there is a label map that is not of the image's size."""
    if label is not None and label.shape != class_map.shape:
        raise ImageError(
            f"The label map is {label.shape[1]} x {label.shape[0]} pixels and the image is "
            f"{class_map.shape[1]} x {class_map.shape[0]}; read it at the image's size."
        )


def _change(result: WhatIf) -> Change:
    return Change(
        kind=result.kind,
        image=to_bytes(as_rgb(result.image)),
        class_map=result.prediction.class_map,
        flipped=result.flipped,
        told=told(result),
    )
