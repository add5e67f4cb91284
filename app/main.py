"""Where the program starts: the command line, and the window when it is asked for."""

from __future__ import annotations

import gc
import io
import os
import socket
import sys
from pathlib import Path

INTERRUPTED = 130
FIRST_X_PORT = 6000
PATIENCE_SECONDS = 1.0


def main() -> None:
    """Run `gridsal`; ends the process with its exit status."""
    try:
        if isinstance(sys.stdout, io.TextIOWrapper):
            # An output that lacks λ, or a name that is no text, is no reason to fail.
            sys.stdout.reconfigure(errors="replace")
        from gridsal_core.cli.main import run

        status = run(sys.argv[1:], open_window if has_display() else None)
    except KeyboardInterrupt:
        # The imports take a while, and `run` answers only once they are done.
        print("gridsal: interrupted.", file=sys.stderr)
        status = INTERRUPTED
    sys.exit(status)


def open_window(model: str | Path | None, images: Path | None, session: Path | None = None) -> int:
    """Open the window and return when it was closed."""
    from app.workers.engine_process import EngineProcess

    # It imports torch on another core while this process imports the window.
    engine = EngineProcess()
    engine.begin()
    # Until the window is up nothing becomes garbage, and looking for it takes a while.
    gc.disable()
    from app.startup import run_window

    return run_window(model, images, session, engine)


def has_display() -> bool:
    """Whether a window can be opened; asked first, since Qt aborts the process where it cannot."""
    if os.environ.get("QT_QPA_PLATFORM") == "offscreen":
        return True
    if not sys.platform.startswith("linux"):
        return True
    return _wayland_answers(os.environ.get("WAYLAND_DISPLAY", "")) or _x_server_answers(
        os.environ.get("DISPLAY", "")
    )


def _wayland_answers(display: str) -> bool:
    # A name that is an absolute path stands for itself.
    folder = os.environ.get("XDG_RUNTIME_DIR", "")
    path = os.path.join(folder, display)
    return bool(display) and os.path.isabs(path) and _socket_answers(path)


def _x_server_answers(display: str) -> bool:
    host, _, rest = display.rpartition(":")
    number = rest.partition(".")[0]
    if not (number.isascii() and number.isdigit()):
        return False
    if host in ("", "unix"):
        local = f"/tmp/.X11-unix/X{number}"  # noqa: S108  # X's own place
        return _socket_answers(local) or _socket_answers(f"\0{local}")
    return _port_answers(host.removeprefix("tcp/").strip("[]"), FIRST_X_PORT + int(number))


def _socket_answers(address: str) -> bool:
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.settimeout(PATIENCE_SECONDS)
            server.connect(address)
    except OSError:
        return False
    return True


def _port_answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), PATIENCE_SECONDS):
            return True
    except (OSError, OverflowError, UnicodeError):  # no such port, no such name
        return False
