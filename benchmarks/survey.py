"""A survey against a loop of gridsal explain, and how its cost grows with its items."""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from benchmarks.table import Column, Table, Value
from gridsal_core.cli.main import run
from gridsal_core.datasets.folder import list_images
from gridsal_core.demo import find_demo
from gridsal_core.survey.ledger import Ledger

WAYS: Final = (
    Column("way", width=8),
    Column("requests", "d", 8),
    Column("seconds", ".1f"),
    Column("each", ".2f", 8),
    Column("ratio", ".2f", 8),
    Column("mask differs by", ".0e", 15),
)
ITEMS: Final = (
    Column("items", "d", 8),
    Column("ms each", ".1f"),
    Column("of the largest", ".2f", 14),
)
COUNTS: Final = (50, 100, 250, 500)
Row = tuple[Value, ...]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Let it be said what is surveyed; both tables take about six minutes on two quiet cores."""
    group = parser.add_argument_group("survey")
    group.add_argument("--classes", default="Car,Pedestrian,Bicyclist", help="what is requested")
    group.add_argument("--count", type=int, default=8, help="images of the survey (default 8)")
    group.add_argument("--most", type=int, default=4, help="calls of gridsal explain (default 4)")
    group.add_argument("--jobs", type=int, default=None, help="processes (default: the survey's)")


def loop_table(part: str, options: argparse.Namespace) -> Table:
    """Hold a survey against the same requests one by one."""
    title = "A survey against one gridsal explain after the other, each in this process"
    return Table(part, title, WAYS, _in_a_folder(partial(against_loop, options=options)))


def items_table(part: str) -> Table:
    """Measure how the time of an item grows with their number."""
    title = "Time per item of surveys of the demo, 10 steps, in this process (medians)"
    return Table(part, title, ITEMS, _in_a_folder(growth))


def _in_a_folder(measured: Callable[[Path], Iterator[Row]]) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        yield from measured(Path(folder))


def against_loop(place: Path, options: argparse.Namespace) -> Iterator[Row]:
    """Survey some images, then make some of the same requests one call after the other."""
    paths = list_images(options.images)
    some = paths[:: max(1, len(paths) // options.count)][: options.count]
    images, out = linked(some, place / "some"), place / "out"
    words = ["survey", "--model", str(options.model), "--data", str(images), "--out", str(out)]
    words += ["--classes", options.classes, "--steps", str(options.steps), "--quiet"]
    # The loop removes no context either.
    words += ["--no-flips"]
    words += [] if options.jobs is None else ["--jobs", str(options.jobs)]
    begun = time.perf_counter()
    called(words)
    seconds = time.perf_counter() - begun
    with Ledger.open(out) as ledger:
        count = ledger.item_count
        calls, masks = chosen(ledger, images, place, options)
    called([*calls[0], "--steps", "1"])
    difference = taken = 0.0
    for call, mask in zip(calls, masks, strict=True):
        begun = time.perf_counter()
        called(call)
        taken += time.perf_counter() - begun
        with np.load(place / "one.npz") as found:
            difference = max(difference, float(np.abs(found["mask"] - mask).max()))
    each = taken / len(calls)
    yield "loop", len(calls), taken, each, 1.0, None
    yield "survey", count, seconds, seconds / count, each * count / seconds, difference


def chosen(
    ledger: Ledger, images: Path, place: Path, options: argparse.Namespace
) -> tuple[list[list[str]], list[np.ndarray[tuple[int, ...], np.dtype[np.float32]]]]:
    """Choose requests from the smallest to the largest; return the calls, and the masks found."""
    results = sorted(ledger.summaries(), key=lambda each: each.region_pixels)
    most = min(options.most, len(results))
    calls, masks = [], []
    for number in range(most):
        # The middle of each share, so that neither end weighs too much.
        each = results[(2 * number + 1) * len(results) // (2 * most)]
        maps, region = ledger.maps(each.identity), place / f"region{number}.png"
        Image.fromarray(255 * maps.region.astype(np.uint8)).save(region)
        call = ["explain", "--model", str(options.model), "--image", str(images / each.image)]
        call += ["--region", str(region), "--class", str(each.class_index), "--quiet"]
        calls.append([*call, "--steps", str(options.steps), "--out", str(place / "one.npz")])
        masks.append(maps.mask)
    return calls, masks


def growth(place: Path) -> Iterator[Row]:
    """Survey the demo until so many items are finished, smaller numbers more often."""
    demo = find_demo()
    images = linked(list_images(demo.images) * 20, place / "demo")
    measure = partial(per_item, demo.model, images)
    measure(place / "warm", COUNTS[0])
    found = {
        count: statistics.median(
            measure(place / f"{count}_{number}", count)
            for number in range(max(1, min(5, COUNTS[-1] // (2 * count))))
        )
        for count in COUNTS
    }
    for count, seconds in found.items():
        yield count, 1000 * seconds, seconds / found[COUNTS[-1]]


def per_item(model: Path, images: Path, out: Path, count: int) -> float:
    """Return the seconds that an item takes until at least `count` are finished."""
    from gridsal_core.checkpoints import load_network
    from gridsal_core.survey.begin import begin_survey
    from gridsal_core.survey.data import Data
    from gridsal_core.survey.engine import Progress, run_survey

    network, data = load_network(model, "cpu"), Data(images)
    seen: list[Progress] = []
    with begin_survey(network, data, out, ("predicted",), {"steps": 10}, min_pixels=20) as ledger:
        run_survey(network, data, ledger, seen.append, lambda: seen[-1].fresh >= count)
    if seen[-1].fresh < count:
        raise SystemExit(f"The demo has {seen[-1].fresh} items, not {count}.")
    return seen[-1].seconds / seen[-1].fresh


def called(words: Sequence[str]) -> None:
    """Run a command here; end if it fails."""
    if run(words):
        raise SystemExit(f"gridsal {words[0]} failed.")


def linked(images: Sequence[Path], folder: Path) -> Path:
    """Make a folder of links to images, each under a name of its own."""
    folder.mkdir()
    for number, image in enumerate(images):
        os.symlink(image.absolute(), folder / f"{number:04}{image.suffix}")
    return folder
