"""Nothing a stranger sends runs code, crashes the command line or fills the memory."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from gridsal_core.demo import find_demo
from tests.hostile.files import HostileSet, may_open

MOST_BYTES = 2 * 10**9
# One of each kind through a real process, for its exit status.
TELLING = ("pickle0", "WritesWhenLoaded.pt", "bomb.pt", "cut2.onnx", "remote_code")


@dataclass(frozen=True)
class Answer:
    """What the command line said of one file."""

    path: Path
    status: int
    out: str
    err: str


@dataclass(frozen=True)
class Answers:
    """What it said of all of them, and what that took."""

    each: tuple[Answer, ...]
    peak_bytes: int
    spilled: str


@pytest.fixture(scope="module")
def answers(hostile: HostileSet) -> Answers:
    demo = find_demo()
    good = demo.images / sorted(p.name for p in demo.images.glob("*.png"))[0]
    asked = [(path, path, good) for path in hostile.networks]
    asked += [(path, demo.model, path) for path in hostile.image_files]
    lines = "".join(json.dumps(command(model, image)) + "\n" for _, model, image in asked)
    done = subprocess.run(
        [sys.executable, "-m", "tests.hostile.answers"],
        input=lines,
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    *told, peak = done.stdout.splitlines() or [""]
    survived = len(told) == len(asked)
    assert done.returncode == 0, f"{asked[len(told)][0] if not survived else ''}: {done.stderr}"
    each = (json.loads(line) for line in told)
    found = tuple(Answer(path, **answer) for (path, _, _), answer in zip(asked, each, strict=True))
    return Answers(found, int(peak), done.stderr)


def command(model: Path, image: Path) -> list[str]:
    words = ["explain", "--model", str(model), "--image", str(image), "--at", "1,1"]
    return [*words, "--steps", "1", "--init", "0.5", "--mask-size", "2x2", "--quiet"]


def test_no_code_is_executed(answers: Answers, hostile: HostileSet) -> None:
    assert answers.each
    assert not hostile.mark.exists()


def test_every_refusal_is_one_sentence_and_status_2(answers: Answers) -> None:
    wrong = [
        answer
        for answer in answers.each
        if not is_refusal(answer) and not (answer.status == 0 and may_open(answer.path))
    ]
    assert wrong == []


def is_refusal(answer: Answer) -> bool:
    is_one_line = answer.err.startswith("gridsal: ") and answer.err.count("\n") == 1
    return answer.status == 2 and is_one_line and answer.out == ""


def test_nothing_else_reaches_the_terminal(answers: Answers) -> None:
    assert answers.spilled == ""


def test_a_refusal_names_no_internals(answers: Answers) -> None:
    for answer in answers.each:
        assert "Traceback" not in answer.err, answer
        assert "did not foresee" not in answer.err, answer


def test_memory_stays_below_2_gigabytes(answers: Answers) -> None:
    assert answers.peak_bytes < MOST_BYTES


def test_pickles_are_never_opened_and_the_way_out_is_told(answers: Answers) -> None:
    pickles = [answer for answer in answers.each if answer.path.name.startswith("pickle")]
    assert len(pickles) > 50
    for answer in pickles:
        assert answer.status == 2, answer


@pytest.mark.parametrize("name", TELLING)
def test_the_process_ends_with_status_2(name: str, hostile: HostileSet) -> None:
    place = next(path for path in hostile.networks if path.name.startswith(name))
    demo = find_demo()
    good = sorted(demo.images.glob("*.png"))[0]
    done = subprocess.run(
        [str(Path(sys.executable).with_name("gridsal")), *command(place, good)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert not hostile.mark.exists()
