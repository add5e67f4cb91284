"""Processes side by side: the same survey, bit for bit, whoever of them is lost meanwhile."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from gridsal_core.datasets.folder import list_images
from gridsal_core.errors import CheckpointError, DeviceError
from gridsal_core.network import SegmentationNetwork
from gridsal_core.survey.data import Data
from gridsal_core.survey.definition import Survey
from gridsal_core.survey.engine import Progress, run_survey
from gridsal_core.survey.hands import side_by_side
from gridsal_core.survey.ledger import Ledger
from tests.survey.blocks import DEMO, OPENING, survey_of
from tests.survey.conftest import content


def workers() -> list[int]:
    return [process.pid or 0 for process in multiprocessing.active_children()]


def test_two_processes_find_what_one_finds_though_one_of_them_is_killed(
    tmp_path: Path, demo_network: SegmentationNetwork, twelve: Data, alone: Path
) -> None:
    before = set(workers())
    killed: list[int] = []

    def kill_one(progress: Progress) -> None:
        mine = [pid for pid in workers() if pid not in before]
        if progress.fresh > 4 and not killed and len(mine) == 2:
            killed.append(mine[0])
            os.kill(mine[0], signal.SIGKILL)

    survey = survey_of(demo_network)
    with Ledger.begin(tmp_path / "out", survey, str(twelve.folder)) as ledger:
        hands = side_by_side(OPENING, survey, twelve, 2)
        assert run_survey(demo_network, twelve, ledger, kill_one, hands=hands)
        count = ledger.item_count

    assert killed
    assert content(tmp_path / "out") == content(alone)
    assert sum(len(row) > 4 for row in content(alone)) == count
    assert set(workers()) <= before


def test_a_block_that_loses_every_process_is_told(
    tmp_path: Path, demo_network: SegmentationNetwork, twelve: Data
) -> None:
    survey = survey_of(demo_network)
    with Ledger.begin(tmp_path / "out", survey, str(twelve.folder)) as ledger:
        hands = side_by_side(end_at_once, survey, twelve, 1)
        with pytest.raises(DeviceError, match=r"survey ended unexpectedly.*fewer --jobs"):
            run_survey(demo_network, twelve, ledger, hands=hands)


def test_a_network_that_was_changed_meanwhile_is_told(
    tmp_path: Path, demo_network: SegmentationNetwork, twelve: Data
) -> None:
    survey = Survey(**(vars(survey_of(demo_network)) | {"network_sha256": "0" * 64}))
    with Ledger.begin(tmp_path / "out", survey, str(twelve.folder)) as ledger:
        hands = side_by_side(OPENING, survey, twelve, 1)
        with pytest.raises(CheckpointError, match="was changed while the survey went on"):
            run_survey(demo_network, twelve, ledger, hands=hands)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_the_processes_end_with_the_command_that_began_them(tmp_path: Path, twelve: Data) -> None:
    images = tmp_path / "images"
    images.mkdir()
    for number, image in enumerate(list_images(twelve.folder) * 3):  # more than one block
        os.symlink(image, images / f"{number:02}{image.suffix}")
    words = ["survey", "--model", str(DEMO.model), "--data", str(images), "--jobs", "2"]
    words += ["--steps", "2000", "--out", str(tmp_path / "out"), "--quiet"]
    run = "import sys; from gridsal_core.cli.main import run; sys.exit(run(sys.argv[1:]))"
    with subprocess.Popen([sys.executable, "-c", run, *words]) as process:
        try:
            children = wait_for_children(process.pid)
        finally:
            process.kill()
            process.wait()
        _, alive = psutil.wait_procs(children, timeout=30)
    assert alive == []


def wait_for_children(pid: int) -> list[psutil.Process]:
    """Return the children of a process once two of them hold torch."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        children = psutil.Process(pid).children()
        if sum(child.memory_info().rss > 200e6 for child in children) == 2:
            return children
        time.sleep(0.2)
    raise AssertionError("no processes were begun")


def end_at_once() -> SegmentationNetwork:
    """Stand in for the opening of a network for which there is no memory."""
    os._exit(1)
