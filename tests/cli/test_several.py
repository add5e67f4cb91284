"""`gridsal explain` with several requests: what it writes, says and refuses."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gridsal_core import load_network, read_image
from gridsal_core.errors import DeviceError
from gridsal_core.network import SegmentationNetwork
from tests.cli.conftest import SIZE, Ask, Scene, write_png
from tests.engine.networks import random_image

GRIDSAL = shutil.which("gridsal", path=str(Path(sys.executable).parent))
CLASSES = ("ground", "Tree", "sky")


def archive(path: Path) -> dict[str, Any]:
    with np.load(path, allow_pickle=False) as data:
        return dict(data)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(scope="module")
def seen(scene: Scene) -> np.ndarray:
    return np.asarray(load_network(scene.model, "cpu").predict(read_image(scene.image)).class_map)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another picture of the same size."""
    pixels = (255 * random_image(*SIZE, seed=5)).astype(np.uint8)
    return write_png(tmp_path_factory.mktemp("other") / "other.png", pixels)


@pytest.fixture(scope="module")
def larger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pixels = (255 * random_image(28, 40, seed=6)).astype(np.uint8)
    return write_png(tmp_path_factory.mktemp("larger") / "larger.png", pixels)


@pytest.mark.parametrize("method", ["context", "sg-context"])
def test_every_request_of_an_image_equals_a_single_call(
    explain: Ask, scene: Scene, seen: np.ndarray, tmp_path: Path, method: str
) -> None:
    common = ("--method", method, "--samples", 3)
    most = CLASSES[int(np.bincount(seen.ravel()).argmax())]
    ways = [("--region", scene.region), ("--at", "30,7"), ("--segment-of", most)]

    # The order is told in the help: regions, then points, then classes.
    answer = explain(*common, *ways[2], *ways[0], *ways[1], "--out", tmp_path / "all.npz")

    assert answer.status == 0, answer.err
    lines = answer.out.splitlines()
    assert len(lines) == 3
    for number, (way, line) in enumerate(zip(ways, lines, strict=True), 1):
        alone = explain(*common, *way, "--out", tmp_path / "alone.npz")
        one, several = archive(tmp_path / "alone.npz"), archive(tmp_path / f"all_{number}.npz")
        np.testing.assert_allclose(several["mask"], one["mask"], atol=1e-5)
        np.testing.assert_allclose(several["saliency"], one["saliency"], atol=1e-5)
        np.testing.assert_array_equal(several["region"], one["region"])
        assert several["class_index"] == one["class_index"]
        assert line.startswith(f"street.png, {CLASSES[int(one['class_index'])]}: ")
        assert line.split(":")[0] == f"street.png, {alone.out.split(':')[0]}"


def test_images_of_several_sizes_take_turns_and_keep_their_order(
    explain: Ask, scene: Scene, larger: Path, other: Path, tmp_path: Path
) -> None:
    images = (scene.image, larger, other)
    given = [word for image in images for word in ("--image", image)]

    answer = explain(
        *(*given, "--at", "30,7", "--at", "2,20", "--class", "sky"),
        *("--out", tmp_path / "d.npz", "--figure", tmp_path / "d.png"),
        *("--map", tmp_path / "map.png"),
    )

    assert answer.status == 0, answer.err
    told = [line.split(":")[0] for line in answer.out.splitlines()]
    assert told == [f"{image.name}, sky" for image in images for _ in range(2)]
    assert "explaining 6 requests: 18 of 18 steps" in answer.err
    assert "explaining" not in answer.out
    kinds = ("d_{}.npz", "d_{}.png", "map_{}.png")
    assert names(tmp_path) == sorted(kind.format(n) for kind in kinds for n in range(1, 7))
    shapes = [archive(tmp_path / f"d_{n}.npz")["saliency"].shape for n in range(1, 7)]
    assert shapes == [SIZE, SIZE, (28, 40), (28, 40), SIZE, SIZE]
    explain("--image", larger, "--at", "2,20", "--class", "sky", "--out", tmp_path / "one.npz")
    np.testing.assert_allclose(
        archive(tmp_path / "d_4.npz")["mask"], archive(tmp_path / "one.npz")["mask"], atol=1e-5
    )


def test_images_of_one_name_are_told_apart_by_their_folders(
    explain: Ask, scene: Scene, other: Path, tmp_path: Path
) -> None:
    same = shutil.copy(other, tmp_path / scene.image.name)

    answer = explain("--image", scene.image, "--image", same, "--at", "30,7", "--quiet")

    told = [line.split(", ")[0] for line in answer.out.splitlines()]
    assert answer.err == ""
    assert told == [str(scene.image), str(same)]


def test_a_second_image_is_asked_what_the_first_is_and_refused_by_its_name(
    explain: Ask, scene: Scene, seen: np.ndarray, tmp_path: Path
) -> None:
    black = write_png(tmp_path / "black.png", np.zeros((*SIZE, 3), np.uint8))
    found = load_network(scene.model, "cpu").predict(read_image(black)).class_map
    missing = next(index for index in np.unique(found) if index not in seen)

    answer = explain(
        *("--image", black, "--image", scene.image, "--segment-of", missing, "--quiet"),
        *("--out", tmp_path / "d.npz"),
    )

    assert answer.sentence.startswith(
        f"street.png, --segment-of {missing}: No pixel was predicted as the class"
    )
    assert names(tmp_path) == ["black.png"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--at", "38,5"], "street.png, --at 38,5: The point (38, 5) lies outside the image"),
        (["--segment-of", "house"], "larger.png, --segment-of house: The class 'house' is unknown"),
        (["--at", "5"], "'5' is not understood; give image pixels as X,Y"),
        (["--at", "1,25"], "street.png, --at 1,25: The point (1, 25) lies outside the image"),
        (["--image", "gone.png"], "The image gone.png does not exist"),
        (["--region", "gone.png"], "The region gone.png does not exist"),
        (["--mask-size", "26x4"], "street.png, --at 1,1: The mask of 26x4 cells is larger"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_one_request_that_cannot_be_made_stops_all_and_is_named(
    explain: Ask, scene: Scene, larger: Path, tmp_path: Path, arguments: list[str], told: str
) -> None:
    answer = explain(
        *("--image", larger, "--image", scene.image, "--at", "1,1", *arguments, "--quiet"),
        *("--out", tmp_path / "d.npz"),
    )

    assert told in answer.sentence
    assert names(tmp_path) == []


def test_a_region_that_fits_one_image_only_names_the_other(
    explain: Ask, scene: Scene, larger: Path
) -> None:
    images = ("--image", scene.image, "--image", larger)
    sentence = explain(*images, "--region", scene.region, "--quiet").sentence
    assert sentence.startswith(f"larger.png, --region {scene.region}: The region region.png is 36")


def test_files_that_would_meet_are_refused(explain: Ask, tmp_path: Path) -> None:
    two = ("--at", "1,1", "--at", "30,7", "--quiet", "--model", "gone")
    same = tmp_path / "x.png"

    assert f"Two results would be written to {tmp_path / 'x_1.png'}; give each" in (
        explain(*two, "--figure", same, "--map", same).sentence
    )
    (tmp_path / "d_1.npz").symlink_to(tmp_path / "d_2.npz")
    assert "Two results would be written to" in explain(*two, "--out", tmp_path / "d.npz").sentence


def test_files_that_cannot_be_written_are_refused(
    explain: Ask, scene: Scene, tmp_path: Path
) -> None:
    two = ("--at", "1,1", "--at", "30,7", "--quiet", "--model", "gone")
    (tmp_path / "d_2.npz").mkdir()
    image = shutil.copy(scene.image, tmp_path / "f_2.png")

    assert "d_2.npz is a folder" in explain(*two, "--out", tmp_path / "d.npz").sentence
    assert "the folder" in explain(*two, "--out", tmp_path / "gone" / "d.npz").sentence
    assert "saved as figure; let" in explain(*two, "--figure", tmp_path / "figure").sentence
    assert "f_2.png is an input" in (
        explain(*two, "--image", image, "--figure", tmp_path / "f.png").sentence
    )
    assert names(tmp_path) == ["d_2.npz", "f_2.png"]


def test_a_batch_holds_no_more_than_memory_does(
    explain: Ask, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gridsal_core import grid_saliency

    real, sizes = grid_saliency.explain_many, []

    def watched(network: Any, requests: Any, *rest: Any, **more: Any) -> Any:  # noqa: ANN401 - as it is
        sizes.append(len(requests))
        return real(network, requests, *rest, **more)

    monkeypatch.setattr(grid_saliency, "explain_many", watched)
    monkeypatch.setattr("gridsal_core.measure.LEAST_PIXELS", 2 * SIZE[0] * SIZE[1])
    monkeypatch.setattr(SegmentationNetwork, "max_pixels", 2 * SIZE[0] * SIZE[1])
    points = [word for x in (1, 8, 15) for word in ("--at", f"{x},3")]

    assert explain(*points).out.count("street.png, ") == 3
    assert explain(*points[:4]).out.count("street.png, ") == 2
    assert sizes == [2, 1, 2]


def test_what_was_explained_before_a_failure_is_told(
    explain: Ask, scene: Scene, larger: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from gridsal_core import grid_saliency

    real = grid_saliency.explain_many

    def failing(network: Any, requests: Any, *rest: Any, **more: Any) -> Any:  # noqa: ANN401 - as it is
        if requests[0].region.shape != SIZE:
            raise DeviceError("No memory is left.")
        return real(network, requests, *rest, **more)

    monkeypatch.setattr(grid_saliency, "explain_many", failing)

    answer = explain(
        *("--image", scene.image, "--image", larger, "--at", "1,1", "--quiet"),
        *("--out", tmp_path / "d.npz"),
    )

    assert (answer.status, answer.err) == (2, "gridsal: No memory is left.\n")
    assert answer.out.startswith("street.png, ")
    assert answer.out.count("\n") == 1
    assert names(tmp_path) == ["d_1.npz"]


@pytest.mark.parametrize("command", ["what-if", "check"])
@pytest.mark.parametrize("more", ["--image", "--at"])
def test_other_commands_take_one_request(ask: Ask, scene: Scene, command: str, more: str) -> None:
    given = {"--image": scene.image, "--at": "1,1"}[more]
    sentence = ask(
        *(command, "--model", "gone", "--image", scene.image, "--at", "30,7", more, given),
    ).sentence
    assert "takes one request and 2 were given; give one --image" in sentence


def test_a_process_of_its_own_writes_and_tells_each(
    scene: Scene, other: Path, tmp_path: Path
) -> None:
    assert GRIDSAL is not None
    asked = ("--image", scene.image, "--image", other, "--region", scene.region, "--quiet")
    done = subprocess.run(
        [
            *(GRIDSAL, "explain", "--model", str(scene.model), *(str(word) for word in asked)),
            *("--mask-size", "2x3", "--steps", "2", "--device", "cpu"),
            *("--out", str(tmp_path / "d.npz")),
        ],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    told = [line.split(",")[0] for line in done.stdout.splitlines()]
    assert told == ["street.png", "other.png"]
    assert names(tmp_path) == ["d_1.npz", "d_2.npz"]
