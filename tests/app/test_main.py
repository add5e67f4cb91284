"""Where the program starts: is there a display, and how it ends when it is interrupted."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.main import has_display

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux has these displays"
)

INTERRUPTED_IMPORT = """
import signal, sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "gridsal_core.cli.main":
            signal.raise_signal(signal.SIGINT)
sys.meta_path.insert(0, Finder())
from app.main import main
main()
"""


@pytest.fixture(autouse=True)
def no_display(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))


@pytest.fixture
def compositor(tmp_path: Path) -> Iterator[Path]:
    """A socket that answers, as that of Wayland does."""
    path = tmp_path / "wayland-9"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        yield path


@pytest.fixture
def port() -> Iterator[int]:
    """A port of this machine that answers, as that of an X server does."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


def test_without_a_display_there_is_none() -> None:
    assert not has_display()


@pytest.mark.parametrize("by", ["name", "path"])
def test_a_compositor_that_answers_is_a_display(
    compositor: Path, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    if by == "path":
        monkeypatch.delenv("XDG_RUNTIME_DIR")
    monkeypatch.setenv("WAYLAND_DISPLAY", compositor.name if by == "name" else str(compositor))
    assert has_display()


def test_a_compositor_that_is_gone_is_none(
    compositor: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-8")
    assert not has_display()


def test_a_compositor_that_died_leaves_its_socket_and_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "wayland-7"))
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-7")

    assert (tmp_path / "wayland-7").exists()
    assert not has_display()


def test_a_name_without_its_folder_leads_nowhere(
    compositor: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    monkeypatch.chdir(compositor.parent)
    monkeypatch.setenv("WAYLAND_DISPLAY", compositor.name)
    assert not has_display()


@pytest.mark.parametrize("spelling", ["127.0.0.1:{}", "localhost:{}.0", "tcp/127.0.0.1:{}"])
def test_a_server_behind_a_port_is_a_display(
    port: int, monkeypatch: pytest.MonkeyPatch, spelling: str
) -> None:
    monkeypatch.setenv("DISPLAY", spelling.format(port - 6000))
    assert has_display()


def test_a_port_where_nobody_listens_is_none(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = int(server.getsockname()[1])
    monkeypatch.setenv("DISPLAY", f"localhost:{free - 6000}")
    assert not has_display()


@pytest.mark.parametrize(
    "display", ["localhost:77", "localhost:99999", "a..b:0", ":4711", "unix:4711", "nonsense", ":²"]
)
def test_a_display_that_leads_nowhere_is_none(
    monkeypatch: pytest.MonkeyPatch, display: str
) -> None:
    monkeypatch.setenv("DISPLAY", display)
    assert not has_display()


def test_x_serves_where_wayland_is_gone(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-8")
    monkeypatch.setenv("DISPLAY", f"127.0.0.1:{port - 6000}")
    assert has_display()


def test_an_interrupt_during_the_imports_ends_with_a_sentence() -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_IMPORT],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (130, "gridsal: interrupted.\n")


def test_the_start_itself_imports_nothing_heavy() -> None:
    code = (
        "import sys, app.main; assert not {'gridsal_core', 'PySide6', 'typer'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], timeout=60, check=True)
