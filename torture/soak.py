"""A long day: open, step, request, run, compare, export, again and again, in the real window.

`python -m torture.soak --minutes 120` samples memory, handles, threads and how late the window
answers, and writes `docs/soak.csv` and `docs/soak.png`. Results that pile up are removed, and a
new session is begun now and then, as by a user: what is left to grow is a leak.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Final

import numpy as np
import psutil

from torture.beat import load
from torture.desk import Desk, desk_in, left_behind

ROOT: Final = Path(__file__).parents[1]
MB: Final = 1e6
ROUNDS_PER_SESSION: Final = 20
SAMPLES: Final = 120


@dataclass(frozen=True)
class Sample:
    """What was held at one moment, and how the window answered since the last one.

    Memory in MB, handles and threads of window and engine, gaps of the window's events in ms and
    the time from a press of Run to its result in s (medians).
    """

    minutes: float
    rounds: int
    window_mb: float
    engine_mb: float
    handles: int
    threads: int
    gap_p50_ms: float
    gap_p99_ms: float
    gap_max_ms: float
    run_s: float


def main() -> None:
    """Work for some minutes, then write the table and the plot."""
    parser = argparse.ArgumentParser(prog="python -m torture.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=120, help="how long (default 120)")
    parser.add_argument("--out", type=Path, default=ROOT / "docs", help="where the files go")
    options = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory(prefix="gridsal-soak-") as folder:
        with desk_in(Path(folder)) as desk:
            samples = soak(desk, options.minutes)
        left = left_behind(Path(folder))
    write(samples, options.out)
    print(verdict(samples, left))


def soak(desk: Desk, minutes: float) -> list[Sample]:
    """Play rounds for so long and return the samples."""
    dice = random.Random(1)  # noqa: S311 - to be repeated
    began, rounds = time.monotonic(), 0
    samples: list[Sample] = []
    runs: list[float] = []
    desk.beat.begin()
    while (passed := (time.monotonic() - began) / 60) < minutes:
        runs.append(play_round(desk, dice, rounds))
        rounds += 1
        if passed >= len(samples) * minutes / SAMPLES:
            samples.append(sample(desk, passed, rounds, runs))
            runs.clear()
            desk.beat.begin()
            print(samples[-1], flush=True)
    return samples


def play_round(desk: Desk, dice: random.Random, number: int) -> float:
    """Do what a user does on one image; returns how long the run took, in s."""
    driver = desk.driver
    if number % ROUNDS_PER_SESSION == 0:
        begin_anew(desk)
    desk.go(dice)
    desk.paint(dice)
    began = time.monotonic()
    desk.run()
    took = time.monotonic() - began
    results = driver.session.results.results
    if len(results) >= 2:
        driver.app.compare.show([each.identity for each in results[-2:]])
        driver.rest(150)
        driver.action("compare_page")
        driver.rest(150)
        driver.window.workspace.show_page(driver.window.image_page)
    driver.app.exports.export(desk.folder / f"figure{number % 3}.png")
    desk.wait(lambda: not driver.app.is_busy, "the figure")
    if number % 5 == 0:
        desk.save(desk.folder / "work.gridsal")
    desk.close_dialogs()
    desk.said.clear()
    return took


def begin_anew(desk: Desk) -> None:
    """Open the folder again, in a new session."""
    driver = desk.driver
    if driver.session.results.results:
        desk.save(desk.folder / "work.gridsal")
    driver.app.sessions.new()
    desk.wait(lambda: not driver.session.results.results, "a new session")
    driver.app.files.open_folder(desk.images)
    desk.be_ready()


def sample(desk: Desk, minutes: float, rounds: int, runs: Sequence[float]) -> Sample:
    """Look at both processes."""
    window = psutil.Process()
    engines = window.children(recursive=True)
    held = [each.memory_info().rss / MB for each in engines]
    gaps = np.array(desk.beat.gaps_ms or [0.0])
    return Sample(
        minutes,
        rounds,
        window.memory_info().rss / MB,
        sum(held),
        sum(_handles(each) for each in (window, *engines)),
        sum(each.num_threads() for each in (window, *engines)),
        float(np.percentile(gaps, 50)),
        float(np.percentile(gaps, 99)),
        float(gaps.max()),
        float(np.median(runs)),
    )


def _handles(process: psutil.Process) -> int:
    # Windows counts them by another name.
    if sys.platform == "win32":
        return process.num_handles()
    return process.num_fds()


def write(samples: Sequence[Sample], folder: Path) -> None:
    """Write the samples as CSV and as a plot."""
    with (folder / "soak.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, [field.name for field in fields(Sample)], lineterminator="\n")
        table.writeheader()
        for each in samples:
            rounded = {name: round(value, 2) for name, value in asdict(each).items()}
            table.writerow(rounded)
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 9), layout="constrained")
    minutes = [each.minutes for each in samples]
    panels = (
        ("memory (MB)", ("window_mb", "engine_mb")),
        ("how many", ("handles", "threads")),
        ("late by (ms)", ("gap_p50_ms", "gap_p99_ms", "gap_max_ms")),
        ("a run (s)", ("run_s",)),
    )
    for place, (title, names) in zip(
        figure.subplots(len(panels), sharex=True), panels, strict=True
    ):
        for name in names:
            place.plot(minutes, [getattr(each, name) for each in samples], label=name)
        place.set_ylabel(title)
        place.set_ylim(bottom=0)
        place.legend(loc="lower right", fontsize="small")
    place.set_xlabel(f"minutes; {load()}")
    figure.savefig(folder / "soak.png", dpi=100)


def verdict(samples: Sequence[Sample], left: str) -> str:
    """Say how the last tenth compares with the second: the first one warms up."""
    tenth = max(1, len(samples) // 10)
    early, late = samples[tenth : 2 * tenth] or samples[:1], samples[-tenth:]

    def change(name: str) -> str:
        before, after = (np.median([getattr(s, name) for s in part]) for part in (early, late))
        return f"{name} {before:.1f} to {after:.1f}"

    told = ", ".join(change(field.name) for field in fields(Sample)[2:])
    return f"{samples[-1].rounds} rounds: {told}; left behind: {left or 'nothing'}"


if __name__ == "__main__":
    main()
