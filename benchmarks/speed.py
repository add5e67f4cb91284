"""A run against the naive loop, step by step, and against the floor: one bare pass and gradient.

The naive loop has its own way with memory; ours runs as in the engine's process, see `allocator`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from benchmarks.table import Column, Value
from gridsal_core.arrays import BoolArray
from gridsal_core.datasets.folder import list_images
from gridsal_core.demo import find_demo
from gridsal_core.network import SegmentationNetwork
from gridsal_core.segments import segments
from gridsal_core.settings import PAPER_STREET, PAPER_TOY, Settings
from gridsal_core.types import Request

if TYPE_CHECKING:
    from torch import nn

COLUMNS = (
    Column("network", width=8),
    Column("image", width=9),
    Column("region %", ".1f", 8),
    Column("naive ms", ".0f", 9),
    Column("ours ms", ".0f", 8),
    Column("floor ms", ".0f", 8),
    Column("naive/ours", ".2f"),
    Column("ours/floor", ".2f"),
    Column("run naive/ours", ".2f", 14),
    Column("mask diff", ".1e", 9),
    Column("naive's own", ".1e", 11),
    Column("memory", ".2f", 7),
)
TITLE = (
    "One step against a naive loop's and against the floor, one bare pass and input gradient of "
    "the network as it is used (medians); the whole run with its preparation; the largest "
    "difference of the two final masks, and of the naive loop's own with all threads and with one; "
    "peak memory, ours of the naive loop's"
)
# Shares of the image: about what a pedestrian, a car and a building cover.
SHARES: Final = (0.01, 0.08, 0.25)
PAPER_SIZE: Final = (512, 1024)
PAPER_STEPS: Final = 8
LEAST_STEPS: Final = 30


@dataclass(frozen=True, eq=False)
class Case:
    """A request to a network, and the module as a user would have it.

    `is_trained` says whether masks mean something, and so are compared.
    """

    name: str
    module: nn.Module
    network: SegmentationNetwork
    request: Request
    settings: Settings
    is_trained: bool


def speed_rows(model: Path, images: Path, steps: int) -> Iterator[tuple[Value, ...]]:
    """Measure street scenes with the street network, and the paper's set-up untrained.

    Parameters
    ----------
    model, images
        The street network and its images; without them only the paper's set-up is measured.
    steps
        Of a run, which is followed to its end; of the untrained network a few are timed.
    """
    if model.is_dir() and images.is_dir():
        for share in SHARES:
            yield _row(steps, "--share", str(share), "--model", str(model), "--images", str(images))
    yield _row(PAPER_TOY.steps, "--demo")
    for share in SHARES[1:]:
        yield _row(PAPER_STEPS, "--share", str(share))


def _row(steps: int, *case: str) -> tuple[Value, ...]:
    found = _measured("times", "--steps", str(steps), *case)
    naive_mb, our_mb = (_measured(which, *case)["MB"] for which in ("naive-peak", "our-peak"))
    naive_ms, our_ms, floor_ms = found["naive"], found["ours"], found["floor"]
    return (
        *(found[name] for name in ("network", "image", "region", "naive", "ours", "floor")),
        naive_ms / our_ms,
        our_ms / floor_ms,
        found["run"],
        found["difference"],
        found["naive_difference"],
        our_mb / naive_mb,
    )


def _measured(*arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.case", *arguments],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    # Libraries print when they load weights; ours is the last line.
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def street_case(model: Path, images: Path, share: float, steps: int) -> Case:
    """Ask for the segment of the first image that covers about this share of it."""
    import segmentation_models_pytorch as smp

    from gridsal_core.checkpoints import load_network
    from gridsal_core.images import read_image

    network = load_network(model)
    image = read_image(list_images(images)[0], network.card.input.channels)
    class_map = network.predict(image).class_map
    every = [
        (region, index)
        for index in range(len(network.classes))
        for region in segments(class_map, index, 100)
    ]
    region, index = min(every, key=lambda each: abs(float(each[0].mean()) - share))
    settings = replace(PAPER_STREET, steps=steps, mask_size=(16, 21))
    module = smp.from_pretrained(str(model)).eval()
    return Case("street", module, network, Request(image, region, index), settings, True)


def demo_case(steps: int) -> Case:
    """Ask the demo's network for the digit of its first image."""
    from gridsal_core.checkpoints import load_network
    from gridsal_core.images import read_image

    demo = find_demo()
    network, theirs = load_network(demo.model, "cpu"), load_network(demo.model, "cpu")
    image = read_image(list_images(demo.images)[0], network.card.input.channels)
    class_map = network.predict(image).class_map
    index = int(np.bincount(class_map.ravel())[1:].argmax()) + 1
    settings = replace(PAPER_TOY, steps=steps)
    request = Request(image, class_map == index, index)
    return Case("demo", theirs.module.eval(), network, request, settings, True)


def paper_case(share: float, steps: int) -> Case:
    """Build the paper's network for street scenes with random weights, at its size."""
    import segmentation_models_pytorch as smp
    import torch

    from gridsal_core.checkpoints.card import InputCard, ModelCard
    from gridsal_core.checkpoints.smp_build import build_smp

    torch.manual_seed(0)
    given: dict[str, Any] = {"encoder_name": "mobilenet_v2", "classes": 19}
    module = smp.DeepLabV3Plus(**given, encoder_weights=None).eval()
    own = build_smp("DeepLabV3Plus", given, where="the benchmark")
    own.load_state_dict(module.state_dict())
    inputs = InputCard(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225), divisor=16)
    card = ModelCard(name="paper", input=inputs)
    network = SegmentationNetwork(own.eval(), card, class_count=19, source=Path("paper"))
    height, width = PAPER_SIZE
    image = np.random.default_rng(0).random((height, width, 3), np.float32)
    region = _box(PAPER_SIZE, share)
    settings = replace(PAPER_STREET, steps=steps)
    return Case("paper", module, network, Request(image, region, 0), settings, False)


def _box(size: tuple[int, int], share: float) -> BoolArray:
    """Return a box in the middle that covers this share, in the image's proportions."""
    region = np.zeros(size, np.bool_)
    rows, columns = (
        slice(round(n * (1 - share**0.5) / 2), round(n * (1 + share**0.5) / 2)) for n in size
    )
    region[rows, columns] = True
    return region
