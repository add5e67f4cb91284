"""A small network, labelled pictures on disk, and surveys of them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gridsal_core.arrays import IndexArray
from gridsal_core.datasets.folder import list_images
from gridsal_core.network import SegmentationNetwork
from gridsal_core.survey.data import Data
from gridsal_core.survey.definition import Means, Survey, define
from gridsal_core.survey.engine import run_survey
from gridsal_core.survey.kinds import KINDS, RequestKind
from gridsal_core.survey.ledger import Ledger
from tests.engine.networks import Convolutions, wrap
from tests.survey.blocks import DEMO, OPENING, survey_of

SIZE = (24, 32)
QUICK = {"steps": 3, "mask_size": (3, 4), "init": 0.5}
# Several batches for each block, and several images in each.
MEANS = Means(max_pixels=2**20, images=3, pixels=4 * SIZE[0] * SIZE[1])


@dataclass(frozen=True)
class Town:
    """Pictures and their label maps; `images` and `labels` are folders."""

    images: Path
    labels: Path

    @property
    def data(self) -> Data:
        return Data(self.images, str(self.labels))


def blocky(seed: int, size: tuple[int, int] = SIZE) -> np.ndarray[Any, Any]:
    """Random blocks of 4 pixels a side: segments that are large enough to be asked about."""
    cells = np.random.default_rng(seed).random((size[0] // 4, size[1] // 4, 3))
    return np.kron(cells, np.ones((4, 4, 1)))


def write_town(folder: Path, network: SegmentationNetwork, count: int) -> Town:
    """Write pictures with label maps that agree with the network in part."""
    town = Town(folder / "images", folder / "labels")
    for place in (town.images, town.labels):
        place.mkdir(parents=True)
    for number in range(count):
        pixels = np.rint(255 * blocky(number)).astype(np.uint8)
        seen = network.predict((pixels / 255).astype(np.float32)).class_map
        Image.fromarray(pixels).save(town.images / f"street{number}.png")
        label = with_mistakes(seen, number)
        Image.fromarray(label).save(town.labels / f"street{number}.png")
    return town


def with_mistakes(seen: IndexArray, seed: int) -> np.ndarray[Any, Any]:
    """Say something else in one half, and nothing (255) in a corner."""
    label = seen.astype(np.uint8)
    half = label[:, SIZE[1] // 2 :]
    label[:, SIZE[1] // 2 :] = np.random.default_rng(seed).permutation(3).astype(np.uint8)[half]
    label[:4, :4] = 255
    return label


@pytest.fixture(scope="session")
def network() -> SegmentationNetwork:
    return wrap(Convolutions(3, seed=1), 3)


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory, network: SegmentationNetwork) -> Town:
    return write_town(tmp_path_factory.mktemp("town"), network, 7)


Ask = Callable[..., Survey]


@pytest.fixture(scope="session")
def asked(network: SegmentationNetwork) -> Ask:
    """Define a quick survey of all kinds; what is given wins."""

    def ask(kinds: tuple[RequestKind, ...] = KINDS, **given: Any) -> Survey:  # noqa: ANN401 - its fields
        settings = QUICK | given.pop("given", {})
        others: dict[str, Any] = {"min_pixels": 12, "source": "labels"} | given
        means = others.pop("means", MEANS)
        survey = define(network, kinds, SIZE, settings, **others)
        return Survey(**(vars(survey) | {"means": means}))

    return ask


@pytest.fixture(scope="session")
def surveyed(
    tmp_path_factory: pytest.TempPathFactory,
    network: SegmentationNetwork,
    town: Town,
    asked: Ask,
) -> Path:
    """The folder of a survey that is finished; nobody writes to its ledger."""
    folder = tmp_path_factory.mktemp("surveyed") / "out"
    with Ledger.begin(folder, asked(), str(town.images)) as ledger:
        assert run_survey(network, town.data, ledger)
    return folder


def content(folder: Path) -> list[tuple[Any, ...]]:
    """All that the ledger of a survey holds of results, in the order of images and items."""
    with Ledger.open(folder) as ledger:
        connection = ledger._connection
        items = connection.execute("SELECT * FROM items ORDER BY image, ordinal").fetchall()
        images = connection.execute(
            "SELECT image, content, items, note FROM images ORDER BY image"
        ).fetchall()
    return [*items, *images]


@pytest.fixture(scope="session")
def demo_network() -> SegmentationNetwork:
    return OPENING()


@pytest.fixture(scope="session")
def twelve(tmp_path_factory: pytest.TempPathFactory) -> Data:
    images = tmp_path_factory.mktemp("images")
    for image in list_images(DEMO.images)[:12]:
        shutil.copy(image, images)
    return Data(images, str(DEMO.images.parent / "labels"))


@pytest.fixture(scope="session")
def alone(
    tmp_path_factory: pytest.TempPathFactory, demo_network: SegmentationNetwork, twelve: Data
) -> Path:
    """The survey as this process makes it."""
    folder = tmp_path_factory.mktemp("alone") / "out"
    with Ledger.begin(folder, survey_of(demo_network), str(twelve.folder)) as ledger:
        run_survey(demo_network, twelve, ledger)
    return folder
