"""A small network and pictures on disk, and the command line to ask about them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gridsal_core.arrays import ByteArray
from gridsal_core.cli.main import run
from tests.engine.networks import box, random_image
from tests.engine.saved import CARD, save_network

SIZE = (24, 36)


@dataclass(frozen=True)
class Scene:
    """Files that fit each other; `region` is a rectangle in the picture."""

    model: Path
    image: Path
    region: Path


@dataclass(frozen=True)
class Answer:
    """What the command line said and how it ended."""

    status: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """The one line of a refusal, without the program's name."""
        lines = self.err.splitlines()
        assert self.status == 2, self
        assert self.out == ""
        assert len(lines) == 1, self.err
        name, _, sentence = lines[0].partition(": ")
        assert name == "gridsal"
        return sentence


Ask = Callable[..., Answer]


def write_png(path: Path, pixels: ByteArray) -> Path:
    Image.fromarray(pixels).save(path)
    return path


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    folder = tmp_path_factory.mktemp("scene")
    pixels = (255 * random_image(*SIZE)).astype(np.uint8)
    inside = 255 * box(SIZE, 4, 5, 15, 20).astype(np.uint8)
    return Scene(
        save_network(folder / "model", card=CARD),
        write_png(folder / "street.png", pixels),
        write_png(folder / "region.png", inside),
    )


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Ask:
    """Run the real command line in this process: importing torch takes seconds in a new one."""

    def run_here(*arguments: object) -> Answer:
        status = run([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Answer(status, said.out, said.err)

    return run_here


@pytest.fixture
def explain(ask: Ask, scene: Scene) -> Ask:
    """Ask for three steps on the scene; what is given besides comes last and so wins.

    Images that are given take the place of the scene's.
    """

    def ask_scene(*arguments: object) -> Answer:
        quick = ("--steps", 3, "--mask-size", "3x4", "--init", "0.5", "--device", "cpu")
        image = () if "--image" in arguments else ("--image", scene.image)
        return ask("explain", "--model", scene.model, *image, *quick, *arguments)

    return ask_scene
