"""`make torture`: faults on purpose, in the real window and command line, and what they broke.

Every trial breaks something (a process, a disk, a file, a network, the clock) and then looks
whether the promise holds: the window answers, nothing that was saved is lost, the last autosave is
at most one change old, and no process, thread or temporary file is left.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from torture import kills, surveys, table
from torture.full_disk import small_disk
from torture.outcome import Outcome, SkippedError
from torture.window_trials import WINDOW_TRIALS

ROOT: Final = Path(__file__).parents[1]
# Kinds that share a window, so that it is opened a few times only.
GROUPS: Final = {
    "engine": ("engine",),
    "network": tuple(name for name in WINDOW_TRIALS if name.startswith("network")),
    "file": tuple(
        name
        for name in WINDOW_TRIALS
        if name.startswith(("image", "label", "pipe", "session", "folder", "two", "clock"))
    ),
    "disk": ("disk is full",),
}
OTHERS: Final = ("kill", "survey", "command")


def main() -> None:
    """Play the trials, print a line for each, and write the table."""
    parser = argparse.ArgumentParser(prog="python -m torture", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="other moments and places (default 1)")
    parser.add_argument(
        "--share", type=float, default=1.0, help="of the usual number of trials (default 1)"
    )
    parser.add_argument(
        "--only", choices=(*GROUPS, *OTHERS), action="append", help="only this group"
    )
    parser.add_argument("--kind", default="", help="only kinds with this text in their name")
    parser.add_argument(
        "--out", type=Path, default=ROOT / "docs" / "torture.md", help="the table's file"
    )
    options = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    began = time.monotonic()
    found: list[Outcome] = []
    # Who has seen enough and presses Ctrl+C gets the table of what was tried.
    with (
        suppress(KeyboardInterrupt),
        tempfile.TemporaryDirectory(prefix="gridsal-torture-") as folder,
    ):
        for outcome in outcomes(Path(folder), options):
            found.append(outcome)
            print(table.line(outcome), flush=True)
    minutes = (time.monotonic() - began) / 60
    command = " ".join(["python -m torture", *sys.argv[1:]])
    options.out.write_text(table.page(found, minutes, command), encoding="utf-8")
    faults = sum(bool(each.fault) for each in found)
    print(f"\n{len(found)} trials in {minutes:.0f} minutes, {faults} faults; see {options.out}")
    sys.exit(1 if faults else 0)


def outcomes(root: Path, options: argparse.Namespace) -> Iterator[Outcome]:
    """Play all groups that were asked for."""
    chosen = options.only or (*OTHERS, *GROUPS)
    seed, share = options.seed, options.share
    if "kill" in chosen:
        yield from kills.outcomes(root, seed, share, options.kind)
    if "survey" in chosen and options.kind in surveys.NAME:
        yield from surveys.outcomes(root, seed, share)
    if "command" in chosen:
        folder = root / "commands"
        folder.mkdir()
        yield from heard("torture.commands", "the command line", folder)
    for name, kinds in GROUPS.items():
        wanted = [kind for kind in kinds if options.kind in kind]
        if name in chosen and wanted:
            folder = root / name
            folder.mkdir()
            yield from _on_window(name, folder, [str(seed), str(share), str(folder), *wanted])


def _on_window(name: str, folder: Path, arguments: list[str]) -> Iterator[Outcome]:
    if name == "disk":
        try:
            # The user's data: settings, logs and the unfinished session.
            with small_disk(folder / "config"):
                yield from heard("torture.desk", name, *arguments)
        except SkippedError as reason:
            yield Outcome("disk is full", 0, note=str(reason), is_skipped=True)
        return
    yield from heard("torture.desk", name, *arguments)


def heard(module: str, name: str, *arguments: object) -> Iterator[Outcome]:
    """Start a module of this package and yield the outcomes that it prints."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            cwd=ROOT,
        ) as process,
    ):
        for line in process.stdout or ():
            if line.startswith("{"):
                yield Outcome.from_json(line)
        status = process.wait()
        errors.seek(0)
        if status:
            told = errors.read()[-1500:]
            yield Outcome(name, 0, f"its process ended with status {status}: {told}")


if __name__ == "__main__":
    main()
