"""kill -9 of a survey at random moments: nothing that was finished is lost or done twice."""

from __future__ import annotations

import multiprocessing
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from gridsal_core.datasets.folder import list_images
from gridsal_core.demo import find_demo
from tests.survey.conftest import content
from tests.survey.test_kill import finished, survey_images
from torture.outcome import BrokenPromiseError, Outcome, check

NAME: Final = "kill -9 of a survey"
TRIALS: Final = 20
IMAGES: Final = 12
BEGUN_WITHIN_SECONDS: Final = 240.0


def outcomes(root: Path, seed: int, share: float) -> Iterator[Outcome]:
    """Kill a survey again and again; in the end it equals one that nobody killed."""
    images = root / "survey_images"
    images.mkdir()
    for image in list_images(find_demo().images)[:IMAGES]:
        shutil.copy(image, images)
    # Processes come from one that has torch at once, and none of this one's threads.
    nursery = multiprocessing.get_context("forkserver")
    nursery.set_forkserver_preload(["gridsal_core.survey.engine", "segmentation_models_pytorch"])

    def begin(folder: Path) -> Any:  # noqa: ANN401  # a process of that context
        begun = nursery.Event()
        process = nursery.Process(target=survey_images, args=(images, folder, 1, begun))
        process.start()
        check(begun.wait(BEGUN_WITHIN_SECONDS), "the survey never began")
        return process

    begin(root / "whole").join()
    reference = content(root / "whole")
    before: dict[str, int] = {}
    dice = random.Random(f"{NAME} {seed}")  # noqa: S311 - to be repeated
    count = max(1, round(share * TRIALS))
    for number in range(count):
        fault = ""
        process = begin(root / "killed")
        process.join(dice.uniform(0, 1.5))
        process.kill()
        process.join()
        after = finished(root / "killed")
        if not before.items() <= after.items():
            fault = "an item was lost or done twice"
        if len(after) == len(reference):
            shutil.rmtree(root / "killed")
            after = {}
        before = after
        yield Outcome(NAME, number, fault, f"{len(after)} results so far")
    begin(root / "killed").join()
    try:
        check(content(root / "killed") == reference, "the end is another one than without kills")
        yield Outcome(NAME, count, "", "went on to the same end, bit for bit")
    except BrokenPromiseError as broken:
        yield Outcome(NAME, count, str(broken))
