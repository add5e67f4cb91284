"""How the cost of a run grows with image, mask, steps, requests and images: log-log slopes."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.table import Column, Value
from gridsal_core.network import SegmentationNetwork
from gridsal_core.settings import PAPER_STREET, Settings
from gridsal_core.types import Request

COLUMNS = (
    Column("what grows", width=22),
    Column("from", "d", 8),
    Column("to", "d", 8),
    Column("first s", ".2f", 8),
    Column("last s", ".2f", 8),
    Column("slope", ".2f", 6),
)
TITLE = (
    "How the seconds of a run grow, on an untrained U-Net: slope 1 is in proportion, 0 not at all "
    "(least squares on logarithms, medians)"
)
SIDES = (128, 256, 512)
MASKS = (4, 16, 64)
STEPS = (5, 10, 20)
REQUESTS = (1, 2, 4)
IMAGES = (1, 2, 4)
SIDE, MASK, COUNT = 128, 16, 5


def growth_rows(repeats: int) -> Iterator[tuple[Value, ...]]:
    """Grow one thing at a time; each run is timed up to three times, all sizes in turn."""
    network = _network()
    times = min(max(repeats, 1), 3)
    ways: tuple[tuple[str, Sequence[int], Callable[[int], Callable[[], object]]], ...] = (
        (
            "pixels of the image",
            [side**2 for side in SIDES],
            lambda n: _run(network, math.isqrt(n)),
        ),
        ("cells of the mask", [n**2 for n in MASKS], lambda n: _run(network, cells=math.isqrt(n))),
        ("steps", STEPS, lambda n: _run(network, steps=n)),
        ("requests on one image", REQUESTS, lambda n: _run(network, requests=n)),
        ("images, one after another", IMAGES, lambda n: _images(network, n)),
    )
    for name, sizes, make in ways:
        yield _row(name, sizes, [make(size) for size in sizes], times)


def slope(sizes: Sequence[float], seconds: Sequence[float]) -> float:
    """Return the exponent p of the power law seconds ~ size^p that fits best."""
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def _row(
    name: str, sizes: Sequence[int], runs: Sequence[Callable[[], object]], times: int
) -> tuple[Value, ...]:
    for run in runs:
        run()
    rounds = [[_seconds(run) for run in runs] for _ in range(times)]
    medians = [statistics.median(column) for column in zip(*rounds, strict=True)]
    return name, sizes[0], sizes[-1], medians[0], medians[-1], slope(sizes, medians)


def _run(
    network: SegmentationNetwork,
    side: int = SIDE,
    *,
    cells: int = MASK,
    steps: int = COUNT,
    requests: int = 1,
) -> Callable[[], object]:
    from gridsal_core.grid_saliency import explain_many

    settings = replace(PAPER_STREET, mask_size=(cells, cells), steps=steps)
    asked = [_request(side, number) for number in range(requests)]
    return lambda: explain_many(network, asked, settings)


def _images(network: SegmentationNetwork, count: int) -> Callable[[], object]:
    from gridsal_core.grid_saliency import explain

    settings: Settings = replace(PAPER_STREET, mask_size=(MASK, MASK), steps=COUNT)
    asked = [_request(SIDE, number) for number in range(count)]
    return lambda: [explain(network, each, settings) for each in asked]


def _request(side: int, seed: int) -> Request:
    """Ask for the middle of a random image."""
    image = np.random.default_rng(seed).random((side, side, 3), np.float32)
    region = np.zeros((side, side), np.bool_)
    region[side // 4 : side // 2, side // 4 : side // 2] = True
    return Request(image, region, 0)


def _network() -> SegmentationNetwork:
    import torch

    from gridsal_core.checkpoints.card import InputCard, ModelCard
    from gridsal_core.checkpoints.smp_build import build_smp

    torch.manual_seed(0)
    given = {"encoder_name": "mobilenet_v2", "classes": 11}
    module = build_smp("Unet", given, where="the benchmark").eval()
    card = ModelCard(name="growth", input=InputCard(divisor=32))
    return SegmentationNetwork(module, card, class_count=11, source=Path("growth"))


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
