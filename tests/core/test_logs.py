"""The log: enough to do a thing again, nothing of what an image shows, and never in the way."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
import torch

from gridsal_core import logs
from gridsal_core.logs import MAIN, failure_report, log_folder, logged, tail, without_values

log = logging.getLogger("gridsal_core.somewhere")


def test_it_says_versions_and_what_our_packages_say() -> None:
    with logged(MAIN):
        log.info("opened %s", "street.png")
        logging.getLogger("PIL.PngImagePlugin").info("a chunk")
        logging.getLogger("PIL.PngImagePlugin").warning("a broken chunk")
    log.info("nobody listens any more")
    text = tail(MAIN)
    assert "GridSal 0" in text
    assert "INFO opened street.png" in text
    assert "a chunk" not in text
    assert "WARNING a broken chunk" in text
    assert "nobody listens" not in text


def test_another_start_goes_on_in_the_same_file() -> None:
    for turn in ("first", "second"):
        with logged(MAIN):
            log.info("the %s start", turn)
    assert tail(MAIN).index("the first start") < tail(MAIN).index("the second start")


def test_it_does_not_grow_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "MAX_BYTES", 5000)
    with logged(MAIN):
        for number in range(1000):
            log.info("line %d", number)
    files = sorted(log_folder().iterdir())
    assert len(files) == 1 + logs.OLDER_FILES
    assert all(file.stat().st_size <= 5000 for file in files)
    assert "line 999" in tail(MAIN)


@pytest.mark.parametrize(
    "values",
    [
        np.arange(0.0, 1.0, 0.01).reshape(10, 10),
        np.zeros((300, 300), np.float32) + 0.125,
        torch.linspace(0, 1, 64).reshape(1, 8, 8),
        list(range(200)),
        [(57, 58, n) for n in range(9)],
        [0.125, float("nan"), float("-inf"), *range(50, 60)],
        b"\x89PNG 57, 58 it's \x00",
    ],
    ids=["small array", "large array", "tensor", "list", "tuples", "no numbers", "bytes"],
)
@pytest.mark.parametrize("spell", [repr, str])
def test_no_pixels_reach_it(values: object, spell: object) -> None:
    assert callable(spell)
    with logged(MAIN):
        try:
            raise ValueError(f"operands could not be used: {spell(values)} and so on")
        except ValueError:
            log.exception("Not foreseen")
    text = tail(MAIN)
    assert "operands could not be used" in text
    assert "in test_no_pixels_reach_it" in text
    for number in ("0.1250", "0.125,", "0.11", "0.0159", "57, 58"):
        assert number not in text


def test_words_and_few_numbers_stay() -> None:
    said = "shape (480, 360, 3): class 4, 120 pixels of the box (1, 2, 3, 4), mask_size [16, 32]"
    assert without_values(said) == said


@pytest.mark.parametrize("of", ["1", "1 ", "1.5e3, ", "nan ", "b'", "b'\\x89", "(1"])
def test_a_long_name_takes_no_time(of: str) -> None:
    # What is tried twice for each of so many letters would not end.
    without_values(f"name {of * 30_000}x")


def test_where_none_can_be_kept_work_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "logs").write_text("a file where a folder should be")
    monkeypatch.setenv("GRIDSAL_CONFIG", str(tmp_path))
    with logged(MAIN):
        log.warning("said to nobody")
    assert capsys.readouterr().err == ""
    assert tail(MAIN) == ""


def test_a_report_holds_the_sentence_the_trace_and_both_logs() -> None:
    with logged(MAIN):
        log.info("in the window")
    with logged(logs.ENGINE):
        log.info("in the engine")
    text = failure_report("It went wrong.", "Traceback of it")
    assert "It went wrong.\nTraceback of it" in text
    assert text.index("in the window") < text.index("in the engine")
    assert "Python 3" in text
