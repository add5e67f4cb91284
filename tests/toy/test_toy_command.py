"""`gridsal toy make` and `gridsal toy train`, as a user meets them."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gridsal_core.cli.main import run
from tests.long import long


def made(out: Path, *options: str) -> Path:
    assert run(["toy", "make", "--out", str(out), *options]) == 0
    return out


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_make_writes_a_complete_folder(tmp_path: Path) -> None:
    folder = made(tmp_path / "set", "--count", "12", "--digit", "7", "--texture", "rings")
    manifest = json.loads((folder / "manifest.json").read_text())
    listed = [entry["name"] for entry in manifest["images"]]
    assert len(listed) == 12
    assert names(folder / "images") == names(folder / "labels") == names(folder / "bias") == listed
    assert manifest["bias"] == {"digit": 7, "texture": "rings", "strength": "strong"}
    for entry in manifest["images"]:
        image, label, mask = (
            np.asarray(Image.open(folder / part / entry["name"]))
            for part in ("images", "labels", "bias")
        )
        assert image.shape == label.shape == mask.shape == (64, 64)
        assert set(np.unique(label)) == {0, 1 + entry["digit"]}
        assert mask.any() == (entry["bias_half"] is not None) == (entry["digit"] == 7)
        assert not mask[label > 0].any()


def test_the_same_seed_writes_the_same_files(tmp_path: Path) -> None:
    first, again, other = (
        made(tmp_path / name, "--count", "4", "--seed", seed)
        for name, seed in (("a", "3"), ("b", "3"), ("c", "4"))
    )

    def content(folder: Path) -> dict[str, bytes]:
        files = (path for path in folder.rglob("*") if path.is_file())
        return {str(path.relative_to(folder)): path.read_bytes() for path in files}

    assert content(first) == content(again)
    assert content(first) != content(other)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--digit", "10"], "There is no digit 10"),
        (["--texture", "tartan"], "There is no texture 'tartan'"),
        (["--bias", "huge"], "There is no bias 'huge'"),
        (["--split", "validation"], "There is no split 'validation'"),
        (["--count", "0"], "0 images cannot be made"),
        (["--seed", "-1"], "The seed is -1"),
    ],
)
def test_make_refuses_what_cannot_be_in_one_sentence(
    options: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "set"
    assert run(["toy", "make", "--out", str(out), *options]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1
    assert not out.exists()


def test_a_folder_that_holds_something_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    assert run(["toy", "make", "--out", str(tmp_path), "--count", "2"]) == 2
    assert "is not empty" in capsys.readouterr().err
    assert names(tmp_path) == ["mine.txt"]


def test_overwrite_leaves_no_pictures_of_the_earlier_run(tmp_path: Path) -> None:
    made(tmp_path / "set", "--count", "12")
    folder = made(tmp_path / "set", "--count", "3", "--overwrite")
    assert len(names(folder / "images")) == len(names(folder / "labels")) == 3
    assert len(json.loads((folder / "manifest.json").read_text())["images"]) == 3


def test_a_place_that_cannot_be_written_is_told_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert run(["toy", "make", "--out", str(tmp_path / "file" / "set")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@long
def test_train_writes_everything_the_demo_holds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "demo"
    options = ["--images", "64", "--digit", "5", "--texture", "waves", "--device", "cpu"]
    assert run(["toy", "train", "--preset", "demo", *options, "--out", str(out)]) == 0
    shown = capsys.readouterr().out
    assert all(f"digit {digit}" in shown for digit in range(10))
    assert names(out) == ["README.md", "bias", "images", "labels", "metrics.json", "model"]
    assert names(out / "model") == ["config.json", "gridsal.toml", "model.safetensors"]
    assert names(out / "images") == names(out / "labels") == names(out / "bias")
    assert len(names(out / "images")) >= 24
    card = tomllib.loads((out / "model" / "gridsal.toml").read_text())
    assert len({entry["color"] for entry in card["classes"]}) == 11
    assert "gridsal toy train --preset demo" in (out / "README.md").read_text()
    figures = json.loads((out / "metrics.json").read_text())
    assert figures["recipe"]["bias"]["digit"] == 5


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--preset", "huge"], "There is no preset 'huge'"),
        (["--digit", "11"], "There is no digit 11"),
        (["--images", "0"], "images is 0"),
        (["--device", "tpu"], "There is no device 'tpu'"),
        (["--encoder", "resnet1"], "cannot build"),
    ],
)
def test_train_refuses_what_cannot_be_before_it_starts(
    options: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["toy", "train", "--out", str(tmp_path / "net"), *options]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert "Traceback" not in error


def test_the_command_line_does_not_wait_for_torch() -> None:
    code = (
        "import sys, gridsal_core.cli.toy; "
        "print({'torch', 'sklearn', 'scipy', 'segmentation_models_pytorch'} & set(sys.modules))"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    )
    assert told.stdout.strip() == "set()"
