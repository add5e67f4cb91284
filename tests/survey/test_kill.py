"""`kill -9` at random moments: what was finished stays, and the end is the same, bit for bit.

GRIDSAL_KILLS sets how often a survey is killed; with 20 it has at least 60 items, and what
is killed works in two processes.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import time
from functools import partial
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gridsal_core.datasets.folder import list_images
from gridsal_core.demo import find_demo
from gridsal_core.survey.data import Data
from gridsal_core.survey.definition import Means, Survey
from gridsal_core.survey.ledger import Ledger
from tests.survey.conftest import content

KILLS = int(os.environ.get("GRIDSAL_KILLS", "5"))
IMAGES, STEPS, LEAST_ITEMS = (28, 20, 60) if KILLS >= 20 else (12, 5, 24)
JOBS = 2 if KILLS >= 20 else 1
MEANS = Means(max_pixels=2**20, images=2, pixels=4 * 64 * 64)


def survey_images(images: Path, folder: Path, jobs: int, begun: Event) -> None:
    """Survey images of the demo in processes of its own; says when it is at work."""
    from gridsal_core.checkpoints import load_network
    from gridsal_core.survey.definition import define
    from gridsal_core.survey.engine import run_survey
    from gridsal_core.survey.hands import side_by_side

    demo = find_demo()
    network = load_network(demo.model, "cpu")
    given = {"steps": STEPS, "init": 0.5}
    asked = define(network, ("predicted",), (64, 64), given, min_pixels=20, source="labels")
    asked = Survey(**(vars(asked) | {"means": MEANS}))
    data = Data(images, str(demo.images.parent / "labels"))
    with Ledger.begin(folder, asked, str(images)) as ledger:
        opening = partial(load_network, demo.model, "cpu")
        hands = None if jobs == 1 else side_by_side(opening, asked, data, jobs)
        # At the end, too: then all was done before.
        run_survey(
            network,
            data,
            ledger,
            lambda progress: begun.set() if progress.left is not None else None,
            hands=hands,
        )
    begun.set()


@pytest.fixture(scope="module")
def nursery() -> Any:  # noqa: ANN401
    """Where processes come from that have torch at once, and none of this one's threads."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["gridsal_core.survey.engine", "segmentation_models_pytorch"])
    return context


def finished(folder: Path) -> dict[str, int]:
    """Return in which row of the ledger each item is; one that is made again gets another."""
    try:
        with Ledger.open(folder) as ledger:
            return dict(ledger._connection.execute("SELECT identity, rowid FROM items"))
    except Exception:  # noqa: BLE001 - killed before the ledger was begun
        return {}


def test_a_survey_that_is_killed_again_and_again_ends_as_one_that_is_not(
    tmp_path: Path,
    nursery: Any,  # noqa: ANN401
) -> None:
    images, whole, killed = tmp_path / "images", tmp_path / "whole", tmp_path / "killed"
    images.mkdir()
    for image in list_images(find_demo().images)[:IMAGES]:
        shutil.copy(image, images)

    def begin(folder: Path, jobs: int = JOBS) -> Any:  # noqa: ANN401
        begun = nursery.Event()
        process = nursery.Process(target=survey_images, args=(images, folder, jobs, begun))
        process.start()
        assert begun.wait(100)
        return process

    def finish(folder: Path, jobs: int = JOBS) -> float:
        process = begin(folder, jobs)
        begun = time.monotonic()
        process.join()
        assert process.exitcode == 0
        return time.monotonic() - begun

    takes = finish(whole, jobs=1)
    reference = content(whole)
    assert sum(len(row) > 4 for row in reference) >= LEAST_ITEMS

    random = np.random.default_rng(7)
    before: dict[str, int] = {}
    for _ in range(KILLS):
        process = begin(killed)
        process.join(float(random.uniform(0, 1.6 * takes / KILLS)))
        process.kill()
        process.join()
        after = finished(killed)
        assert before.items() <= after.items()  # nothing is lost, and nothing done twice
        before = after
    finish(killed)

    assert content(killed) == reference
    assert before.items() <= finished(killed).items()
