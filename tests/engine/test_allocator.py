"""Memory that was freed is kept by a process that computes, and given back when it rests."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="glibc only")

# Prints how many bytes the process holds: after freeing many, and after giving them back.
PROGRAM = """
import psutil
from gridsal_core.allocator import keep_freed_memory, release_freed_memory

def held():
    return psutil.Process().memory_info().rss

keep_freed_memory()
before = held()
del [bytearray(b"x") * 2**26 for _ in range(4)][:]
print(held() - before)
release_freed_memory()
print(held() - before)
"""


def growth(**environment: str) -> tuple[int, int]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=ours | environment,
        check=True,
        capture_output=True,
        text=True,
    )
    kept, left = map(int, done.stdout.split())
    return kept, left


def test_freed_memory_is_kept_until_it_is_given_back() -> None:
    kept, left = growth()
    assert kept > 0.9 * 2**28
    assert left < 0.1 * 2**28


def test_a_user_who_has_set_the_allocator_is_left_alone() -> None:
    kept, _ = growth(MALLOC_TRIM_THRESHOLD_="131072")
    assert kept < 0.1 * 2**28
