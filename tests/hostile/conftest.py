"""The hostile set is written once for all tests."""

from __future__ import annotations

import pytest

from tests.hostile.files import HostileSet, make_hostile_set


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> HostileSet:
    return make_hostile_set(tmp_path_factory.mktemp("hostile"))
