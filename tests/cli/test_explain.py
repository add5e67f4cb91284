"""`gridsal explain`: what it writes and says."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gridsal_core import Settings, load_network, read_image
from gridsal_core.cli.main import run
from gridsal_core.segments import largest_segment, majority_class, segment_at
from gridsal_core.upsampling import upsample
from tests.cli.conftest import SIZE, Ask, Scene, write_png
from tests.engine.networks import box

REGION = box(SIZE, 4, 5, 15, 20)


def archive(path: Path) -> dict[str, Any]:
    with np.load(path, allow_pickle=False) as data:
        return dict(data)


@pytest.fixture(scope="module")
def seen(scene: Scene) -> np.ndarray:
    """Class map that the network predicts for the picture."""
    return np.asarray(load_network(scene.model, "cpu").predict(read_image(scene.image)).class_map)


@pytest.mark.parametrize("method", ["context", "grid"])
def test_the_data_file_holds_what_is_promised(
    explain: Ask, scene: Scene, seen: np.ndarray, tmp_path: Path, method: str
) -> None:
    out = tmp_path / "data.npz"
    answer = explain("--region", scene.region, "--method", method, "--class", 1, "--out", out)
    data = archive(out)

    assert answer.status == 0
    assert {name: (value.dtype, value.shape) for name, value in data.items()} == {
        "mask": (np.float32, (3, 4)),
        "saliency": (np.float32, SIZE),
        "region": (np.bool_, SIZE),
        "class_index": (np.int64, ()),
        "losses": (np.float32, (3, 3)),
        "scores": (np.float32, (3,)),
        "prediction": (np.uint8, SIZE),
        "settings": (data["settings"].dtype, ()),
    }
    full = upsample(data["mask"], SIZE)
    np.testing.assert_allclose(
        data["saliency"], np.where(REGION, 0, full) if method == "context" else full, atol=1e-7
    )
    np.testing.assert_array_equal(data["region"], REGION)
    np.testing.assert_array_equal(data["prediction"], seen)
    np.testing.assert_allclose(data["losses"][:, 0], data["losses"][:, 1:].sum(1), atol=1e-6)
    assert data["class_index"] == 1
    assert 0 <= data["scores"].min() <= data["scores"].max() <= 1


def test_the_settings_are_a_record_to_repeat_it_from(
    explain: Ask, scene: Scene, tmp_path: Path
) -> None:
    first, again = tmp_path / "first.npz", tmp_path / "again.npz"
    explain(
        *("--region", scene.region, "--lam", 0.2, "--lr", 0.3, "--momentum", 0.1, "--out", first),
        *("--perturbation", "noise:5", "--score", "logit", "--upsampling", "nearest"),
    )
    record = json.loads(str(archive(first)["settings"]))
    weights = (scene.model / "model.safetensors").read_bytes()

    assert Settings.from_dict(record["settings"]).to_dict() == record["settings"]
    assert record["settings"] == {
        "method": "context",
        "mask_size": [3, 4],
        "lam": 0.2,
        "steps": 3,
        "learning_rate": 0.3,
        "momentum": 0.1,
        "init": 0.5,
        "perturbation": "noise:5",
        "score": "logit",
        "upsampling": "nearest",
        "samples": 50,
        "noise": 0.15,
        "seed": 0,
        "times_input": False,
        "absolute": True,
        "scaled": True,
        "total_variation": 0.0,
        "dilation": 0,
        "tolerance": 0.0,
        "coarse_to_fine": False,
        "keep_best": False,
        "optimizer": "sgd",
        "precision": "float32",
        "execution": "eager",
    }
    assert record["checkpoint_sha256"] == hashlib.sha256(weights).hexdigest()
    assert {"gridsal", "torch", "python"} <= set(record["versions"])
    assert record["region_origin"] == "file"
    assert record["true_class"] is None
    assert record["class_names"] == ["ground", "Tree", "sky"]
    assert record["image"] == str(scene.image)
    explain(
        *("--region", scene.region, "--lam", 0.2, "--lr", 0.3, "--momentum", 0.1, "--out", again),
        *("--perturbation", "noise:5", "--score", "logit", "--upsampling", "nearest"),
    )
    assert first.read_bytes() == again.read_bytes()


def test_the_record_says_what_the_region_truly_is_where_a_label_map_lies_beside_the_image(
    explain: Ask, scene: Scene, tmp_path: Path
) -> None:
    label = np.full(SIZE, 255, np.uint8)
    label[:, : SIZE[1] // 2] = 2
    place = write_png(scene.image.with_name(f"{scene.image.stem}_label.png"), label)
    try:
        explain("--region", scene.region, "--class", 1, "--out", tmp_path / "d.npz")
    finally:
        place.unlink()
    data = archive(tmp_path / "d.npz")
    record = json.loads(str(data["settings"]))

    assert (label[data["region"]] == 2).any()
    assert (record["true_class"], record["true_class_name"]) == (2, "sky")


def test_a_point_picks_the_predicted_segment_under_it(
    explain: Ask, seen: np.ndarray, tmp_path: Path
) -> None:
    explain("--at", "30,7", "--out", tmp_path / "d.npz")
    data = archive(tmp_path / "d.npz")

    np.testing.assert_array_equal(data["region"], segment_at(seen, 30, 7))
    assert data["class_index"] == seen[7, 30]
    assert json.loads(str(data["settings"]))["region_origin"] == "predicted segment"


@pytest.mark.parametrize("by", ["name", "upper case", "index"])
def test_a_class_picks_its_largest_predicted_segment(
    explain: Ask, seen: np.ndarray, tmp_path: Path, by: str
) -> None:
    index = int(np.bincount(seen.ravel()).argmax())
    name = ("ground", "Tree", "sky")[index]
    text = {"name": name, "upper case": name.upper(), "index": str(index)}[by]

    explain("--segment-of", text, "--out", tmp_path / "d.npz")

    data = archive(tmp_path / "d.npz")
    np.testing.assert_array_equal(data["region"], largest_segment(seen, index))
    assert data["class_index"] == index


@pytest.mark.parametrize("text", ["sky", "SKY", "2"])
def test_the_class_may_differ_from_the_predicted_one(
    explain: Ask, scene: Scene, tmp_path: Path, text: str
) -> None:
    answer = explain("--region", scene.region, "--class", text, "--out", tmp_path / "d.npz")

    assert archive(tmp_path / "d.npz")["class_index"] == 2
    assert answer.out.startswith("sky: ")


def test_the_class_is_by_default_the_one_predicted_most(
    explain: Ask, scene: Scene, seen: np.ndarray, tmp_path: Path
) -> None:
    explain("--region", scene.region, "--out", tmp_path / "d.npz")
    assert archive(tmp_path / "d.npz")["class_index"] == majority_class(seen, REGION)


def test_settings_come_from_the_card_and_then_from_the_images_size(
    ask: Ask, scene: Scene, tmp_path: Path
) -> None:
    status = ask(
        *("explain", "--model", scene.model, "--image", scene.image, "--steps", 1),
        *("--region", scene.region, "--out", tmp_path / "d.npz"),
    ).status

    settings = json.loads(str(archive(tmp_path / "d.npz")["settings"]))["settings"]
    assert status == 0
    assert (settings["mask_size"], settings["lam"], settings["init"]) == ([4, 4], 0.05, "auto")


@pytest.mark.parametrize(
    ("suffix", "start"), [(".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF")]
)
def test_the_figure_is_of_the_kind_its_name_says(
    explain: Ask, scene: Scene, tmp_path: Path, suffix: str, start: bytes
) -> None:
    figure = tmp_path / f"figure{suffix}"

    assert explain("--region", scene.region, "--figure", figure).status == 0

    assert figure.read_bytes().startswith(start)
    assert [path.name for path in tmp_path.iterdir()] == [figure.name]


def test_a_summary_of_one_line_goes_to_stdout_and_progress_to_stderr(
    explain: Ask, scene: Scene
) -> None:
    answer = explain("--region", scene.region, "--class", "Tree")

    assert answer.status == 0
    assert answer.out.count("\n") == 1
    assert answer.out.startswith("Tree: ")
    for part in ("on the image", "on the object alone", "with the map", "residual", "mask sum"):
        assert part in answer.out
    assert "explaining: 3 of 3" in answer.err
    assert "explaining" not in answer.out


def test_quiet_says_nothing_on_stderr(explain: Ask, scene: Scene) -> None:
    loud, quiet = (explain("--region", scene.region, *more) for more in ((), ("--quiet",)))

    assert quiet.err == ""
    assert quiet.out == loud.out


def test_a_data_file_is_replaced_whole(explain: Ask, scene: Scene, tmp_path: Path) -> None:
    out = tmp_path / "data.npz"
    out.write_bytes(b"old")

    explain("--region", scene.region, "--out", out)

    assert archive(out)["region"].any()
    assert list(tmp_path.iterdir()) == [out]


def test_a_grey_picture_serves_a_colour_network(explain: Ask, scene: Scene, tmp_path: Path) -> None:
    with Image.open(scene.image) as image:
        image.convert("L").save(tmp_path / "grey.png")

    assert explain("--image", tmp_path / "grey.png", "--region", scene.region).status == 0


def test_an_interrupt_ends_with_130_and_a_sentence(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gridsal_core.checkpoints.load_network", interrupted)
    arguments = ["--model", str(scene.model), "--image", str(scene.image), "--at", "1,1"]

    assert run(["explain", *arguments]) == 130
    assert capsys.readouterr().err.startswith("gridsal: interrupted")


def frame_of(data: dict[str, Any]) -> dict[str, Any]:
    frame: dict[str, Any] = json.loads(str(data["settings"]))["frame"]
    return frame


def test_a_working_scale_is_told_and_recorded_and_the_map_is_written_at_full_scale(
    explain: Ask, scene: Scene, tmp_path: Path
) -> None:
    out, whole = tmp_path / "d.npz", tmp_path / "map.png"

    answer = explain("--region", scene.region, "--scale", "0.5", "--out", out, "--map", whole)

    data = archive(out)
    assert answer.status == 0
    assert "worked on at 18 x 12 of 36 x 24 pixels" in answer.out
    assert frame_of(data)["size"] == [12, 18]
    assert data["saliency"].shape == data["prediction"].shape == (12, 18)
    np.testing.assert_array_equal(data["region"], box((12, 18), 2, 3, 7, 10))
    with Image.open(whole) as image:
        levels = np.asarray(image)
    full = upsample(data["mask"], SIZE)
    full[data["region"].repeat(2, 0).repeat(2, 1)] = 0
    assert levels.shape == SIZE
    np.testing.assert_allclose(levels / 65535, full, atol=1e-5)


def test_an_image_that_fits_is_worked_on_as_it_is(
    explain: Ask, scene: Scene, tmp_path: Path
) -> None:
    answer = explain("--region", scene.region, "--out", tmp_path / "d.npz")

    assert "worked on" not in answer.out
    assert json.loads(str(archive(tmp_path / "d.npz")["settings"]))["frame"] is None


@pytest.mark.parametrize("by", ["region", "point"])
def test_a_crop_goes_around_the_request(
    explain: Ask, scene: Scene, tmp_path: Path, by: str
) -> None:
    request = {"region": ("--region", scene.region), "point": ("--at", "30,7")}[by]

    answer = explain(*request, "--scale", "crop", "--out", tmp_path / "d.npz")

    data = archive(tmp_path / "d.npz")
    assert answer.status == 0
    assert data["region"].any()
    if by == "point":
        frame = frame_of(data)
        window = frame["window"] if frame else {"top": 0, "left": 0}
        assert data["region"][7 - window["top"], 30 - window["left"]]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--scale", "tiny"), "give fit, crop, full, or a fraction"),
        (("--page", "0"), "pages count from 1"),
        (("--map", "map.jpg"), "does not end in .png"),
        (("--device", "tpu"), "choose auto, cpu, cuda, mps"),
        (("--weights", "no.pth"), "no file of weights at no.pth"),
        (("--card", "no.toml"), "model card no.toml cannot be read"),
    ],
)
def test_options_that_lead_nowhere(
    explain: Ask, scene: Scene, arguments: tuple[str, str], told: str
) -> None:
    assert told in explain("--quiet", "--region", scene.region, *arguments).sentence


def test_another_card_may_be_named(explain: Ask, scene: Scene, tmp_path: Path) -> None:
    card = (scene.model / "gridsal.toml").read_text("utf-8").replace("Tree", "Wood")
    (tmp_path / "other.toml").write_text(card, "utf-8")

    answer = explain("--region", scene.region, "--card", tmp_path / "other.toml", "--class", "wood")

    assert answer.out.startswith("Wood: ")
