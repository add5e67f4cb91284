"""`gridsal survey`: what it writes, says and refuses, and how it goes on."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gridsal_core import load_network, read_image
from tests.cli.conftest import Answer, Ask, Scene
from tests.engine.saved import CARD, save_network
from tests.long import long

QUICK = ("--steps", 2, "--mask-size", "3x4", "--init", "0.5", "--device", "cpu", "--quiet")


@pytest.fixture(scope="module")
def town(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six pictures of large blocks in `images`, and in `labels` what they truly show."""
    folder = tmp_path_factory.mktemp("town")
    network = load_network(scene.model, "cpu")
    for name in ("images", "labels"):
        (folder / name).mkdir()
    for number in range(6):
        cells = np.random.default_rng(number).integers(0, 256, (3, 4, 3), np.uint8)
        Image.fromarray(cells).resize((32, 24), Image.Resampling.NEAREST).save(
            folder / "images" / f"p{number}.png"
        )
        seen = network.predict(read_image(folder / "images" / f"p{number}.png")).class_map.copy()
        seen[:, 20:] = (seen[:, 20:] + number) % 3
        Image.fromarray(seen).save(folder / "labels" / f"p{number}.png")
    return folder


@pytest.fixture
def survey(ask: Ask, scene: Scene, town: Path) -> Ask:
    """Survey the pictures; what is given besides comes last and so wins."""

    def ask_town(*arguments: object) -> Answer:
        given = ("--data", town / "images", "--min-pixels", 20)
        return ask("survey", "--model", scene.model, *given, *QUICK, *arguments)

    return ask_town


def lines(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def test_a_survey_from_start_to_end_and_once_more(survey: Ask, town: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    both = ("--labels", town / "labels", "--requests", "predicted,confusions", "--out", out)

    answer = survey(*both)

    assert answer.status == 0, answer.err
    assert answer.out.splitlines()[-1] == str(out / "report.html")
    names = {path.name for path in out.iterdir()}
    figures = {f"{name}.{kind}" for name in ("figure6", "table1") for kind in ("png", "svg", "pdf")}
    tables = {"items.csv", "shares.csv", "bias.csv"}
    assert names == figures | tables | {"report.html", "survey.sqlite"}
    items = lines(out / "items.csv")
    assert {line["kind"] for line in items} == {"predicted", "confusions"}
    assert all(int(line["region_pixels"]) >= 20 for line in items)
    assert any(" as " in line for line in answer.out.splitlines())

    again = survey(*both)

    assert again.status == 0
    assert again.out == answer.out
    assert lines(out / "items.csv") == items


def test_only_the_named_classes_are_asked_about(survey: Ask, tmp_path: Path) -> None:
    answer = survey("--classes", "tree,2", "--out", tmp_path / "out")
    assert answer.status == 0
    found = {line["class"] for line in lines(tmp_path / "out" / "items.csv")}
    assert found
    assert found <= {"Tree", "sky"}


def test_progress_is_told_on_stderr(
    survey: Ask, ask: Ask, scene: Scene, town: Path, tmp_path: Path
) -> None:
    answer = ask(
        *("survey", "--model", scene.model, "--data", town / "images", "--min-pixels", 20),
        *(*QUICK[:-1], "--out", tmp_path / "out"),
    )
    assert "surveying: 6 of 6" in answer.err
    assert "requests" in answer.err
    assert "surveying" not in answer.out


def test_a_report_can_be_written_anew(survey: Ask, ask: Ask, town: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    survey("--out", out)
    (out / "report.html").unlink()
    answer = ask("survey", "report", out)
    assert answer.status == 0
    assert "data:image/png" in (out / "report.html").read_text("utf-8")
    assert ask("survey", "report", tmp_path).sentence.startswith(f"The folder {tmp_path} holds no")


@long
def test_two_networks_are_compared(survey: Ask, ask: Ask, scene: Scene, tmp_path: Path) -> None:
    other = save_network(tmp_path / "other", "FPN", card=CARD.replace("saved", "other"))
    survey("--out", tmp_path / "a")
    survey("--model", other, "--out", tmp_path / "b")

    answer = ask("survey", "compare", tmp_path / "a", tmp_path / "b")

    assert answer.status == 0, answer.err
    folder = tmp_path / "a_against_b"
    assert answer.out.splitlines()[-1] == str(folder / "report.html")
    assert {path.name for path in folder.iterdir()} == {
        "differences.csv",
        "difference_figure6.png",
        "difference_figure6.svg",
        "difference_figure6.pdf",
        "report.html",
    }
    assert lines(folder / "differences.csv")


def test_a_folder_of_another_survey_is_refused_in_a_sentence(
    survey: Ask, town: Path, tmp_path: Path
) -> None:
    survey("--out", tmp_path / "out")
    before = (tmp_path / "out" / "survey.sqlite").read_bytes()

    steps = survey("--out", tmp_path / "out", "--steps", 3)
    shutil.copytree(town / "images", tmp_path / "moved")
    images = survey("--out", tmp_path / "out", "--data", tmp_path / "moved")

    assert steps.sentence == (
        "The folder holds a survey with other settings (steps: 2 there, 3 now); choose another "
        "folder, or ask the same to go on with it."
    )
    assert "holds a survey of the images in" in images.sentence
    assert (tmp_path / "out" / "survey.sqlite").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--requests", "confusions"], "The requests confusions need label maps"),
        (["--requests", "all"], "The requests 'all' are unknown"),
        (["--classes", "house"], "The class 'house' is unknown"),
        (["--labels", "gone"], "The folder of label maps gone does not exist"),
        (["--labels", "{what}.png"], "The label pattern has {what}, which is unknown"),
        (["--data", "gone"], "The folder gone does not exist"),
        (["--min-pixels", "few"], "--min-pixels 'few' is not a whole number"),
        (["--scale", "crop"], "A survey sees each image as a whole"),
        (["--steps", "0"], "0 steps are not possible"),
        (["--out", "{town}/images/out"], "among its images, or its figures would be surveyed"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_is_refused_in_a_sentence_and_nothing_is_made(
    survey: Ask, town: Path, tmp_path: Path, arguments: list[str], told: str
) -> None:
    answer = survey(
        "--out", tmp_path / "out", *(each.replace("{town}", str(town)) for each in arguments)
    )
    assert told in answer.sentence
    assert not (tmp_path / "out").exists()
    assert not (town / "images" / "out").exists()


def test_what_is_missing_is_named(ask: Ask, scene: Scene, tmp_path: Path) -> None:
    sentence = ask("survey", "--model", scene.model, "--out", tmp_path / "out").sentence
    assert sentence == "A survey needs --data; see gridsal survey --help."
    assert "needs --model" in ask("survey", "--data", tmp_path, "--out", tmp_path).sentence


@long
def test_label_maps_can_be_named_by_a_pattern(survey: Ask, town: Path, tmp_path: Path) -> None:
    answer = survey(
        "--labels", "../labels/{stem}.png", "--out", tmp_path / "a", "--requests", "correct"
    )
    other = survey("--labels", town / "labels", "--out", tmp_path / "b", "--requests", "correct")
    assert answer.status == other.status == 0
    assert lines(tmp_path / "a" / "items.csv") == lines(tmp_path / "b" / "items.csv")
