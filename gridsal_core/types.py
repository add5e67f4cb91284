"""Values that travel between engine, window and files. NumPy only: torch is not imported here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from gridsal_core.arrays import BoolArray, FloatArray, IndexArray
from gridsal_core.errors import RequestError
from gridsal_core.frames import Frame
from gridsal_core.settings import Settings

RegionOrigin = Literal[
    "predicted segment", "correct part", "erroneous part", "painted", "file", "array"
]


@dataclass(frozen=True)
class ClassInfo:
    """One class of a network: its name and its display colour (red, green, blue in 0..255)."""

    name: str
    color: tuple[int, int, int]


def find_class(classes: tuple[ClassInfo, ...], text: str) -> int:
    """Find a class by its name (case does not matter) or its index.

    Raises
    ------
    RequestError
        If there is none; the message lists the classes.
    """
    names = [entry.name.casefold() for entry in classes]
    if text.casefold() in names:
        return names.index(text.casefold())
    if text.isascii() and text.isdigit() and int(text) < len(classes):
        return int(text)
    known = ", ".join(f"{index} {entry.name}" for index, entry in enumerate(classes))
    raise RequestError(f"The class {text!r} is unknown; the network has: {known}.")


@dataclass(frozen=True, eq=False)
class Prediction:
    """What a network says about one image.

    Parameters
    ----------
    class_map
        (H, W) index of the most probable class, uint8 (uint16 above 256 classes).
    confidence
        (H, W) float32 in [0, 1], the probability of that class.
    notes
        What a user should know of how it was made, one sentence each.
    """

    class_map: IndexArray
    confidence: FloatArray
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Request:
    """What is to be explained: why the network says class `class_index` inside `region`.

    Parameters
    ----------
    image
        (H, W, C) float32 in [0, 1], image space (before normalisation).
    region
        (H, W) bool, R in the paper; at least one pixel.
    class_index
        c in the paper, 0-based channel of the network.
    origin
        How the region was made; kept in every record.
    image_path, page, frame
        Where the image came from, for records and figures: its file, the 0-based page of it, and
        the part and scale that were read; no frame means the whole page as it is.
    values
        The raw values of the file that became 0 and 1, if the network names some; see `read_image`.
    true_class
        The class that most labelled pixels of the region truly have, see `comparison.true_class`;
        None where no label map is known. Of an erroneous part it is what it was mistaken from.

    Raises
    ------
    RequestError
        If the region is empty or not of the image's size, or the class is negative.
    """

    image: FloatArray
    region: BoolArray
    class_index: int
    origin: RegionOrigin = "array"
    image_path: Path | None = None
    page: int = 0
    frame: Frame | None = None
    values: tuple[float, float] | None = None
    true_class: int | None = None

    def __post_init__(self) -> None:
        if self.image.ndim != 3:
            raise RequestError(
                f"The image must have the shape (height, width, channels), not {self.image.shape}."
            )
        check_region(self.region, (self.image.shape[0], self.image.shape[1]))
        if self.class_index < 0:
            raise RequestError(f"Class {self.class_index} does not exist; classes count from 0.")
        if self.true_class is not None and self.true_class < 0:
            raise RequestError(f"Class {self.true_class} does not exist; classes count from 0.")


def check_region(region: BoolArray, size: tuple[int, int]) -> None:
    """Raise RequestError unless `region` has `size` (height, width) and holds a pixel."""
    if region.shape != size:
        have = " x ".join(str(n) for n in region.shape[::-1])
        raise RequestError(
            f"The region is {have} pixels and the image is {size[1]} x {size[0]} (width x height); "
            "paint or export the region at the image's size."
        )
    if not region.any():
        raise RequestError("The region is empty; pick a segment or paint at least one pixel.")


@dataclass(frozen=True)
class NetworkInfo:
    """What is known of an open network without touching it.

    Parameters
    ----------
    explain
        The settings its model card suggests, in the spelling of `Settings.to_dict`.
    notes
        Sentences that a user should read.
    free_bytes
        What was free of the device's memory when the network was opened.
    max_pixels
        The largest image, in pixels, of which one explanation is expected to fit into that memory.
    receptive_field
        How far the network looks, in pixels from a pixel to each side; None if that is everywhere,
        or farther than could be measured.
    predictor
        A name for all that predictions depend on besides the pixels: the weights, and what the card
        says. Another card makes another predictor of the same network.
    """

    path: Path
    name: str
    sha256: str
    classes: tuple[ClassInfo, ...]
    channels: int
    device: str
    explain: dict[str, Any]
    notes: tuple[str, ...]
    free_bytes: int = 0
    max_pixels: int = 0
    receptive_field: int | None = None
    predictor: str = ""


@dataclass(frozen=True, eq=False)
class Snapshot:
    """The state of a running explanation after one optimisation step.

    Parameters
    ----------
    step, steps
        Steps (of a gradient method: gradients) done, 1-based, and planned.
    mask
        (h, w) float32 in [0, 1], the mask after this step.
    losses
        (step, 3) float32: total, mask and preservation loss, each before that step's update; (0, 3)
        of a gradient method, which has none.
    scores
        (step,) float32: mean score over R on the perturbed image, before that step's update; of a
        gradient method on the copy of the image that the gradient was taken at.
    notes
        What was changed so that the run fits into memory, one sentence each. After such a change
        the run begins again at step 1.
    """

    step: int
    steps: int
    mask: FloatArray
    losses: FloatArray
    scores: FloatArray
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scores:
    """Mean of f_c over R on three images (probabilities or logits, as the settings say)."""

    image: float
    object_alone: float
    perturbed: float


@dataclass(frozen=True)
class Provenance:
    """What is needed to repeat an explanation besides the request and the settings.

    `versions` maps a package to its version; `checkpoint_sha256` is the hash of the weights file.
    """

    network: str
    checkpoint: str
    checkpoint_sha256: str
    device: str
    versions: tuple[tuple[str, str], ...]


@dataclass(frozen=True, eq=False)
class Explanation:
    """A finished (or stopped) explanation: all that is needed to redraw or to repeat it.

    Parameters
    ----------
    request, settings
        What was asked, and how.
    mask
        (h, w) float32 in [0, 1], m in the paper; of a gradient method the map on the mask's grid,
        which is in [0, 1] unless the settings leave it unscaled or signed.
    saliency
        (H, W) float32 like the mask: (1 - R) * M for the context form, M for the grid form.
    perturbed
        (H, W, C) float32 in [0, 1], the final perturbed image.
    losses
        (steps, 3) float32: total, mask and preservation loss, each before that step's update;
        (0, 3) of a gradient method.
    score_history
        (steps,) float32: mean score over R before each step's update; of a gradient method on the
        copy of the image that each gradient was taken at.
    scores
        Mean score over R on the image, on the object alone, on the final perturbed image.
    residual
        The preservation loss of eq. 2 and 3 at the final mask: mean over R of max(f(x) - f(p), 0).
    residual_without_context
        The same at the empty mask. Near 0: there is no context to find.
    prediction
        The network's prediction on the image.
    init
        The initial mask value this result came from (of interest with `auto`).
    stopped
        True if the user stopped it before the planned number of steps.
    notes
        What was changed so that the run fitted into memory, one sentence each.
    converged_at
        The step at which the mask had converged under the settings' tolerance, if it had.
    """

    request: Request
    settings: Settings
    classes: tuple[ClassInfo, ...]
    mask: FloatArray
    saliency: FloatArray
    perturbed: FloatArray
    losses: FloatArray
    score_history: FloatArray
    scores: Scores
    residual: float
    residual_without_context: float
    prediction: Prediction
    init: float
    stopped: bool
    provenance: Provenance
    notes: tuple[str, ...] = ()
    converged_at: int | None = None

    @property
    def steps(self) -> int:
        """Number of optimisation steps, or of gradients, that were done."""
        return len(self.score_history)

    @property
    def class_name(self) -> str:
        """Name of the explained class."""
        return self.classes[self.request.class_index].name
