"""How the C library keeps memory that was freed, in processes that compute. Linux with glibc only.

An optimisation asks for the same large tensors in every step. By default glibc takes the larger
ones from the system, and gives them back, each time anew; the system then has to clear every page
again, under a lock that all threads of the process share. Kept in the heap they are simply reused.
"""

from __future__ import annotations

import ctypes
import os
import sys
from functools import cache
from typing import Final

# From glibc's malloc.h.
_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
_NEVER: Final = 2**31 - 1
# What is larger, such as a huge image, still goes back at once. Before 2.35, glibc takes 2^25.
_LARGEST: Final = 2**27
_LARGEST_BEFORE: Final = 2**25
_USERS_OWN: Final = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES")


def keep_freed_memory() -> None:
    """Let this process reuse the memory it frees, unless the user has set it otherwise.

    Call it in a process that computes, before it does. What is kept counts as the process's own
    until `release_freed_memory`.
    """
    libc = _glibc()
    if libc is None or any(name in os.environ for name in _USERS_OWN):
        return
    if libc.mallopt(_M_MMAP_THRESHOLD, _LARGEST) or libc.mallopt(
        _M_MMAP_THRESHOLD, _LARGEST_BEFORE
    ):
        libc.mallopt(_M_TRIM_THRESHOLD, _NEVER)


def release_freed_memory() -> None:
    """Give the memory back that is kept and not in use; takes some milliseconds."""
    libc = _glibc()
    if libc is not None:
        libc.malloc_trim(0)


@cache
def _glibc() -> ctypes.CDLL | None:
    """Return the C library of this process if it is glibc."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    return libc if hasattr(libc, "mallopt") and hasattr(libc, "malloc_trim") else None
