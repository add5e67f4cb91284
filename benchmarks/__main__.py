"""`make bench`: what a step and gradients cost, how the window answers, and what it holds."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from benchmarks import captum_rows, gaps, memory, painting, startup, steps
from benchmarks.window import Subject
from gridsal_core.datasets.folder import list_images
from gridsal_core.demo import find_demo
from gridsal_core.threads import sleep_while_idle

SHARED = Path(__file__).resolve().parents[2] / "shared"
STREET_MODEL = SHARED / "models" / "camvid_deeplabv3plus_lite0"
STREET_IMAGES = SHARED / "data" / "camvid" / "images"
PARTS = ("steps", "captum", "gaps", "painting", "startup", "memory")


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--model", type=Path, default=STREET_MODEL, help="a street-scene network")
    parser.add_argument("--images", type=Path, default=STREET_IMAGES, help="its images")
    parser.add_argument("--repeats", type=int, default=15, help="pairs of passes (default 15)")
    parser.add_argument("--seconds", type=float, default=20, help="of each kind of work (20)")
    parser.add_argument("--steps-through", type=int, default=2000, help="images paged through")
    parser.add_argument("--only", choices=PARTS, action="append", help="measure only this")
    options = parser.parse_args()
    sleep_while_idle()
    for part in options.only or PARTS:
        measure(part, options)


def measure(part: str, options: argparse.Namespace) -> None:
    """Print one table."""
    subjects = subjects_of(options)
    if part == "steps":
        show("One optimisation step against one bare forward and input gradient (medians)")
        show_rows(steps.HEADER, (steps.step_row(each, options.repeats) for each in subjects))
    elif part == "captum":
        measure_gradients(subjects)
    elif part == "gaps":
        show("Gaps of the window's event loop in ms (a 5 ms timer; p99 33 and max 100 are allowed)")
        rows = (row for each in subjects for row in gaps.gap_rows(each, options.seconds))
        show_rows(gaps.HEADER, rows)
    elif part == "painting":
        show("From an event until it is painted, in ms (16 is allowed)")
        show_rows(painting.HEADER, painting.painting_rows(subjects[0].model))
    elif part == "startup":
        show("From the command to a window that answers, in s (median of five; 2.5 is allowed)")
        show_rows("", [startup.startup_row()])
    else:
        show("Memory of both processes while images are paged through (100 MB growth is allowed)")
        images = subjects[-1].images
        held = memory.memory_rows(subjects[0].model, images, options.steps_through)
        show_rows(memory.HEADER, held)


def subjects_of(options: argparse.Namespace) -> list[Subject]:
    """The demo, and the street scenes where they are."""
    demo = find_demo()
    subjects = [Subject("demo", demo.model, demo.images)]
    if options.model.is_dir() and options.images.is_dir():
        subjects.append(Subject("street", options.model, options.images))
    return subjects


def measure_gradients(subjects: list[Subject]) -> None:
    """Compare gradients with Captum's, where it is installed."""
    if find_spec("captum") is None:
        show("Captum is not installed (make setup-tests); gradients are not compared.")
        return
    show("Gradients of 25 copies against Captum's, the faster of its two ways (medians)")
    print(captum_rows.HEADER)
    for subject in subjects:
        first = list_images(subject.images)[0]
        captum_rows.captum_rows(subject.name, subject.model, first, samples=25, repeats=5)


def show(title: str) -> None:
    """Print the title of a table."""
    print(f"\n{title}", flush=True)


def show_rows(header: str, rows: Iterable[str]) -> None:
    """Print a table, row by row as they come."""
    if header:
        print(header)
    for row in rows:
        print(row, flush=True)


if __name__ == "__main__":
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    main()
