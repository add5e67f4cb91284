"""Bad input to `gridsal explain`: status 2, one sentence on stderr, and no file."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gridsal_core import load_network, read_image
from tests.cli.conftest import SIZE, Answer, Ask, Scene, write_png


def spelled(value: object) -> str:
    """Name a case by its arguments."""
    return " ".join(value) if isinstance(value, list) else ""


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--mask-size", "0x4"], "0x4 is not possible; give at least 1x1 cells"),
        (["--mask-size", "-1x4"], "-1x4 is not possible"),
        (["--mask-size", "many"], "'many' is not understood; write height x width"),
        (["--mask-size", "4"], "'4' is not understood; write height x width"),
        (["--lam", "-0.1"], "λ is -0.1; give a number of at least 0"),
        (["--lam", "nan"], "λ is nan; give a number of at least 0"),
        (["--lam", "inf"], "λ is inf; give a number of at least 0"),
        (["--lam", "small"], "--lam 'small' is not a number; give one such as 0.01."),
        (["--steps", "0"], "0 steps are not possible; give 1 to 100,000"),
        (["--steps", "-5"], "-5 steps are not possible"),
        (["--steps", "1.5"], "--steps '1.5' is not a whole number; give one such as 80."),
        (["--steps", "100001"], "give 1 to 100,000"),
        (["--lr", "fast"], "--lr 'fast' is not a number; give one such as 0.2."),
        (["--momentum", ""], "--momentum '' is not a number; give one such as 0.5."),
        (["--lr", "0"], "learning rate is 0.0; give a number above 0"),
        (["--lr", "inf"], "learning rate is inf"),
        (["--momentum", "1"], "momentum is 1.0; give a number from 0"),
        (["--momentum", "nan"], "momentum is nan"),
        (["--init", "2"], "initial value is 2.0; give a number from 0 to 1, or auto"),
        (["--init", "half"], "'half' is not understood; give a number from 0 to 1, or auto"),
        (["--method", "both"], "The method 'both' is unknown; choose context or grid"),
        (["--score", "odds"], "The score 'odds' is unknown; choose probability or logit"),
        (["--upsampling", "cubic"], "'cubic' is unknown; choose bilinear or nearest"),
        (["--perturbation", "fog"], "'fog' is unknown; choose constant, blur, noise"),
        (["--perturbation", "constant:pink"], "'pink' is unknown; choose mean, black"),
        (["--perturbation", "constant:2"], "2 is out of range; each part is from 0 to 1"),
        (["--perturbation", "blur:0"], "sigma is 0; give a number of pixels above 0"),
        (["--perturbation", "blur:1e9"], "sigma is 1e+09; give a number of pixels above 0, at"),
        (["--device", "tpu"], "The device 'tpu' is unknown; choose auto, cpu, cuda"),
        (["--class", "house"], "'house' is unknown; the network has: 0 ground, 1 Tree, 2 sky"),
        (["--class", "3"], "'3' is unknown; the network has: 0 ground, 1 Tree, 2 sky"),
        (["--mask-size", "25x4"], "25x4 cells is larger than the image of 24x36 pixels"),
        (["--perturbation", "constant:0,1"], "has 2 parts and the image has 3 channels"),
        (["--image", "gone.png"], "The image gone.png does not exist"),
        (["--image", "."], ". is a folder; choose an image file in it"),
        (["--model", "gone"], "There is no network at gone; check the path"),
        (["--region", "gone.png"], "The region gone.png does not exist"),
        (["--out", "data.csv"], "data.csv does not end in .npz"),
        (["--out", "gone/data.npz"], "the folder gone does not exist; create it"),
        (["--figure", "gone/figure.png"], "the folder gone does not exist; create it"),
        (["--figure", "figure.gif"], "figure.gif"),
        (["--figure", "figure"], "figure"),
        (["--colour", "red"], "No such option"),
        (["sideways"], "unexpected extra argument"),
    ],
    ids=spelled,
)
def test_one_sentence_says_what_is_wrong(
    explain: Ask,
    scene: Scene,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    region = ["--region", scene.region] if "--region" not in arguments else []

    answer = explain(*region, "--quiet", *arguments)

    assert told in answer.sentence
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "with one of --region MASK.png, --at X,Y or --segment-of CLASS"),
        (["--at", "36,5"], "(36, 5) lies outside the image of 36 x 24 pixels"),
        (["--at", "5,-1"], "(5, -1) lies outside the image"),
        (["--at", "5"], "'5' is not understood; give image pixels as X,Y"),
        (["--at", "a,b"], "'a,b' is not understood"),
        (["--at", "1.5,2"], "'1.5,2' is not understood"),
        (["--segment-of", "house"], "'house' is unknown; the network has: 0 ground"),
    ],
    ids=spelled,
)
def test_requests_that_lead_nowhere(explain: Ask, arguments: list[str], told: str) -> None:
    assert told in explain("--quiet", *arguments).sentence


def test_a_class_that_was_not_predicted_anywhere(
    explain: Ask, scene: Scene, tmp_path: Path
) -> None:
    sky = np.full((*SIZE, 3), 255, np.uint8)
    image = write_png(tmp_path / "plain.png", sky)
    seen = load_network(scene.model, "cpu").predict(read_image(image)).class_map
    missing = next(index for index in (2, 1, 0) if index not in seen)

    sentence = explain("--quiet", "--image", image, "--segment-of", missing).sentence

    assert f"predicted as the class {['ground', 'Tree', 'sky'][missing]!r}" in sentence


@pytest.mark.parametrize(
    ("pixels", "told"),
    [
        (np.ones((10, 12), np.uint8), "12 x 10 pixels and the image is 36 x 24 (width x height)"),
        (np.zeros(SIZE, np.uint8), "The region mask.png is empty"),
    ],
    ids=["size", "empty"],
)
def test_a_region_that_does_not_fit(
    explain: Ask, tmp_path: Path, pixels: np.ndarray, told: str
) -> None:
    mask = write_png(tmp_path / "mask.png", pixels)
    assert told in explain("--region", mask).sentence


def test_a_region_as_jpeg(explain: Ask, tmp_path: Path) -> None:
    Image.new("L", (SIZE[1], SIZE[0]), 255).save(tmp_path / "mask.jpg")
    assert "save it as PNG" in explain("--region", tmp_path / "mask.jpg").sentence


def test_a_jpeg_that_was_cut_off(explain: Ask, scene: Scene, tmp_path: Path) -> None:
    with Image.open(scene.image) as image:
        image.resize((200, 200)).save(tmp_path / "cut.jpg")
    whole = (tmp_path / "cut.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])

    assert (
        "cut.jpg is damaged or incomplete"
        in explain("--quiet", "--image", tmp_path / "cut.jpg", "--at", "1,1").sentence
    )


def spoilt(explain: Ask, scene: Scene, copy: Path, file: str, share: float | None) -> Answer:
    """Explain with a copy of the network in which one file is shortened, or taken away."""
    shutil.copytree(scene.model, copy)
    whole = (copy / file).read_bytes()
    (copy / file).unlink()
    if share is not None:
        (copy / file).write_bytes(whole[: int(share * len(whole))])
    return explain("--region", scene.region, "--model", copy)


@pytest.mark.parametrize(
    ("file", "share", "told"),
    [
        ("model.safetensors", 0.5, "damaged or incomplete"),
        ("model.safetensors", None, "has no model.safetensors"),
        ("config.json", 0.5, "cannot be read"),
        ("config.json", None, "has no config.json"),
        ("gridsal.toml", 0.5, "model card"),
    ],
)
def test_a_network_that_is_damaged(
    explain: Ask, scene: Scene, tmp_path: Path, file: str, share: float | None, told: str
) -> None:
    assert told in spoilt(explain, scene, tmp_path / "copy", file, share).sentence


def test_a_folder_without_a_network(explain: Ask, scene: Scene, tmp_path: Path) -> None:
    sentence = explain("--region", scene.region, "--model", tmp_path).sentence
    assert "is not a network that GridSal can open" in sentence


@pytest.mark.parametrize("option", ["--out", "--figure"])
def test_a_place_where_nothing_can_be_written(explain: Ask, scene: Scene, option: str) -> None:
    ending = ".npz" if option == "--out" else ".png"
    below_a_file = scene.image / f"result{ending}"
    assert "cannot be saved" in explain("--region", scene.region, option, below_a_file).sentence


@pytest.mark.parametrize("given", ["image", "region"])
def test_a_figure_never_replaces_what_was_given(explain: Ask, scene: Scene, given: str) -> None:
    path: Path = getattr(scene, given)
    before = path.read_bytes()

    answer = explain("--region", scene.region, "--figure", path)

    assert "is an input; give the result another name" in answer.sentence
    assert path.read_bytes() == before


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="there is no /proc here")
@pytest.mark.parametrize(("option", "name"), [("--out", "data.npz"), ("--figure", "x.png")])
def test_a_folder_that_refuses_is_told_before_the_network_is_opened(
    explain: Ask, scene: Scene, option: str, name: str
) -> None:
    answer = explain("--region", scene.region, "--model", "gone", option, f"/proc/{name}")
    assert f"{name} cannot be saved" in answer.sentence
    assert "choose another" in answer.sentence
    assert "free some space" not in answer.sentence


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device here")
def test_cuda_where_there_is_none(explain: Ask, scene: Scene) -> None:
    sentence = explain("--region", scene.region, "--device", "cuda").sentence
    assert "no CUDA device" in sentence


@pytest.mark.parametrize("missing", ["--model", "--image"])
def test_what_must_be_given(ask: Ask, missing: str) -> None:
    given = {"--model": "m", "--image": "i"}
    del given[missing]
    pairs = [part for pair in given.items() for part in pair]

    assert f"Missing option '{missing}'" in ask("explain", *pairs).sentence


def test_a_command_that_does_not_exist(ask: Ask) -> None:
    assert "No such command 'explane'" in ask("explane").sentence


@pytest.mark.parametrize("command", ["make", "train"])
@pytest.mark.parametrize("option", ["--digit", "--seed"])
def test_whole_numbers_of_the_toy_commands(
    ask: Ask, tmp_path: Path, command: str, option: str
) -> None:
    sentence = ask("toy", command, "--out", tmp_path / "set", option, "many").sentence

    assert f"{option} 'many' is not a whole number; give one such as" in sentence
    assert list(tmp_path.iterdir()) == []
