"""The log: what was done, in words that suffice to do it again, and never what an image shows."""

from __future__ import annotations

import logging
import os
import platform
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

from platformdirs import user_log_path

MAIN: Final = "gridsal"
ENGINE: Final = "engine"
MAX_BYTES: Final = 1_000_000
OLDER_FILES: Final = 3
LONGEST_LINE: Final = 2_000
TAIL_BYTES: Final = 16_000
OURS: Final = ("app", "gridsal_core")
LIBRARIES: Final = ("numpy", "torch", "PySide6-Essentials", "pillow", "segmentation-models-pytorch")
# A message or a traceback may quote an image: many numbers with nothing between them but brackets,
# or bytes. Nothing is tried twice, however long a text is.
_VALUES: Final = re.compile(
    r"(?<![\w.])(?:(?:-?\d++(?:\.\d*+)?(?:e[+-]?\d++)?|-?inf|nan)[\s,\[\]()]++"
    r"(?:\.\.\.[\s,\[\]()]++)*+){8,}",
    re.IGNORECASE,
)
_BYTES: Final = re.compile(r"""\bb(['"])(?=[^'"]{0,200}\\x)(?:\\.|(?!\1)[^\\])*+\1?""")

log = logging.getLogger(__name__)


def log_folder() -> Path:
    """Where the logs are: the platform's place; with GRIDSAL_CONFIG they are in that folder."""
    config = os.environ.get("GRIDSAL_CONFIG")
    return Path(config) / "logs" if config else user_log_path("gridsal", appauthor=False)


@contextmanager
def logged(name: str) -> Iterator[None]:
    """Keep a log while this lasts, in `NAME.log`; where that cannot be written there is none.

    Parameters
    ----------
    name
        `MAIN` for the process of a window or of a command, `ENGINE` for the window's engine. Each
        file is begun anew at a million bytes, and three older ones are kept.
    """
    root, handler = logging.getLogger(), _handler(log_folder() / f"{name}.log")
    levels = {each: logging.getLogger(each).level for each in OURS}
    for each in OURS:
        logging.getLogger(each).setLevel(logging.INFO)
    root.addHandler(handler)
    try:
        log.info("%s", versions())
        yield
    finally:
        root.removeHandler(handler)
        handler.close()
        for each, level in levels.items():
            logging.getLogger(each).setLevel(level)


def versions() -> str:
    """The versions and the machine, as a line."""
    known = [f"GridSal {_version('gridsal')}", f"Python {platform.python_version()}"]
    known += [f"{each} {found}" for each in LIBRARIES if (found := _version(each))]
    machine = f"{platform.platform()}, {os.cpu_count()} cores"
    return f"{', '.join(known)}; {machine}; process {os.getpid()}"


def failure_report(sentence: str, details: str = "") -> str:
    """What to send to somebody who is to find out what went wrong: a text without image content.

    It holds the sentence, the traceback, the versions and the ends of the logs, in which the
    network, its hash, the device, the request and its settings are named.
    """
    parts = [versions(), without_values(f"{sentence}\n{details}".strip())]
    parts += [f"The end of {log_folder() / name}.log:\n{tail(name)}" for name in (MAIN, ENGINE)]
    return "\n\n".join(parts)


def tail(name: str) -> str:
    """The end of a log, from the start of a line; nothing where there is none."""
    try:
        with (log_folder() / f"{name}.log").open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - TAIL_BYTES))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return text if len(text) < TAIL_BYTES else text.partition("\n")[2]


def without_values(text: str) -> str:
    """Take the values of arrays out of a text, and cut what is longer than any sentence."""
    short = _BYTES.sub("b'…'", _VALUES.sub("… ", text))
    return "\n".join(
        line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}…"
        for line in short.split("\n")
    )


class _Formatter(logging.Formatter):
    """Times of the world, so that logs of several machines can be laid side by side."""

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        return without_values(super().format(record))


class _File(RotatingFileHandler):
    """A full disk, or a file that another process holds, ends nothing and prints nothing."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # logging's own name
        pass


def _handler(path: Path) -> logging.Handler:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler: logging.Handler = _File(
            path, maxBytes=MAX_BYTES, backupCount=OLDER_FILES, encoding="utf-8", errors="replace"
        )
    except OSError:
        return logging.NullHandler()
    handler.setFormatter(_Formatter("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%SZ"))
    # Of other packages only what went wrong: they say much, and about what they are given.
    handler.addFilter(
        lambda record: record.levelno >= logging.WARNING or record.name.startswith(OURS)
    )
    return handler


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
