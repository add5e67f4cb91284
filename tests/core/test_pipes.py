"""A pipe that nobody writes to, where a file should be: it is refused, and nobody waits for it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from app.settings import AppSettings, load_settings
from gridsal_core.checkpoints import load_network
from gridsal_core.checkpoints.card import read_card
from gridsal_core.errors import GridSalError
from gridsal_core.figure.presets import read_presets
from gridsal_core.figure.record_file import exhibit_of_record
from gridsal_core.images import image_info, read_image, read_thumbnail
from gridsal_core.regions import read_region
from gridsal_core.session.archive import read_session

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no such pipes here")

READERS: tuple[tuple[str, Callable[[Path], object]], ...] = (
    ("a.png", lambda path: read_image(path, 3)),
    ("a.tif", lambda path: read_image(path, 3)),
    ("a.png", image_info),
    ("a.png", lambda path: read_thumbnail(path, 64)),
    ("a.png", lambda path: read_region(path, (4, 4))),
    ("a.gridsal", read_session),
    ("a.npz", exhibit_of_record),
    ("a.toml", read_card),
    ("a.pth", load_network),
    ("a.onnx", load_network),
    ("a.json", read_presets),
)


@pytest.mark.timeout(60)
@pytest.mark.parametrize(("name", "read"), READERS)
def test_it_is_refused_at_once(tmp_path: Path, name: str, read: Callable[[Path], object]) -> None:
    os.mkfifo(tmp_path / name)
    with pytest.raises(GridSalError):
        read(tmp_path / name)


@pytest.mark.timeout(60)
def test_settings_that_are_one_are_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "settings.json")
    assert load_settings(tmp_path / "settings.json") == AppSettings()
