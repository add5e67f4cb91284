"""SmoothGrad and Integrated Gradients against Captum's, on the same scalar score."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.table import Column, Value

if TYPE_CHECKING:
    from torch import Tensor

COLUMNS = (
    Column("network", width=8),
    Column("method", width=22),
    Column("ours ms", ".0f", 9),
    Column("Captum ms", ".0f", 10),
    Column("ratio", ".2f", 6),
)


def captum_rows(
    name: str, model: Path, image_path: Path, *, samples: int, repeats: int
) -> Iterator[tuple[Value, ...]]:
    """Yield a row for each method: ours, with all that its record holds, over Captum's faster way.

    Captum takes the copies one at a time or all at once, as it is told; which is faster depends on
    the image. It gets the module itself, as whoever uses it has it. All ways are timed in turn, so
    that a change of the machine's speed meets each.
    """
    import torch
    from captum.attr import IntegratedGradients, NoiseTunnel, Saliency

    from gridsal_core import Request, Settings, explain
    from gridsal_core.checkpoints import load_network
    from gridsal_core.images import read_image
    from gridsal_core.segments import foreground_segment

    network = load_network(model)
    image = read_image(image_path, network.card.input.channels)
    height, width = (n - n % network.card.input.divisor for n in image.shape[:2])
    image = image[:height, :width]
    region, index = foreground_segment(network.predict(image).class_map)
    inside = torch.from_numpy(region).to(network.device)
    pixels = network.to_tensor(image)
    inputs = network.card.input
    mean, std = (
        torch.tensor(values, device=network.device).view(1, -1, 1, 1)
        for values in (inputs.mean, inputs.std)
    )

    def score(images: Tensor) -> Tensor:
        likely: Tensor = network.module((images - mean) / std).softmax(1)[:, index]
        return (likely * inside).sum((1, 2)) / inside.sum()

    def ours(method: str) -> Callable[[], object]:
        settings = Settings.from_dict({"method": method, "mask_size": [4, 4], "samples": samples})
        return lambda: explain(network, Request(image, region, index), settings)

    def integrated(at_once: int) -> Callable[[], object]:
        return lambda: IntegratedGradients(score).attribute(
            pixels.clone(), n_steps=samples, method="riemann_right", internal_batch_size=at_once
        )

    def smooth(at_once: int) -> Callable[[], object]:
        return lambda: NoiseTunnel(Saliency(score)).attribute(
            pixels.clone(), nt_samples=samples, nt_samples_batch_size=at_once, stdevs=0.1, abs=False
        )

    for title, method, theirs in (
        ("Integrated Gradients", "ig-context", integrated),
        ("SmoothGrad", "sg-context", smooth),
    ):
        ways = [ours(method), theirs(1), theirs(samples)]
        with network.borrowed():
            rounds = [[_milliseconds(way) for way in ways] for _ in range(repeats + 1)][1:]
        own, *captum = (statistics.median(times) for times in zip(*rounds, strict=True))
        yield name, title, own, min(captum), own / min(captum)


def _milliseconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - began)
