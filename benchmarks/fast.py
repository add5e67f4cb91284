"""`python -m benchmarks.fast`: the preset `fast` against the paper's optimiser.

It was tuned on every third image of the demo, from the first, and on no image of the street
network; of the first six others two decided that it takes both starts.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.__main__ import STREET_IMAGES, STREET_MODEL
from benchmarks.table import Column, Table, Value
from gridsal_core.allocator import keep_freed_memory
from gridsal_core.datasets.folder import list_images
from gridsal_core.demo import find_demo
from gridsal_core.network import SegmentationNetwork
from gridsal_core.segments import segments
from gridsal_core.settings import Settings, preset_values, suggest_settings
from gridsal_core.threads import sleep_while_idle
from gridsal_core.types import Explanation, Request

COLUMNS = (
    Column("network", width=8),
    Column("image", width=24),
    Column("class", width=14),
    Column("region %", ".1f", 8),
    Column("paper", ".4f", 8),
    Column("fast", ".4f", 8),
    Column("worse %", ".1f", 8),
    Column("mask diff", ".3f", 9),
    Column("mean diff", ".3f", 9),
    Column("paper s", ".1f", 8),
    Column("fast s", ".1f", 7),
)
TUNED_ON_EVERY = 3
ALLOWED_PERCENT = 2.0
LEAST_SHARE = 0.003


@dataclass(frozen=True, eq=False)
class Asked:
    """A request to a network, and the paper's settings for it."""

    name: str
    image: Path
    network: SegmentationNetwork
    request: Request
    settings: Settings


def main() -> None:
    """Print a row for each request, and how often the preset ends worse."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fast", description=__doc__)
    parser.add_argument("--model", type=Path, default=STREET_MODEL, help="a street-scene network")
    parser.add_argument("--images", type=Path, default=STREET_IMAGES, help="its images")
    parser.add_argument("--street", type=int, default=4, help="street images (default 4)")
    parser.add_argument("--each", type=int, default=2, help="requests on each of them (default 2)")
    parser.add_argument("--demo", type=int, default=16, help="requests to the demo (default 16)")
    parser.add_argument("--init", default="0.5", help="0.5 (the paper's), 1 or auto")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the table here too")
    options = parser.parse_args()
    sleep_while_idle()
    keep_freed_memory()
    init = options.init if options.init == "auto" else float(options.init)
    asked = [*_demo(options.demo), *_street(options)]
    rows: list[tuple[Value, ...]] = []

    def measured() -> Iterator[tuple[Value, ...]]:
        for each in asked:
            rows.append(_row(replace(each, settings=replace(each.settings, init=init))))
            yield rows[-1]

    title = "λ Σ m + hinge at the end of the paper's run and of the preset fast, and the two masks"
    kept = Table("fast", title, COLUMNS, measured()).shown()
    for name in dict.fromkeys(str(row[0]) for row in rows):
        print(_summary(name, [row for row in rows if row[0] == name]))
    if options.json is not None:
        options.json.write_text(json.dumps([kept], indent=1) + "\n", "utf-8")


def _row(asked: Asked) -> tuple[Value, ...]:
    paper, paper_seconds = _explained(asked, asked.settings)
    fast, fast_seconds = _explained(asked, replace(asked.settings, **preset_values("fast")))
    difference = np.abs(paper.mask - fast.mask)
    reference, found = _objective(paper), _objective(fast)
    return (
        asked.name,
        asked.image.name[:24],
        paper.class_name,
        100 * float(asked.request.region.mean()),
        reference,
        found,
        100 * (found / reference - 1),
        float(difference.max()),
        float(difference.mean()),
        paper_seconds,
        fast_seconds,
    )


def _explained(asked: Asked, settings: Settings) -> tuple[Explanation, float]:
    from gridsal_core.grid_saliency import explain

    began = time.perf_counter()
    explanation = explain(asked.network, asked.request, settings)
    return explanation, time.perf_counter() - began


def _objective(explanation: Explanation) -> float:
    return explanation.settings.lam * float(explanation.mask.sum()) + explanation.residual


def _summary(name: str, rows: list[tuple[Value, ...]]) -> str:
    worse = np.array([row[6] for row in rows], float)
    means = np.array([row[8] for row in rows], float)
    speed = np.array([row[9] for row in rows], float) / np.array([row[10] for row in rows], float)
    count = int((worse > ALLOWED_PERCENT).sum())
    return (
        f"{name}: worse by more than {ALLOWED_PERCENT:g} % in {count} of {len(rows)}, at most "
        f"{worse.max():.1f} %, median {np.median(worse):.1f} %; masks differ by {means.mean():.3f} "
        f"on average; {np.median(speed):.1f} times as fast as the paper's run of ours"
    )


def _demo(count: int) -> Iterator[Asked]:
    """Ask for the digit of images that the preset was not tuned on."""
    from gridsal_core.checkpoints import load_network
    from gridsal_core.images import read_image
    from gridsal_core.segments import foreground_segment

    demo = find_demo()
    network = load_network(demo.model)
    left_out = [p for n, p in enumerate(list_images(demo.images)) if n % TUNED_ON_EVERY]
    for path in left_out[:count]:
        image = read_image(path, network.card.input.channels)
        region, index = foreground_segment(network.predict(image).class_map)
        height, width = region.shape
        settings = suggest_settings(height, width, network.card.explain)
        yield Asked("demo", path, network, Request(image, region, index), settings)


def _street(options: argparse.Namespace) -> Iterator[Asked]:
    """Ask for small and large segments of images from the second on, evenly over the folder."""
    from gridsal_core.checkpoints import load_network
    from gridsal_core.images import read_image

    if not (options.model.is_dir() and options.images.is_dir()) or not options.street:
        return
    network = load_network(options.model)
    others = list_images(options.images)[1:]
    for path in others[:: max(len(others) // options.street, 1)][: options.street]:
        image = read_image(path, network.card.input.channels)
        class_map = network.predict(image).class_map
        least = int(LEAST_SHARE * class_map.size)
        every = [
            (region, index)
            for index in range(len(network.classes))
            for region in segments(class_map, index, least)
        ]
        every.sort(key=lambda each: int(each[0].sum()))
        height, width = class_map.shape
        settings = suggest_settings(height, width, network.card.explain)
        for number in range(min(options.each, len(every))):
            region, index = every[number * len(every) // options.each]
            yield Asked("street", path, network, Request(image, region, index), settings)


if __name__ == "__main__":
    main()
