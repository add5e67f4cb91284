"""The page of `make torture`: what held, what broke, and what could not be tried is told apart."""

from __future__ import annotations

from torture.outcome import Outcome
from torture.table import line, page

FOUND = (
    Outcome("engine", 0, "", "during: run", 150.0, 40.0),
    Outcome("engine", 1, "a result | was lost", "", 900.0, 250.0),
    Outcome("disk is full", 0, note="only root may mount it", is_skipped=True),
)


def test_a_kind_has_a_row_with_its_worst_answer() -> None:
    assert "| engine | 2 | 1 | 900 | 250 | during: run |" in page(FOUND, 1.0, "make torture")


def test_what_was_skipped_is_no_success() -> None:
    text = page(FOUND, 1.0, "make torture")
    assert "| disk is full | skipped | 0 |" in text
    assert "2 trials in 1 minutes, 1 of them broke a promise, 1 could not be made here" in text
    assert "in 1 the window answered nothing for more than 200 ms of its own" in text


def test_a_broken_promise_is_told_in_full() -> None:
    assert "- engine, trial 1: a result / was lost" in page(FOUND, 1.0, "make torture")
    assert "None." in page(FOUND[:1], 1.0, "make torture")


def test_a_trial_is_a_line_and_comes_back_from_json() -> None:
    assert [line(each).split()[0] for each in FOUND] == ["held", "BROKEN", "skipped"]
    assert [Outcome.from_json(each.to_json()) for each in FOUND] == list(FOUND)
