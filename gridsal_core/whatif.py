"""What if the context were not there, or nothing else were: figure 2 of the paper.

The image is changed as the method's own perturbation does it, and the network predicts again:

    keep     x∘K + a∘(1 - K),  K = R + (1 - R)∘M     the object and the salient context alone
    remove   x∘(1 - K) + a∘K,  K = (1 - R)∘M         all but the salient context
    painted  as remove,        K = (1 - R)∘P         all but what the user painted

A gradient map is no mask: M is its absolute value over its largest outside R. With a threshold t,
M is 1 where it is t or more and 0 elsewhere: whole pixels are removed or kept, none in part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from gridsal_core.arrays import BoolArray, FloatArray
from gridsal_core.errors import RequestError
from gridsal_core.regions import widened
from gridsal_core.types import ClassInfo, Explanation, Prediction

if TYPE_CHECKING:
    from gridsal_core.network import SegmentationNetwork

WhatIfKind = Literal["keep", "remove", "painted"]
KINDS: tuple[WhatIfKind, ...] = ("keep", "remove", "painted")


@dataclass(frozen=True)
class Flip:
    """Pixels of R that went from one predicted class to another.

    Parameters
    ----------
    before, after
        Indices of the two classes.
    pixels, share
        How many there are, and which share of R that is, in (0, 1].
    confidence_before, confidence_after
        Mean probability of the predicted class there, on the image and on the changed image.
    """

    before: int
    after: int
    pixels: int
    share: float
    confidence_before: float
    confidence_after: float


@dataclass(frozen=True, eq=False)
class WhatIf:
    """What the network says once the image is changed.

    Parameters
    ----------
    kind
        What was done.
    explanation
        What it was done to; its prediction is the one before.
    image
        (H, W, C) float32 in [0, 1], the changed image.
    prediction
        The network's prediction on it.
    score_before, score_after
        Mean f_c over R on the image and on the changed image.
    threshold
        From which saliency on a pixel was taken as a whole; None if each was taken by its saliency.
    """

    kind: WhatIfKind
    explanation: Explanation
    image: FloatArray
    prediction: Prediction
    score_before: float
    score_after: float
    threshold: float | None = None

    @property
    def flipped(self) -> BoolArray:
        """(H, W) bool: pixels of R whose predicted class is another one now."""
        before = self.explanation.prediction.class_map
        changed: BoolArray = (before != self.prediction.class_map) & self.explanation.request.region
        return changed

    @property
    def share_flipped(self) -> float:
        """The share of R whose predicted class changed, in [0, 1]."""
        return float(self.flipped.sum() / self.explanation.request.region.sum())

    @property
    def flips(self) -> tuple[tuple[int, int], ...]:
        """To which classes the flipped pixels went, as (class index, pixels), most first."""
        found, counts = np.unique(self.prediction.class_map[self.flipped], return_counts=True)
        pairs = zip(found.tolist(), counts.tolist(), strict=True)
        return tuple(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))

    @property
    def flips_by_class(self) -> tuple[Flip, ...]:
        """The flipped pixels by the classes they left and went to, most first."""
        before, after = self.explanation.prediction, self.prediction
        flipped = self.flipped
        if not flipped.any():
            return ()
        pairs = np.stack([before.class_map[flipped], after.class_map[flipped]], 1)
        kinds, which, counts = np.unique(pairs, axis=0, return_inverse=True, return_counts=True)
        sums = [
            np.bincount(which.ravel(), each.confidence[flipped], len(kinds)) / counts
            for each in (before, after)
        ]
        size = int(self.explanation.request.region.sum())
        found = [
            Flip(int(old), int(new), pixels, pixels / size, float(was), float(now))
            for (old, new), pixels, was, now in zip(kinds, counts.tolist(), *sums, strict=True)
        ]
        return tuple(sorted(found, key=lambda flip: (-flip.pixels, flip.before, flip.after)))

    @property
    def segmentation(self) -> tuple[tuple[int, int], ...]:
        """What R is predicted as now, as (class index, pixels), most first."""
        region = self.explanation.request.region
        found, counts = np.unique(self.prediction.class_map[region], return_counts=True)
        pairs = zip(found.tolist(), counts.tolist(), strict=True)
        return tuple(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))


def what_if(
    network: SegmentationNetwork,
    explanation: Explanation,
    kind: WhatIfKind,
    painted: BoolArray | None = None,
    threshold: float | None = None,
) -> WhatIf:
    """Change the image by an explanation and predict again.

    Parameters
    ----------
    network
        The one that was explained.
    explanation
        Its map says what is salient, its settings how pixels are removed; of a robust perturbation
        the first part removes them.
    kind
        `keep` the object and the salient context alone, `remove` the salient context, or remove
        what was `painted`.
    painted
        (H, W) bool for `painted`; what of it lies inside R stays.
    threshold
        In (0, 1]: context of at least this saliency counts as 1, the rest as 0. None takes each
        pixel by its saliency. Of no meaning for `painted`.

    Raises
    ------
    RequestError
        If `painted` is missing, of another size, or outside R empty, or the threshold is not in
        (0, 1].
    ImageError, CheckpointError, DeviceError
        As `SegmentationNetwork.predict`.
    """
    from gridsal_core.preparing import uninformative_images

    if threshold is not None and not 0 < threshold <= 1:
        raise RequestError(f"The threshold is {threshold}; give a saliency above 0, up to 1.")
    request, settings = explanation.request, explanation.settings
    blank = uninformative_images(network, request, settings)[0]
    shown = _shown(explanation, kind, painted, threshold)[..., None]
    image = np.clip(blank + (request.image - blank) * shown, 0, 1).astype(np.float32)
    prediction, score = network.predict_scored(
        image, request.region, request.class_index, settings.score
    )
    before = explanation.scores.image
    return WhatIf(kind, explanation, image, prediction, before, score, threshold)


def _shown(
    explanation: Explanation,
    kind: WhatIfKind,
    painted: BoolArray | None,
    threshold: float | None,
) -> FloatArray:
    """Return how much of every pixel is left: (H, W) in [0, 1]."""
    region = widened(explanation.request.region, explanation.settings.dilation)
    context = np.where(region, np.float32(0), _as_mask(explanation, region))
    if threshold is not None:
        context = (context >= threshold).astype(np.float32)
    if kind == "keep":
        return np.where(region, np.float32(1), context)
    if kind == "remove":
        return 1 - context
    if painted is None or painted.shape != region.shape:
        raise RequestError("Paint the context that is to be removed, at the image's size.")
    gone = painted & ~region
    if not gone.any():
        raise RequestError(
            "Nothing outside the region is painted; paint the context that is to be removed."
        )
    return np.where(gone, np.float32(0), np.float32(1))


def _as_mask(explanation: Explanation, region: BoolArray) -> FloatArray:
    if not explanation.settings.is_gradient:
        return np.clip(explanation.saliency, 0, 1).astype(np.float32)
    size = np.abs(explanation.saliency).astype(np.float32)
    largest = float(size[~region].max(initial=0))
    return size / largest if largest > 0 else size


def told(result: WhatIf) -> str:
    """Sum a result up in two sentences."""
    classes = result.explanation.classes
    name = result.explanation.class_name
    done = {
        "keep": "With the object and the salient context alone",
        "remove": "Without the salient context",
        "painted": "Without the painted context",
    }[result.kind]
    if result.threshold is not None:
        done += f" (saliency from {result.threshold:g} on)"
    scores = (
        f"{done} {name} scores {result.score_after:.2f} inside the region, "
        f"{result.score_before:.2f} before."
    )
    if not result.flips:
        return f"{scores} No pixel of the region is predicted as another class."
    share = f"{100 * result.share_flipped:.0f} %" if result.share_flipped >= 0.01 else "Under 1 %"
    return f"{scores} {share} of the region flipped, {_counted(result.flips, classes)}."


def _counted(flips: tuple[tuple[int, int], ...], classes: tuple[ClassInfo, ...]) -> str:
    named = [f"to {classes[index].name} ({pixels:,} px)" for index, pixels in flips[:3]]
    rest = sum(pixels for _, pixels in flips[3:])
    return ", ".join([*named, *([f"to others ({rest:,} px)"] if rest else [])])
