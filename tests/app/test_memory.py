"""A network that is too large for the memory: the window says what was done, and goes on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtWidgets import QLabel

from app.controllers.networks import Asked
from tests.app.stories import set_steps
from tests.driver import Driver

# Fails like a device on which two of the images do not fit at once, or not even one.
HUNGRY = """
import torch
from torch import nn


class Hungry(nn.Module):
    def __init__(self, pixels):
        super().__init__()
        self.pixels = pixels
        self.last = nn.Conv2d(3, 2, 3, padding=1)

    def forward(self, x):
        if x.shape[0] * x.shape[2] * x.shape[3] > self.pixels:
            raise torch.OutOfMemoryError("out of memory")
        return self.last(x)


def one_at_a_time():
    torch.manual_seed(0)
    return Hungry(96 * 96)


def none_at_all():
    torch.manual_seed(0)
    return Hungry(96 * 96 - 1)
"""


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (96, 96, 3), np.uint8)
    Image.fromarray(pixels).save(folder / "picture.png")
    return folder


def open_hungry(driver: Driver, tmp_path: Path, pictures: Path, function: str) -> None:
    file = tmp_path / "hungry.py"
    file.write_text(HUNGRY, "utf-8")
    driver.open(None, pictures)
    driver.app.networks.open(Asked(f"{file}:{function}", trust_code=True))
    driver.wait(lambda: driver.session.prediction is not None)


def status_texts(driver: Driver) -> list[str]:
    return [label.text() for label in driver.window.status.findChildren(QLabel)]


def test_a_run_that_does_not_fit_at_once_is_done_one_by_one_and_says_so(
    driver: Driver, tmp_path: Path, pictures: Path
) -> None:
    open_hungry(driver, tmp_path, pictures, "one_at_a_time")

    set_steps(driver, 5)
    driver.action("rectangle")
    driver.drag((30, 30), (40, 40), (60, 60))
    driver.run()

    assert driver.result.steps == 5
    assert "1 of 2 runs are computed at a time" in driver.result.notes[0]
    assert "1 of 2 runs are computed at a time" in driver.window.run.text
    assert driver.prediction.notes == ()


def test_a_prediction_that_does_not_fit_is_made_smaller_and_the_status_line_says_so(
    driver: Driver, tmp_path: Path, pictures: Path
) -> None:
    open_hungry(driver, tmp_path, pictures, "none_at_all")

    assert driver.prediction.class_map.shape == (96, 96)
    assert "70 % of its scale" in driver.window.status.currentMessage()


def test_the_device_and_its_free_memory_stand_in_the_status_line(
    driver: Driver, tmp_path: Path, pictures: Path
) -> None:
    open_hungry(driver, tmp_path, pictures, "one_at_a_time")

    shown = f"{driver.network.name} · {driver.network.device}, "
    assert driver.network.free_bytes > 0
    assert any(t.startswith(shown) and t.endswith(" GB free") for t in status_texts(driver))
