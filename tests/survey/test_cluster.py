"""A survey on a real Ray cluster of two workers: the same results, whoever is lost meanwhile."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from gridsal_core.cli.main import run
from gridsal_core.datasets.folder import list_images
from gridsal_core.errors import DeviceError
from gridsal_core.network import SegmentationNetwork
from gridsal_core.survey.cluster import Cluster, room_on
from gridsal_core.survey.data import Data
from gridsal_core.survey.engine import Progress, run_survey
from gridsal_core.survey.ledger import Ledger
from gridsal_core.survey.parts import Parts
from tests.long import long
from tests.survey.blocks import DEMO, OPENING, survey_of
from tests.survey.conftest import content

pytest.importorskip("ray", reason="Ray is not installed")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")

PATIENCE_SECONDS = 120.0
HANDS = "ray::Worker"
RUN = "import sys; from gridsal_core.cli.main import run; sys.exit(run(sys.argv[1:]))"
GRIDSAL = (sys.executable, "-c", RUN)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of a cluster of this machine that has room for two workers; it is begun as by its users."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # A socket's path may not be long, and pytest's folders are.
    place = tmp_path_factory.mktemp("ray")
    begin = [sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--num-cpus=2"]
    begin += [f"--port={port}", "--include-dashboard=false", "--disable-usage-stats", "--block"]
    begin += ["--object-store-memory=100000000", "--node-ip-address=127.0.0.1"]
    with (place / "log").open("wb") as log:
        cluster = subprocess.Popen(begin, stdout=log, stderr=log, env=open_to_all())
    try:
        wait_for_port(port)
        yield f"127.0.0.1:{port}"
    finally:
        # Asked to end, it waits for its parts one after the other.
        parts = psutil.Process(cluster.pid).children(recursive=True)
        for part in parts:
            part.kill()
        psutil.wait_procs(parts, timeout=30)
        cluster.kill()
        cluster.wait()


def open_to_all() -> dict[str, str]:
    """An environment in which Ray neither asks for the user's token nor makes one."""
    return {**os.environ, "RAY_AUTH_MODE": "disabled"}


def wait_for_port(port: int) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise AssertionError("the cluster did not begin")


def workers() -> list[psutil.Process]:
    """The processes of the cluster that hold a network."""
    return [each for each in psutil.process_iter() if named(each).startswith(HANDS)]


def named(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def test_two_workers_find_what_one_process_finds_though_one_of_them_is_killed(
    tmp_path: Path, demo_network: SegmentationNetwork, twelve: Data, alone: Path, address: str
) -> None:
    killed: list[int] = []

    def kill_one(progress: Progress) -> None:
        mine = workers()
        if progress.fresh and not killed and len(mine) == 2:
            killed.append(mine[0].pid)
            mine[0].kill()

    survey = survey_of(demo_network)
    with Ledger.begin(tmp_path / "out", survey, str(twelve.folder)) as ledger:
        cluster = Cluster(address, 2)
        hands = cluster.hands(OPENING, survey, twelve.elsewhere, str(tmp_path / "parts"))
        assert run_survey(demo_network, twelve, ledger, kill_one, hands=hands)

    assert killed
    assert content(tmp_path / "out") == content(alone)
    assert Parts(str(tmp_path / "parts"), survey).names() == []


@long
def test_a_driver_that_is_killed_can_be_begun_again(
    tmp_path: Path, twelve: Data, address: str
) -> None:
    images = tmp_path / "images"
    images.mkdir()
    for number, image in enumerate(list_images(twelve.folder) * 4):  # more than one block
        (images / f"{number:02}{image.suffix}").symlink_to(image)
    words = ["survey", "--model", str(DEMO.model), "--data", str(images), "--min-pixels", "300"]
    words += ["--steps", "3", "--init", "0.5", "--no-flips", "--quiet", "--out"]
    assert run([*words, str(tmp_path / "alone"), "--jobs", "1"]) == 0

    out = tmp_path / "out"
    words += [str(out), "--engine", "ray", "--address", address, "--jobs", "2"]
    with subprocess.Popen([*GRIDSAL, *words]) as driver:
        until = time.monotonic() + PATIENCE_SECONDS
        while len(workers()) < 2 and time.monotonic() < until:
            time.sleep(0.05)
        driver.kill()
    assert len(content(out)) < len(content(tmp_path / "alone"))
    assert run(words) == 0
    assert content(out) == content(tmp_path / "alone")


def test_without_an_address_a_cluster_of_this_machine_is_begun_whatever_died_there(
    tmp_path: Path, twelve: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    images = tmp_path / "images"
    images.mkdir()
    (images / "one.png").symlink_to(list_images(twelve.folder)[0])
    words = ["survey", "--model", str(DEMO.model), "--data", str(images), "--min-pixels", "300"]
    words += ["--steps", "3", "--init", "0.5", "--no-flips", "--quiet", "--jobs", "1", "--out"]
    assert run([*words, str(tmp_path / "alone")]) == 0

    out = tmp_path / "out"
    # A socket's path may not be long, and pytest's folders are.
    with tempfile.TemporaryDirectory(prefix="ray") as place:
        killed = Path(place) / "ray" / "ray_current_cluster"
        killed.parent.mkdir()
        killed.write_text("127.0.0.1:1", "utf-8")
        # A process of its own, for Ray reads the environment once.
        subprocess.run(
            [*GRIDSAL, *words, str(out), "--engine", "ray"],
            env=open_to_all() | {"RAY_TMPDIR": place},
            check=True,
        )
    assert content(out)
    assert content(out) == content(tmp_path / "alone")


@pytest.mark.parametrize(
    ("machines", "threads", "gpu", "workers"),
    [
        ([{"CPU": 6.0}] * 3, 4, False, 3),
        ([{"CPU": 8.0}] * 2, 16, False, 0),
        ([{"CPU": 8.0, "GPU": 4.0}, {"CPU": 8.0}], 4, True, 2),
        ([{"CPU": 8.0, "GPU": 1.0}, {"memory": 1e9}], 1, True, 1),
    ],
)
def test_a_worker_has_to_find_room_on_one_machine(
    machines: list[dict[str, float]], threads: int, gpu: bool, workers: int
) -> None:
    assert room_on(machines, threads, gpu=gpu) == workers


def test_a_cluster_that_does_not_answer_is_told(
    tmp_path: Path, demo_network: SegmentationNetwork, twelve: Data
) -> None:
    survey = survey_of(demo_network)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"127.0.0.1:{free.getsockname()[1]}"
    with Ledger.begin(tmp_path / "out", survey, str(twelve.folder)) as ledger:
        hands = Cluster(nobody).hands(OPENING, survey, twelve.elsewhere, str(tmp_path / "parts"))
        with pytest.raises(DeviceError, match=r"No Ray cluster answers at 127\.0\.0\.1"):
            run_survey(demo_network, twelve, ledger, hands=hands)
