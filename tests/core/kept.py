"""Explanations that were never computed: random ones of any shape, for the tests of their files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from gridsal_core.frames import Box, Frame
from gridsal_core.images import read_image
from gridsal_core.regions import widened
from gridsal_core.session.document import QueuedEntry, RegionEntry
from gridsal_core.settings import Settings
from gridsal_core.types import ClassInfo, Explanation, Prediction, Provenance, Request, Scores
from gridsal_core.upsampling import saliency_map

CLASSES = (ClassInfo("road", (128, 64, 128)), ClassInfo("größer, \udcff", (0, 1, 255)))


def save_picture(path: Path, height: int = 24, width: int = 32, seed: int = 0) -> Path:
    """Save a random colour image."""
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def made_explanation(
    path: Path | None,
    *,
    settings: Settings | None = None,
    frame: Frame | None = None,
    steps: int = 7,
    seed: int = 0,
    saliency_follows: bool = True,
) -> Explanation:
    """Make an explanation of the image at `path`, or of one that came from no file."""
    random = np.random.default_rng(seed)
    settings = settings or Settings(mask_size=(4, 5), steps=max(steps, 1))
    if path is None:
        image = random.random((13, 17, 2), dtype=np.float32)
    else:
        image = read_image(path, 3, frame=frame)
    size = image.shape[:2]
    region = random.random(size) < 0.3
    region[0, 0] = True
    mask = random.random(settings.mask_size, dtype=np.float32)
    saliency = saliency_map(
        mask, widened(region, settings.dilation), settings.form, settings.upsampling
    )
    if not saliency_follows:
        saliency = random.random(size, dtype=np.float32)
    return Explanation(
        request=Request(image, region, 1, "painted", path, 0, frame, true_class=0),
        settings=settings,
        classes=CLASSES,
        mask=mask,
        saliency=saliency,
        perturbed=random.random(image.shape, dtype=np.float32),
        losses=random.random((0 if settings.is_gradient else steps, 3), dtype=np.float32),
        score_history=random.random(steps, dtype=np.float32),
        scores=Scores(0.875, float(random.random()), -3.5),
        residual=0.1,
        residual_without_context=float(random.random()),
        prediction=Prediction(
            random.integers(0, 2, size).astype(np.uint8),
            random.random(size, dtype=np.float32),
            ("It was made smaller.",),
        ),
        init=0.5,
        stopped=bool(seed % 2),
        provenance=Provenance("net", "/nets/net", "ab" * 32, "cpu", (("torch", "2.4"),)),
        notes=("Something was changed.",),
        converged_at=None if seed % 2 else 3,
    )


def queued(identity: str, image: Path = Path("/a.png")) -> QueuedEntry:
    """A request of a queue that was never made."""
    explanation = made_explanation(None)
    region = explanation.request.region
    return QueuedEntry(
        identity=identity,
        image=image,
        region=RegionEntry.of(Frame.whole((13, 17)), region, "painted"),
        class_index=1,
        class_info=CLASSES[1],
        settings=explanation.settings,
        network="net",
        network_sha256="",
    )


def with_moved_image(explanation: Explanation, path: Path) -> Explanation:
    """The same explanation, its image at another place."""
    return replace(explanation, request=replace(explanation.request, image_path=path))


def cut(full: tuple[int, int] = (24, 32)) -> Frame:
    """A window of the random image at half its scale."""
    return Frame(full, Box(4, 6, 20, 26), (8, 10))
