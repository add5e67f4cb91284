"""What the trials found, as lines and as a page."""

from __future__ import annotations

import platform
import re
import time
from collections.abc import Sequence

from torture.beat import load
from torture.outcome import ALLOWED_MS, Outcome

LONGEST_NOTE = 160
# Where the trials were made is another folder each time.
PLACE = re.compile(r"[^\s'(]*gridsal-torture-[^/\s]*/")


def line(outcome: Outcome) -> str:
    """One trial in a line."""
    state = "skipped" if outcome.is_skipped else "BROKEN" if outcome.fault else "held"
    waits = "" if outcome.longest_ms is None else f"{outcome.longest_ms:6.0f} ms"
    told = outcome.fault or outcome.note
    return f"{state:<8}{outcome.kind} {outcome.number} {waits} {told}"


def page(found: Sequence[Outcome], minutes: float, command: str) -> str:
    """All trials as a page in Markdown: a row for each kind, then what was broken."""
    made = [each for each in found if not each.is_skipped]
    broken = [each for each in made if each.fault]
    slow = [each for each in made if (each.owed_ms or 0) > ALLOWED_MS]
    lines = [
        "# What faults on purpose broke",
        "",
        f"`{command}`, {time.strftime('%Y-%m-%d')}, {platform.system()}, Python "
        f"{platform.python_version()}, {load()}: {len(made)} trials in {minutes:.0f} minutes, "
        f"{len(broken)} of them broke a promise, {len(found) - len(made)} could not be made here; "
        f"in {len(slow)} the window answered nothing for more than {ALLOWED_MS:.0f} ms of its own.",
        "",
        "Each trial breaks something on purpose in the real window or command line, and then "
        "checks: the window goes on to answer, nothing that was saved is lost, the last autosave "
        "is at most one change old, whatever went wrong is said in a sentence, and no process, "
        "thread, or temporary file is left.",
        "",
        "*Longest* is the longest time, in ms, in which the window served no event; *own* is "
        "that without the time in which its thread was ready and other programs had the cores.",
        "",
        "| what was done | trials | held | longest | own | what was said, for example |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for kind in dict.fromkeys(each.kind for each in found):
        lines.append(_row(kind, [each for each in found if each.kind == kind]))
    lines += ["", "## Broken promises", ""]
    lines += [f"- {each.kind}, trial {each.number}: {_flat(each.fault, 600)}" for each in broken]
    if not broken:
        lines.append("None.")
    return "\n".join(lines) + "\n"


def _row(kind: str, trials: Sequence[Outcome]) -> str:
    made = [each for each in trials if not each.is_skipped]
    held = sum(not each.fault for each in made)
    longest = max((each.longest_ms for each in made if each.longest_ms is not None), default=None)
    owed = max((each.owed_ms for each in made if each.owed_ms is not None), default=None)
    told = next((each.note for each in trials if each.note), "")
    waits = " | ".join("" if each is None else f"{each:.0f}" for each in (longest, owed))
    count = str(len(made)) if made else "skipped"
    return f"| {kind} | {count} | {held} | {waits} | {_flat(told, LONGEST_NOTE)} |"


def _flat(text: str, most: int) -> str:
    flat = PLACE.sub("…/", " ".join(text.replace("|", "/").split()))
    return flat if len(flat) <= most else f"{flat[:most]}…"
