"""What a test must not leave behind: threads, running timers, windows without owner, processes."""

from __future__ import annotations

import gc
import os
import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

GRACE_SECONDS = 3.0
# Helpers that libraries start once for the whole process, and never end. Python names a thread of
# Qt's pools, which are looked at themselves, Dummy-N.
LASTING_THREADS = ("pytest_timeout", "tqdm_monitor", "Dummy-")
LASTING_PROCESSES = ("resource_tracker", "forkserver")
NUMBER = re.compile(r"\d+")


def traces() -> Counter[str]:
    """Look around in this process, which takes about a millisecond: what there is, in words."""
    return Counter([*_threads(), *_qt_objects(), *_children()])


def left_since(before: Counter[str]) -> list[str]:
    """What there is more of than before; what is about to go is given the time to."""
    ends = time.monotonic() + GRACE_SECONDS
    # What is young is enough for most, and quickly looked through.
    generation = 1
    while left := traces() - before:
        if time.monotonic() > ends:
            break
        _let_go(generation)
        generation = 2
    return sorted(left.elements())


def _let_go(generation: int) -> None:
    """Have garbage collected, and what Qt was told to delete deleted."""
    gc.collect(generation)
    if (core := sys.modules.get("PySide6.QtCore")) and (app := core.QCoreApplication.instance()):
        app.sendPostedEvents(None, core.QEvent.Type.DeferredDelete)
        app.processEvents()
    time.sleep(0.01)


def _threads() -> Iterator[str]:
    for thread in threading.enumerate():
        if not thread.name.startswith(LASTING_THREADS):
            yield f"the thread {thread.name}"


def _qt_objects() -> Iterator[str]:
    if "PySide6.QtWidgets" not in sys.modules:
        return
    from PySide6.QtCore import QThread, QThreadPool, QTimer
    from PySide6.QtWidgets import QWidget
    from shiboken6 import Shiboken

    for thing in Shiboken.getAllValidWrappers():
        if isinstance(thing, QWidget):
            if thing.parent() is None:
                yield f"the window {_described(thing)}"
        elif isinstance(thing, QTimer):
            if thing.isActive():
                yield f"a running timer of {type(thing.parent()).__name__}"
        elif isinstance(thing, QThreadPool):
            if thing.activeThreadCount():
                yield f"a busy thread pool of {type(thing.parent()).__name__}"
        elif isinstance(thing, QThread) and thing.isRunning() and not thing.isMainThread():
            yield f"the thread {type(thing).__name__}"


def _described(widget: QWidget) -> str:
    # Without its title: that of a window which several tests share follows what is open in it.
    entries = ", ".join(action.text() for action in widget.actions())
    return " ".join(filter(None, (type(widget).__name__, widget.objectName(), entries)))


def _children() -> Iterator[str]:
    if not _has_children():
        return
    for process in psutil.Process().children():
        try:
            command = NUMBER.sub("N", " ".join(process.cmdline()))
        except psutil.Error:
            continue
        if not any(name in command for name in LASTING_PROCESSES):
            yield f"the process {command[:200]}"


def _has_children() -> bool:
    """Whether there is any; much faster than to look for them."""
    if not hasattr(os, "waitid"):
        return True
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True
