"""The command line under torture: full disks, closed folders, pipes; always one sentence.

`python -m torture.commands FOLDER` plays all of it in one process, since it imports torch once.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

from gridsal_core.cli.main import run
from gridsal_core.demo import find_demo
from torture.bad_files import closed
from torture.full_disk import fill, small_disk
from torture.outcome import BrokenPromiseError, Outcome, SkippedError, check

ENDED_WITHIN_SECONDS: Final = 120.0
QUICK: Final = ("--steps", "2", "--init", "0.5", "--mask-size", "2x2", "--quiet")
BAD_INPUT: Final = 2


class Bench:
    """Calls of the command line, and the demo to call it on."""

    def __init__(self, folder: Path) -> None:
        demo = find_demo()
        self.folder, self.model = folder, demo.model
        self.images = demo.images
        self.image = min(demo.images.iterdir())

    def call(self, *words: object) -> tuple[int, str]:
        """Call `gridsal`; the status and what it said."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = run([str(word) for word in words])
        return status, err.getvalue()

    def explain(self, *words: object, model: object = None, image: object = None) -> str:
        """Explain a pixel, expect that it is refused, and return the sentence."""
        status, said = self.call(
            *("explain", "--model", model or self.model, "--image", image or self.image),
            *("--at", "20,20", *QUICK, *words),
        )
        return refused(status, said)


def refused(status: int, said: str) -> str:
    """Check that something was refused in one sentence."""
    check(status == BAD_INPUT, f"status {status}: {said[-300:]}")
    check(said.startswith("gridsal: ") and said.count("\n") == 1, f"no sentence: {said[-300:]}")
    check("did not foresee" not in said, said)
    return said.strip()


def _on_full_disk(bench: Bench, free: int, option: str, name: str) -> str:
    with small_disk(bench.folder / "disk") as disk:
        fill(disk, free)
        before = sorted(disk.iterdir())
        said = bench.explain(option, disk / name)
        check(sorted(disk.iterdir()) == before, "something was left on the disk")
        return said


def _survey_on_full_disk(bench: Bench, free: int) -> str:
    with small_disk(bench.folder / "disk") as disk:
        fill(disk, free)
        status, said = bench.call(
            *("survey", "--model", bench.model, "--data", bench.images, "--min-pixels", "60"),
            *("--out", disk / "survey", *QUICK[:-1], "--quiet"),
        )
        return refused(status, said)


def _in_closed_folder(bench: Bench, name: str, option: str) -> str:
    place = bench.folder / f"closed_{name}"
    place.mkdir()
    with closed(place):
        return bench.explain(option, place / name)


def _pipe(bench: Bench, name: str) -> Path:
    place = bench.folder / name
    place.unlink(missing_ok=True)
    os.mkfifo(place)
    return place


def _of_session(bench: Bench, command: str) -> str:
    place = _pipe(bench, "pipe.gridsal")
    status, said = bench.call(command, place, "--out", bench.folder / "out.csv")
    return refused(status, said)


TRIALS: Final[dict[str, Callable[[Bench], str]]] = {
    **{
        f"disk is full, {free} bytes left, {option}": partial(
            _on_full_disk, free=free, option=option, name=name
        )
        for free in (0, 2000)
        for option, name in (("--out", "a.npz"), ("--figure", "a.png"), ("--map", "a.png"))
    },
    "disk is full, survey": lambda bench: _survey_on_full_disk(bench, 0),
    "disk becomes full, survey": lambda bench: _survey_on_full_disk(bench, 80_000),
    "folder is read-only, --out": lambda bench: _in_closed_folder(bench, "a.npz", "--out"),
    "folder is read-only, --figure": lambda bench: _in_closed_folder(bench, "a.pdf", "--figure"),
    "image is a pipe": lambda bench: bench.explain(image=_pipe(bench, "pipe.png")),
    "image is a pipe, TIFF": lambda bench: bench.explain(image=_pipe(bench, "pipe.tif")),
    "network is a pipe": lambda bench: bench.explain(model=_pipe(bench, "pipe.pth")),
    "card is a pipe": lambda bench: bench.explain("--card", _pipe(bench, "pipe.toml")),
    "region is a pipe": lambda bench: refused(
        *bench.call(
            *("explain", "--model", bench.model, "--image", bench.image),
            *("--region", _pipe(bench, "mask.png"), *QUICK),
        )
    ),
    "session is a pipe, export": lambda bench: _of_session(bench, "export"),
    "session is a pipe, report": lambda bench: _of_session(bench, "report"),
}


def outcomes(folder: Path) -> Iterator[Outcome]:
    """Play all of it, in one process; what takes too long ends that."""
    bench = Bench(folder)
    for name, play in TRIALS.items():
        said, fault, is_skipped = "", "", False
        # A pipe that is waited for holds the process for ever: it says so and ends.
        alarm = threading.Timer(ENDED_WITHIN_SECONDS, _give_up, (name,))
        alarm.start()
        try:
            said = play(bench)
        except SkippedError as reason:
            said, is_skipped = str(reason), True
        except BrokenPromiseError as broken:
            fault = str(broken)
        finally:
            alarm.cancel()
            alarm.join()
        yield Outcome(f"command line: {name}", 0, fault, said, is_skipped=is_skipped)


def _give_up(name: str) -> None:
    # What the command prints is caught; this is not to be.
    print(
        Outcome(f"command line: {name}", 0, "it never ended").to_json(),
        file=sys.__stdout__,
        flush=True,
    )
    os._exit(1)


def main() -> None:
    """Print an outcome for each trial."""
    folder = Path(sys.argv[1])
    os.environ["GRIDSAL_CONFIG"] = str(folder / "config")
    for outcome in outcomes(folder):
        print(outcome.to_json(), flush=True)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
