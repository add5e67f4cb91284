"""Tests that take long run where they are asked for, so that the others stay under some minutes."""

from __future__ import annotations

import os

import pytest

long = pytest.mark.skipif(
    not os.environ.get("GRIDSAL_LONG"), reason="takes long; GRIDSAL_LONG=1 runs it"
)
