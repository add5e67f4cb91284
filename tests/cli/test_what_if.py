"""`gridsal what-if` and `gridsal check`: what they say and write."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gridsal_core.methods import METHODS
from tests.cli.conftest import SIZE, Ask, Scene

QUICK = ("--steps", 3, "--mask-size", "3x4", "--init", "0.5", "--device", "cpu", "--quiet")


def common(scene: Scene) -> tuple[object, ...]:
    return ("--model", scene.model, "--image", scene.image, "--region", scene.region, *QUICK)


@pytest.mark.parametrize("change", ["keep", "remove"])
def test_the_context_is_changed_and_the_network_asked_again(
    ask: Ask, scene: Scene, tmp_path: Path, change: str
) -> None:
    figure = tmp_path / "before_after.png"
    answer = ask("what-if", *common(scene), "--change", change, "--figure", figure)

    assert answer.status == 0, answer.err
    assert "inside the region" in answer.out
    with Image.open(figure) as image:
        assert image.size[0] > SIZE[1]


def test_a_painted_context_is_removed(ask: Ask, scene: Scene, tmp_path: Path) -> None:
    painted = tmp_path / "painted.png"
    Image.fromarray(np.full(SIZE, 255, np.uint8)).save(painted)
    answer = ask("what-if", *common(scene), "--change", "painted", "--painted", painted)
    assert answer.status == 0, answer.err
    assert answer.out.startswith("Without the painted context")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--change", "twist"), "choose keep, remove, painted"),
        (("--change", "painted"), "belong together"),
        (("--change", "keep", "--painted", "x.png"), "belong together"),
    ],
)
def test_what_makes_no_sense_is_refused(
    ask: Ask, scene: Scene, options: tuple[str, ...], told: str
) -> None:
    assert told in ask("what-if", *common(scene), *options).sentence


def test_a_check_prints_areas_and_correlation_and_writes_the_curves(
    ask: Ask, scene: Scene, tmp_path: Path
) -> None:
    out = tmp_path / "curves.csv"
    answer = ask("check", *common(scene), "--orders", 2, "--out", out)

    assert answer.status == 0, answer.err
    for word in ("insertion", "deletion", "random order", "dilation", "Shuffled weights"):
        assert word in answer.out
    with out.open() as file:
        assert {line["order"] for line in csv.DictReader(file)} == {"map", "random", "dilation"}


def test_a_check_says_on_stderr_how_far_it_is(ask: Ask, scene: Scene) -> None:
    loud = [word for word in common(scene) if word != "--quiet"]
    answer = ask("check", *loud, "--orders", 1)
    assert answer.status == 0, answer.err
    assert "checking: " in answer.err
    assert "checking: " not in answer.out


def test_orders_out_of_range_are_refused(ask: Ask, scene: Scene) -> None:
    assert "give 1 to 1,000" in ask("check", *common(scene), "--orders", 0).sentence


@pytest.mark.parametrize("method", METHODS)
def test_every_method_is_there(ask: Ask, scene: Scene, tmp_path: Path, method: str) -> None:
    figure, data = tmp_path / "a.png", tmp_path / "a.npz"
    options = ("--method", method, "--samples", 3, "--figure", figure, "--out", data)
    answer = ask("explain", *common(scene), *options)

    assert answer.status == 0, answer.err
    assert figure.stat().st_size > 1000
    with np.load(data) as archive:
        assert archive["mask"].shape == (3, 4)
        is_gradient = "-" in method
        assert archive["losses"].shape == ((0, 3) if is_gradient else (3, 3))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--samples", 0), "give 1 to 10,000"),
        (("--noise", -1), "standard deviation above 0"),
        (("--total-variation", -1), "at least 0"),
        (("--dilation", 2000), "from 0 to 1000"),
        (("--tolerance", 1), "up to, not with, 1"),
        (("--seed", -1), "whole number from 0"),
        (("--perturbation", "robust:constant:mean"), "give 2 to 8"),
        (("--perturbation", "robust:blur:3+robust"), "cannot hold another"),
        (("--method", "lime"), "unknown"),
    ],
)
def test_settings_out_of_range_are_refused(
    ask: Ask, scene: Scene, options: tuple[object, ...], told: str
) -> None:
    assert told in ask("explain", *common(scene), *options).sentence
