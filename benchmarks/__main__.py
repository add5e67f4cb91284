"""`make bench`: what a step and gradients cost, how the window answers, and what it holds."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from benchmarks import (
    captum_rows,
    fast,
    gaps,
    growth,
    memory,
    painting,
    speed,
    startup,
    steps,
    survey,
)
from benchmarks.table import Table, Value
from benchmarks.window import Subject
from gridsal_core.datasets.folder import list_images
from gridsal_core.demo import find_demo
from gridsal_core.threads import sleep_while_idle

SHARED = Path(__file__).resolve().parents[2] / "shared"
STREET_MODEL = SHARED / "models" / "camvid_deeplabv3plus_lite0"
STREET_IMAGES = SHARED / "data" / "camvid" / "images"
PARTS = (
    *("steps", "speed", "fast", "growth", "survey", "survey-items", "captum"),
    *("gaps", "painting", "startup", "memory"),
)


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--model", type=Path, default=STREET_MODEL, help="a street-scene network")
    parser.add_argument("--images", type=Path, default=STREET_IMAGES, help="its images")
    parser.add_argument("--repeats", type=int, default=15, help="pairs of passes (default 15)")
    parser.add_argument("--steps", type=int, default=80, help="of a run of speed and survey (80)")
    parser.add_argument("--seconds", type=float, default=20, help="of each kind of work (20)")
    parser.add_argument("--steps-through", type=int, default=2000, help="images paged through")
    parser.add_argument("--only", choices=PARTS, action="append", help="measure only this")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the tables here too")
    fast.add_options(parser)
    survey.add_options(parser)
    options = parser.parse_args()
    sleep_while_idle()
    kept = [measured(part, options).shown() for part in options.only or PARTS]
    if options.json is not None:
        options.json.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")


def measured(part: str, options: argparse.Namespace) -> Table:
    """Return one table, whose rows are measured as they are drawn."""
    subjects = subjects_of(options)
    if part == "steps":
        title = "One optimisation step against one bare forward and input gradient (medians)"
        rows = (steps.step_row(each, options.repeats) for each in subjects)
        return Table(part, title, steps.COLUMNS, rows)
    if part == "speed":
        runs = speed.speed_rows(options.model, options.images, options.steps)
        return Table(part, speed.TITLE, speed.COLUMNS, runs)
    if part == "fast":
        return fast.fast_table(part, options)
    if part == "survey":
        return survey.loop_table(part, options)
    if part == "survey-items":
        return survey.items_table(part)
    if part == "growth":
        return Table(part, growth.TITLE, growth.COLUMNS, growth.growth_rows(options.repeats))
    if part == "captum":
        return gradients_table(part, subjects)
    if part == "gaps":
        title = "Gaps of the window's event loop in ms (a 5 ms timer; p99 33 and max 100 allowed)"
        gap_rows = (row for each in subjects for row in gaps.gap_rows(each, options.seconds))
        return Table(part, title, gaps.COLUMNS, gap_rows)
    if part == "painting":
        title = "From an event until it is painted, in ms (16 is allowed)"
        return Table(part, title, painting.COLUMNS, painting.painting_rows(subjects[0].model))
    if part == "startup":
        return Table(part, startup.TITLE, startup.COLUMNS, startup.startup_rows())
    title = "Memory of both processes while images are paged through (100 MB growth is allowed)"
    held = memory.memory_rows(subjects[0].model, subjects[-1].images, options.steps_through)
    return Table(part, title, memory.COLUMNS, held)


def subjects_of(options: argparse.Namespace) -> list[Subject]:
    """The demo, and the street scenes where they are."""
    demo = find_demo()
    subjects = [Subject("demo", demo.model, demo.images)]
    if options.model.is_dir() and options.images.is_dir():
        subjects.append(Subject("street", options.model, options.images))
    return subjects


def gradients_table(part: str, subjects: list[Subject]) -> Table:
    """Compare gradients with Captum's, where it is installed."""
    if find_spec("captum") is None:
        title = "Captum is not installed (make setup-tests); gradients are not compared."
        return Table(part, title, captum_rows.COLUMNS, [])
    title = "Gradients of 25 copies against Captum's, the faster of its two ways (medians)"

    def rows() -> Iterator[tuple[Value, ...]]:
        for subject in subjects:
            first = list_images(subject.images)[0]
            yield from captum_rows.captum_rows(
                subject.name, subject.model, first, samples=25, repeats=5
            )

    return Table(part, title, captum_rows.COLUMNS, rows())


if __name__ == "__main__":
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    main()
