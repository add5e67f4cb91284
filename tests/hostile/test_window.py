"""Nothing a stranger sends runs code, crashes the window or fills the memory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.hostile.files import HostileSet, may_open
from tests.hostile.test_command_line import MOST_BYTES

NOT_SENTENCES = ("Traceback", "did not foresee", "ended by itself")


@dataclass(frozen=True)
class Walk:
    """What the window said of each file, by name, and what that took."""

    said: Mapping[str, list[str]]
    peak_bytes: tuple[int, ...]
    spilled: str


@pytest.fixture(scope="module")
def walk(hostile: HostileSet, tmp_path_factory: pytest.TempPathFactory) -> Walk:
    settings = tmp_path_factory.mktemp("settings")
    done = subprocess.run(
        [sys.executable, "-m", "tests.hostile.window_answers", str(hostile.images), str(settings)],
        input="".join(json.dumps(str(path)) + "\n" for path in hostile.networks),
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stdout[-500:] + done.stderr
    *told, peaks = (json.loads(line) for line in done.stdout.splitlines())
    return Walk({each["name"]: each["said"] for each in told}, tuple(peaks), done.stderr)


def test_no_code_is_executed(walk: Walk, hostile: HostileSet) -> None:
    assert walk.said
    assert not hostile.mark.exists()


def test_every_file_is_refused_in_one_sentence_or_asked_about(
    walk: Walk, hostile: HostileSet
) -> None:
    files = (*hostile.networks, *hostile.image_files)
    wrong = [
        (path.name, said)
        for path in files
        if len(said := walk.said[path.name]) != 1 and not (said == [] and may_open(path))
    ]
    assert wrong == []


def test_the_sentences_name_no_internals(walk: Walk) -> None:
    said = [sentence for each in walk.said.values() for sentence in each]
    assert [text for text in said if any(words in text for words in NOT_SENTENCES)] == []


def test_the_window_goes_on_with_what_is_in_order(walk: Walk) -> None:
    assert walk.said["the demo"] == []


def test_memory_stays_below_2_gigabytes(walk: Walk) -> None:
    window, engine = walk.peak_bytes
    assert window < MOST_BYTES
    assert engine < MOST_BYTES


def test_nothing_reaches_the_terminal_but_the_sentences(walk: Walk) -> None:
    assert "Traceback" not in walk.spilled
