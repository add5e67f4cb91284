"""What all tests share: no display is needed, nothing of the user's is touched."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from gridsal_core.threads import sleep_while_idle
from tests.hygiene import left_since, traces

sleep_while_idle()
if "PYTEST_XDIST_WORKER" in os.environ:
    # Several workers share the cores, and each of their engines would take all of them.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("PYTEST_QT_API", "pyside6")
# Nothing is fetched in a test; a missing file must not wait for a network that is not there.
os.environ["HF_HUB_OFFLINE"] = "1"
# What lives longer than one test, as an engine that several share, has no folder of a test.
_HOME = tempfile.TemporaryDirectory(prefix="gridsal-tests-")
os.environ["GRIDSAL_CONFIG"] = _HOME.name
# A busy machine is slow without anything being wrong; `make bench` measures time.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(autouse=True)
def _leaves_nothing(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that leaves a thread, a running timer, a window or a process behind.

    Its look around takes some milliseconds; GRIDSAL_HYGIENE=0 leaves it out.
    """
    if os.environ.get("GRIDSAL_HYGIENE") == "0":
        yield
        return
    before = traces()
    yield
    # What other fixtures gave is done with, and not to be held until the next test.
    request.node.funcargs.clear()
    if left := left_since(before):
        pytest.fail(f"left behind: {'; '.join(left)}", pytrace=False)


@pytest.fixture(autouse=True)
def _own_config(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDSAL_CONFIG", str(tmp_path_factory.mktemp("config")))
    monkeypatch.setenv("GRIDSAL_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(scope="session")
def street_model() -> Path:
    """The trained street-scene network that may lie beside the project."""
    path = SHARED / "models" / "camvid_deeplabv3plus_lite0"
    if not path.is_dir():
        pytest.skip(f"no street-scene network at {path}")
    return path


@pytest.fixture(scope="session")
def street_images() -> Path:
    """The labelled street photographs that may lie beside the project."""
    path = SHARED / "data" / "camvid" / "images"
    if not path.is_dir():
        pytest.skip(f"no street photographs at {path}")
    return path
