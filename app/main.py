"""Where the program starts: the command line, and the window when it is asked for."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path


def main() -> None:
    """Run `gridsal`; ends the process with its exit status."""
    from gridsal_core.cli.main import run

    sys.exit(run(sys.argv[1:], open_window if has_display() else None))


def open_window(model: Path | None, images: Path | None) -> int:
    """Open the window and return when it was closed."""
    from app.startup import run_window

    return run_window(model, images)


def has_display() -> bool:
    """Whether a window can be opened; asked first, since Qt aborts the process where it cannot."""
    if os.environ.get("QT_QPA_PLATFORM") == "offscreen":
        return True
    if not sys.platform.startswith("linux"):
        return True
    if os.environ.get("WAYLAND_DISPLAY"):
        return True
    return _x_server_answers(os.environ.get("DISPLAY", ""))


def _x_server_answers(display: str) -> bool:
    host, _, rest = display.rpartition(":")
    number = rest.partition(".")[0]
    if not number.isdigit():
        return False
    if host:
        return True
    for address in (f"/tmp/.X11-unix/X{number}", f"\0/tmp/.X11-unix/X{number}"):  # noqa: S108  # X's own place
        try:
            with socket.socket(socket.AF_UNIX) as server:
                server.connect(address)
        except OSError:
            continue
        return True
    return False
