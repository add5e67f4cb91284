"""`python -m benchmarks.survey`: a survey against a loop of gridsal explain, and its growth."""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.__main__ import STREET_IMAGES, STREET_MODEL
from gridsal_core.cli.main import run
from gridsal_core.datasets.folder import list_images
from gridsal_core.demo import find_demo
from gridsal_core.survey.ledger import Ledger
from gridsal_core.threads import sleep_while_idle


def main() -> None:
    """Measure and print both tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.survey", description=__doc__)
    parser.add_argument("--model", default=str(STREET_MODEL), help="a network")
    parser.add_argument("--images", type=Path, default=STREET_IMAGES, help="its images")
    parser.add_argument("--count", type=int, default=2, help="how many of them (default 2)")
    parser.add_argument("--steps", type=int, default=80, help="of each explanation (default 80)")
    parser.add_argument("--most", type=int, default=8, help="explanations of the loop (default 8)")
    parser.add_argument("--copies", type=int, nargs="*", default=[1, 10], help="of the demo")
    options = parser.parse_args()
    sleep_while_idle()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        print(f"{'way':<8} {'requests':>8} {'seconds':>9} {'each':>8}")
        against_loop(place, options)
        print(f"\n{'demo':<8} {'requests':>8} {'seconds':>9} {'each':>8}")
        demo = find_demo()
        for copies in options.copies:
            images = linked(list_images(demo.images) * copies, place / f"demo{copies}")
            seconds, items = surveyed(str(demo.model), images, place / f"out{copies}", 20)
            print(row(f"x{copies}", items, seconds), flush=True)


def against_loop(place: Path, options: argparse.Namespace) -> None:
    """Survey some images, then make the same requests one call after the other."""
    images = linked(list_images(options.images)[: options.count], place / "some")
    seconds, items = surveyed(options.model, images, place / "out", options.steps)
    print(row("survey", items, seconds), flush=True)
    with Ledger.open(place / "out") as ledger:
        results = list(ledger.summaries())
        # From the largest to the smallest, as the survey has them too.
        results.sort(key=lambda each: each.region_pixels)
        chosen = [results[n * len(results) // options.most] for n in range(options.most)]
        calls: list[Sequence[str]] = []
        for number, each in enumerate(chosen):
            region = place / f"region{number}.png"
            pixels = 255 * ledger.maps(each.identity).region.astype(np.uint8)
            Image.fromarray(pixels).save(region)
            asked = ["--image", str(images / each.image), "--region", str(region)]
            asked += ["--class", str(each.class_index), "--steps", str(options.steps)]
            out = str(place / "one.npz")
            calls.append(["explain", "--model", options.model, *asked, "--out", out, "--quiet"])
    begun = time.perf_counter()
    for call in calls:
        if run(call):
            raise SystemExit("gridsal explain failed.")
    print(row("loop", len(calls), time.perf_counter() - begun), flush=True)


def surveyed(model: str, images: Path, out: Path, steps: int) -> tuple[float, int]:
    """Survey predicted segments, and return how long it took and how many there were."""
    begun = time.perf_counter()
    words = ["survey", "--model", model, "--data", str(images), "--out", str(out)]
    if run([*words, "--steps", str(steps), "--quiet"]):
        raise SystemExit("gridsal survey failed.")
    seconds = time.perf_counter() - begun
    with Ledger.open(out) as ledger:
        return seconds, ledger.item_count


def linked(images: Sequence[Path], folder: Path) -> Path:
    """Make a folder of links to images, each under a name of its own."""
    folder.mkdir()
    for number, image in enumerate(images):
        os.symlink(image.absolute(), folder / f"{number:04}{image.suffix}")
    return folder


def row(name: str, items: int, seconds: float) -> str:
    """Write a line of a table."""
    return f"{name:<8} {items:>8} {seconds:>9.1f} {seconds / max(items, 1):>8.2f}"


if __name__ == "__main__":
    main()
