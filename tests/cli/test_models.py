"""`gridsal models`: what is known by name, and fetching it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants

from gridsal_core.downloads import torchvision_place
from gridsal_core.library import LIBRARY
from tests.cli.conftest import Ask, Scene
from tests.engine.saved import save_network
from tests.server import Server, serving

NAME = "somebody/streets"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_network(tmp_path_factory.mktemp("smp") / "saved")


@pytest.fixture
def hub(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A hub on this computer, for this process and for those it starts."""
    with serving() as server:
        server.add_repository(NAME, folder)
        monkeypatch.setattr(constants, "ENDPOINT", server.url)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        monkeypatch.setenv("HF_HUB_OFFLINE", "0")
        monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
        yield server


@pytest.mark.parametrize("arguments", [["models"], ["models", "list"]])
def test_the_list_has_a_line_for_each(
    ask: Ask, arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    entry = LIBRARY[0]
    place = torchvision_place(entry.url)
    place.parent.mkdir(parents=True)
    place.write_bytes(b"weights")
    answer = ask(*arguments)
    assert answer.status == 0
    heading, *lines = answer.out.splitlines()
    assert heading.split() == ["name", "data", "classes", "size", "licence", "here"]
    assert [line.split()[0] for line in lines] == [entry.source for entry in LIBRARY]
    assert [line.rstrip().endswith("yes") for line in lines].count(True) == 1
    assert " ".join(lines[0].split()[1:]) == "COCO, Pascal VOC classes 21 13 MB BSD 3-Clause yes"


def test_a_fetched_network_is_said_to_be_here(ask: Ask, hub: Server) -> None:
    answer = ask("models", "fetch", NAME)
    assert (answer.status, answer.out) == (0, f"{NAME} is on this computer now.\n")
    assert f"Fetching {NAME}: " in answer.err
    assert "MB" in answer.err


def test_a_network_that_is_here_is_not_fetched_again(
    ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    entry = LIBRARY[0]
    place = torchvision_place(entry.url)
    place.parent.mkdir(parents=True)
    place.write_bytes(b"weights")
    answer = ask("models", "fetch", entry.source)
    assert answer.status == 0
    assert answer.err == f"{entry.source} is on this computer already.\n"


def test_an_unknown_name_is_told(ask: Ask) -> None:
    answer = ask("models", "fetch", "unet")
    assert answer.status == 2
    assert answer.sentence.startswith("There is no network of the name unet to fetch; ")


def test_explain_fetches_what_it_is_asked_to_open(ask: Ask, hub: Server, scene: Scene) -> None:
    arguments = ("--image", str(scene.image), "--at", "5,5", "--steps", "2", "--mask-size", "2x3")
    answer = ask("explain", "--model", NAME, *arguments)
    assert answer.status == 0
    assert f"Fetching {NAME}: " in answer.err
    again = ask("explain", "--model", NAME, *arguments)
    assert again.status == 0
    assert "Fetching" not in again.err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to a process")
def test_an_interrupted_fetch_goes_on_where_it_stopped(hub: Server, tmp_path: Path) -> None:
    command: list[str | Path] = [Path(sys.executable).with_name("gridsal"), "models", "fetch", NAME]
    hub.hold_after = 300_000
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert hub.holding.wait(60)
        # What was sent has to arrive before the key is pressed.
        parts = tmp_path / "cache"
        while not any(part.stat().st_size > 250_000 for part in parts.rglob("*.part")):
            assert running.poll() is None
            time.sleep(0.02)
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert err.splitlines()[-1] == "gridsal: interrupted."
    assert "Traceback" not in err
    hub.hold_after = None
    hub.released.set()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == f"{NAME} is on this computer now.\n"
    start = int(hub.asked[-1].range.removeprefix("bytes=").removesuffix("-"))
    assert 250_000 < start <= 300_000
