"""`gridsal toy bench`: it trains, measures, goes on where it was, and reports what it found."""

from __future__ import annotations

import csv
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch

from gridsal_core.cli.main import run
from gridsal_core.errors import DeviceError, OutputError, SettingsError
from gridsal_core.settings import PAPER_TOY
from gridsal_core.toy.bench.claims import claims
from gridsal_core.toy.bench.measure import Row, images_of
from gridsal_core.toy.bench.plan import AUTO, FROM_ONE, PAPER, TUNED, Case, Plan, paper_plan
from gridsal_core.toy.bench.report import write_report
from gridsal_core.toy.bench.run import Bench
from gridsal_core.toy.bench.store import Store
from gridsal_core.toy.bench.tables import (
    Accuracy,
    Choice,
    Figures,
    accuracies,
    choose,
    detection,
    figures,
    mean_cbl,
)
from gridsal_core.toy.material import Source
from gridsal_core.toy.recipes import PRESETS
from gridsal_core.toy.textures import TEXTURES
from tests.long import long

RECIPE = replace(PRESETS["demo"], images=32, test_images=8)
QUICK = replace(PAPER_TOY, steps=2)


RUN = "import sys; from gridsal_core.cli.main import run; sys.exit(run(sys.argv[1:]))"


def small_plan() -> Plan:
    return Plan(
        RECIPE,
        digits=(3,),
        textures=("bricks",),
        strengths=("strong",),
        measured=(0,),
        per_digit=3,
        validation="rings",
        validation_per_digit=2,
        methods={
            "VG": replace(QUICK, method="vg-context"),
            PAPER: QUICK,
            FROM_ONE: replace(QUICK, init=1.0),
        },
        candidates={"a": QUICK, "b": replace(QUICK, mask_size=(8, 8))},
    )


def go(folder: Path, plan: Plan, jobs: int = 1) -> list[str]:
    told: list[str] = []
    bench = Bench(
        plan, Store(folder), torch.device("cpu"), lambda title, *_: told.append(title), jobs
    )
    bench.run()
    return told


def files_of(folder: Path) -> set[Path]:
    return {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    folder = tmp_path_factory.mktemp("bench") / "out"
    return folder, go(folder, small_plan())


def test_it_trains_every_network_and_measures_every_method(
    done: tuple[Path, list[str]],
) -> None:
    folder, told = done
    trained = {title.removeprefix("train ") for title in told if title.startswith("train ")}
    assert trained == {
        "none_seed0",
        "strong_digit3_bricks_seed0",
        "validation_strong_digit3_rings_seed0",
    }
    assert all(
        (folder / "networks" / name / "model" / "gridsal.toml").is_file() for name in trained
    )


def test_started_again_it_does_nothing_twice(done: tuple[Path, list[str]]) -> None:
    folder, _ = done
    assert go(folder, small_plan()) == []


def test_only_what_is_missing_is_done_again(done: tuple[Path, list[str]]) -> None:
    folder, _ = done
    lost = next((folder / "rows" / "strong_digit3_bricks_seed0").rglob("digit3.csv"))
    before = lost.read_bytes()
    lost.unlink()
    assert {title.split(" on ")[0] for title in go(folder, small_plan())} <= {
        PAPER,
        FROM_ONE,
        "VG",
        TUNED,
    }
    assert lost.read_bytes() == before


@long
class TestSideBySide:
    def test_several_processes_do_the_same_work(
        self, done: tuple[Path, list[str]], tmp_path: Path
    ) -> None:
        alone, told = done

        together = go(tmp_path / "out", small_plan(), jobs=2)

        assert set(together) == set(told)
        assert files_of(tmp_path / "out" / "rows") == files_of(alone / "rows")
        assert go(tmp_path / "out", small_plan()) == []

    def test_interrupted_it_ends_at_once_and_goes_on_later(self, tmp_path: Path) -> None:
        plan, store = small_plan(), Store(tmp_path / "out")
        others = set(multiprocessing.active_children())

        def interrupt(title: str, *_: object) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            Bench(plan, store, torch.device("cpu"), interrupt, jobs=2).run()

        assert set(multiprocessing.active_children()) <= others
        go(tmp_path / "out", plan)
        assert store.rows(Case("strong", 3, "bricks", 0), TUNED, 3) is not None

    def test_a_process_that_is_killed_is_told_and_what_was_done_is_kept(
        self, tmp_path: Path
    ) -> None:
        others = set(multiprocessing.active_children())

        def kill(title: str, *_: object) -> None:
            for process in set(multiprocessing.active_children()) - others:
                os.kill(process.pid or 0, signal.SIGKILL)

        bench = Bench(small_plan(), Store(tmp_path / "out"), torch.device("cpu"), kill, jobs=2)

        with pytest.raises(DeviceError, match="fewer --jobs"):
            bench.run()

        assert (tmp_path / "out" / "plan.json").is_file()

    def test_the_processes_end_with_the_one_that_began_them(self, tmp_path: Path) -> None:
        command = [sys.executable, "-c", RUN]
        options = ["toy", "bench", "--out", str(tmp_path / "out"), "--jobs", "2"]
        with subprocess.Popen([*command, *options], stderr=subprocess.DEVNULL) as process:
            workers = wait_for_workers(process.pid)

            process.kill()
            process.wait()

            _, alive = psutil.wait_procs(workers, timeout=30)
        assert alive == []


def wait_for_workers(pid: int, seconds: float = 60) -> list[psutil.Process]:
    """Return the children of a process once two of them hold torch."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        children = psutil.Process(pid).children()
        large = [child for child in children if child.memory_info().rss > 200e6]
        if len(large) == 2:
            return children
        time.sleep(0.1)
    raise AssertionError("no process was begun")


def test_another_plan_in_the_same_folder_is_refused(done: tuple[Path, list[str]]) -> None:
    folder, _ = done
    with pytest.raises(OutputError, match="other settings"):
        go(folder, replace(small_plan(), per_digit=4))


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match="holds something else"):
        go(tmp_path, small_plan())
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_the_report_has_tables_a_picture_and_words(done: tuple[Path, list[str]]) -> None:
    folder, _ = done
    written = {path.name for path in write_report(small_plan(), Store(folder))}
    assert written == {
        "iou.csv",
        "mcbd.csv",
        "summary.csv",
        "report.md",
        "figure4.png",
        "figure4.svg",
    }
    with (folder / "summary.csv").open(encoding="utf-8") as file:
        methods = [line["method"] for line in csv.DictReader(file)]
    assert methods == ["VG", PAPER, AUTO, TUNED]
    report = (folder / "report.md").read_text(encoding="utf-8")
    assert "## Agreement with the paper" in report
    assert "statements hold" in report
    assert json.loads((folder / "tuned.json").read_text())["chosen"] in ("a", "b")


def test_the_tables_are_the_means_of_the_rows(done: tuple[Path, list[str]]) -> None:
    folder, _ = done
    plan, store = small_plan(), Store(folder)
    found = {(f.method, f.strength): f for f in figures(plan, store)}
    case = Case("strong", 3, "bricks", 0)
    for method in ("VG", PAPER):
        for digit in (0, 3):
            rows = store.rows(case, method, digit) or []
            known = [row.cbd for row in rows if row.cbd is not None]
            expected = float(np.mean(known)) if known else None
            assert found[method, "strong"].mcbd[digit] == pytest.approx(expected)
    measured = accuracies(plan, store)
    assert [(each.strength, each.digit) for each in measured] == [("none", None), ("strong", 3)]


def test_test_images_are_the_same_every_time_and_follow_the_bias() -> None:
    case = Case("strong", 3, "bricks", 0)
    first, again = (images_of(case, 3, 5, Source()) for _ in range(2))
    for one, two in zip(first, again, strict=True):
        np.testing.assert_array_equal(one.image, two.image)
    assert all("bricks" in (picture.upper, picture.lower) for picture in first)
    other = images_of(replace(case, role="validation"), 3, 5, Source())
    assert any((a.image != b.image).any() for a, b in zip(first, other, strict=True))


def row(digit: int, cbd: float | None, cbl: float | None = None) -> Row:
    return Row(0, digit, 0 if cbd is None else 9, cbd, cbl, 0.1, 0.1, 0.2)


def test_rows_are_read_back_as_they_were_written() -> None:
    for each in (row(3, 0.25, 0.75), row(3, 0.1), row(0, None)):
        assert Row.read(each.cells()) == each


def test_an_image_without_a_prediction_or_a_map_is_left_out_of_the_means() -> None:
    rows = {3: [row(3, 0.5, 0.8), row(3, 0.0, None), row(3, None)], 0: [row(0, 0.1)]}
    assert mean_cbl(rows[3]) == pytest.approx(0.8)
    assert detection(rows, 3) == pytest.approx(0.5)
    assert detection({3: rows[3]}, 3) is None


def test_settings_are_chosen_by_the_mean_of_detection_and_localization() -> None:
    tried = [
        Choice("strong", "a", 0.9, 0.9),
        Choice("weak", "a", 0.5, 0.5),
        Choice("strong", "b", 0.8, 0.8),
        Choice("weak", "b", 0.7, 0.7),
    ]
    assert choose(tried) == "b"
    with pytest.raises(SettingsError, match="at least one candidate"):
        choose([])


def figure(method: str, biased: float, others: tuple[float, ...], mcbl: float) -> Figures:
    mcbd = {3: biased, **dict(enumerate(others))}
    return Figures(method, "strong", 3, mcbd, mcbl, 0, 10, 0, 0.97, 0.05)


def test_claims_say_plainly_what_agrees_and_what_does_not() -> None:
    accuracy = [Accuracy("none", None, 0.9, (0.9,) * 10), Accuracy("strong", 3, 0.8, (0.5,) * 10)]
    right = [figure(PAPER, 0.4, (0.05, 0.1), 0.95), figure("VG", 0.5, (0.4, 0.5), 0.5)]
    wrong = [figure(PAPER, 0.1, (0.2, 0.1), 0.6), figure("VG", 0.5, (0.1, 0.1), 0.9)]
    good, bad = claims(right, accuracy), claims(wrong, accuracy)

    assert all(claim.holds for claim in good)
    assert not any(claim.holds for claim in bad if "mCBL" in claim.text or "mCBD" in claim.text)


def test_the_paper_plan_is_its_full_grid() -> None:
    plan = paper_plan(PRESETS["vgg16"], TEXTURES)
    cases = list(plan.cases())
    assert len(cases) == 5 + 2 * 10 * 5 * 5
    assert len({case.name for case in cases}) == len(cases)
    assert PAPER_TOY in plan.methods.values()


def test_validating_on_a_measured_texture_is_refused() -> None:
    with pytest.raises(SettingsError, match="validate on another one"):
        replace(small_plan(), validation="bricks")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--preset", "huge"), "no preset 'huge'"),
        (("--network", "alexnet"), "no preset 'alexnet'"),
        (("--per-digit", "0"), "give 1 or more"),
        (("--jobs", "0"), "give 1 to 16"),
        (("--digits", "nowhere.npz"), "give MNIST as an"),
    ],
)
def test_what_cannot_be_run_is_refused_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], told: str
) -> None:
    assert run(["toy", "bench", "--out", str(tmp_path / "out"), *options]) == 2
    said = capsys.readouterr().err
    assert told in said
    assert said.count("\n") == 1
