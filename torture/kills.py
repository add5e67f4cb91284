"""kill -9 from outside: of a save, an export, a survey, and of the whole window."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import psutil

from gridsal_core.errors import GridSalError
from gridsal_core.figure.presets import read_presets
from gridsal_core.figure.record_file import exhibit_of_record
from gridsal_core.session.archive import read_result, read_session
from gridsal_core.session.document import SessionDocument
from gridsal_core.session.unfinished import abandoned_sessions
from torture.outcome import BrokenPromiseError, Outcome, check

# A change is autosaved 300 ms after it was made, and then it has to be written; on a machine under
# load that takes longer, and what is younger than this is not judged.
AUTOSAVED_AFTER_SECONDS: Final = 4.0
READY_SECONDS: Final = 240.0


class Victim:
    """A process that is started, heard, and killed.

    Parameters
    ----------
    kind, folder, seed
        The arguments of `torture.victims`.
    """

    def __init__(self, kind: str, folder: Path, seed: int) -> None:
        self.said: list[dict[str, Any]] = []
        command = [sys.executable, "-m", "torture.victims", kind, str(folder), str(seed)]
        self._log = (folder / "stderr.txt").open("a")
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=self._log, text=True
        )
        self._ear = threading.Thread(target=self._hear, daemon=True)
        self._ear.start()

    def _hear(self) -> None:
        for line in self.process.stdout or ():
            if line.endswith("\n"):
                self.said.append(json.loads(line))

    def wait_for(self, word: str) -> None:
        """Wait until it has said something."""
        ends = time.monotonic() + READY_SECONDS
        while not any(word in each for each in self.said):
            check(self.process.poll() is None, "the victim ended by itself")
            check(time.monotonic() < ends, f"the victim never said {word}")
            time.sleep(0.01)

    def kill(self) -> None:
        """Kill it and what it started, as the system would; nothing of it is left."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        self.process.kill()
        self.process.wait()
        _, alive = psutil.wait_procs(children, timeout=60)
        names = [each.name() for each in alive]
        for each in alive:
            each.kill()
        self._ear.join(10)
        if self.process.stdout is not None:
            self.process.stdout.close()
        self._log.close()
        check(not names, f"processes outlived the window: {names}")

    def last(self, word: str) -> Any:  # noqa: ANN401  # what it said
        """What it said last of something."""
        return next((each[word] for each in reversed(self.said) if word in each), None)


def saves(folder: Path, dice: random.Random, number: int) -> str:
    """Kill while a session is autosaved and saved; the next process finds all of it."""
    victim = Victim("save", folder, number)
    try:
        victim.wait_for("saved")
        time.sleep(dice.uniform(0, 0.5))
    finally:
        victim.kill()
    saved, autosaved = victim.last("saved"), victim.last("autosaved")
    document = whole(folder / "work.gridsal")
    check(int(document.label_pattern) >= saved, "what was saved is not in the file")
    (found,) = abandoned_sessions(folder / "sessions")
    reached = int(found.document.label_pattern)
    whole(found.folder.path)
    found.folder.discard()
    check(reached >= autosaved, f"change {autosaved} was autosaved, and {reached} was found")
    # The next one that writes here takes the rest away.
    again = Victim("save", folder, number)
    try:
        again.wait_for("saved")
        left = [each.name for each in folder.glob(".gridsal-*.tmp")]
    finally:
        again.kill()
    for each in abandoned_sessions(folder / "sessions"):
        each.folder.discard()
    check(len(left) <= 1, f"temporary files: {left}")
    return f"after {victim.last('begun')} changes"


def exports(folder: Path, dice: random.Random, number: int) -> str:
    """Kill while data files, presets and figures are replaced: each is the old or the new one."""
    victim = Victim("export", folder, number)
    try:
        victim.wait_for("exported")
        time.sleep(dice.uniform(0, 1.0))
    finally:
        victim.kill()
    try:
        exhibit_of_record(folder / "record.npz")
        check(read_presets(folder / "figures.json"), "the presets are gone")
    except GridSalError as error:
        raise BrokenPromiseError(str(error)) from error
    data = (folder / "figure.png").read_bytes()
    check(data.endswith(b"IEND\xaeB`\x82"), "half a figure")
    return f"after {victim.last('exported')} rounds"


def windows(folder: Path, dice: random.Random, number: int) -> str:
    """Kill the whole window while it works: what it had is found, but for the last change."""
    victim = Victim("window", folder, number)
    try:
        victim.wait_for("number")
        time.sleep(dice.uniform(0.2, 8.0))
    finally:
        at = time.time()
        victim.kill()
    if (saved := victim.last("saved")) is not None:
        kept = {each.identity for each in whole(folder / "work.gridsal").results}
        check(set(saved) <= kept, "a saved result is not in the file")
    states = [each for each in victim.said if "number" in each]
    due = [each for each in states if each["at"] < at - AUTOSAVED_AFTER_SECONDS]
    found = abandoned_sessions(folder / "config" / "data" / "sessions")
    if due:
        # What is all in its file needs no offer.
        check(found or saved is not None, "nothing is offered at the next start")
        document = found[0].document if found else whole(folder / "work.gridsal")
        results = {each.identity for each in document.results}
        check(set(due[-1]["results"]) <= results, "a result is not offered")
        regions = {
            str(page.image): [int(entry.mask().sum()) for entry in page.regions]
            for page in document.pages
        }
        known = [each["regions"] for each in states[states.index(due[-1]) :]]
        check(regions in known, f"the regions are more than one change old: {regions}")
        for each in found[:1]:
            whole(each.folder.path)
    for each in found:
        each.folder.discard()
    return f"after {len(states)} changes, {len(states) - len(due)} of them young"


def whole(path: Path) -> SessionDocument:
    """Read a session with all its explanations."""
    try:
        document = read_session(path)
        for kept in document.results:
            read_result(path, kept)
    except GridSalError as error:
        raise BrokenPromiseError(f"{path.name}: {error}") from error
    return document


KILLS: Final = {
    "kill -9 of a save": (saves, 30),
    "kill -9 of an export": (exports, 20),
    "kill -9 of the window": (windows, 10),
}


def outcomes(root: Path, seed: int, share: float, only: str) -> Iterator[Outcome]:
    """Kill, and look what is left."""
    for name, (play, trials) in KILLS.items():
        if only not in name:
            continue
        for number in range(max(1, round(share * trials))):
            dice = random.Random(f"{name} {seed} {number}")  # noqa: S311 - to be repeated
            folder = root / f"{name.replace(' ', '_')}_{number}"
            folder.mkdir()
            note = fault = ""
            try:
                note = play(folder, dice, seed + number)
            except BrokenPromiseError as broken:
                fault = f"{broken}; {(folder / 'stderr.txt').read_text()[-300:]}"
            yield Outcome(name, number, fault, note)
            shutil.rmtree(folder, ignore_errors=True)
