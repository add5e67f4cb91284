"""A survey of twelve images of the demo in six blocks, for whoever works on several at a time."""

from __future__ import annotations

from functools import partial

from gridsal_core.checkpoints import load_network
from gridsal_core.demo import find_demo
from gridsal_core.network import SegmentationNetwork
from gridsal_core.survey.definition import Means, Survey, define

DEMO = find_demo()
OPENING = partial(load_network, DEMO.model, "cpu")
# Twelve images in six blocks, of which a batch holds four requests.
MEANS = Means(max_pixels=2**20, images=2, pixels=4 * 64 * 64)


def survey_of(network: SegmentationNetwork) -> Survey:
    given = {"steps": 4, "init": 0.5}
    asked = define(network, ("predicted",), (64, 64), given, min_pixels=20, source="labels")
    return Survey(**(vars(asked) | {"means": MEANS}))
