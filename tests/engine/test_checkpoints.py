"""Opening save_pretrained folders: what is right opens, what is wrong gets a sentence."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import segmentation_models_pytorch as smp
import torch
from torch import nn

from gridsal_core import Request, Settings, explain, load_network
from gridsal_core.errors import CheckpointError, DeviceError, ImageError
from tests.engine.networks import box, random_image
from tests.engine.saved import CARD, OTHER_ENCODER, save_network

IMAGE = random_image(19, 30)


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_network(tmp_path_factory.mktemp("networks") / "tree net")


@pytest.fixture
def folder(pristine: Path, tmp_path: Path) -> Path:
    """Return a copy of the saved network that a test may spoil."""
    return Path(shutil.copytree(pristine, tmp_path / "copy"))


def write_card(folder: Path, text: str) -> None:
    (folder / "gridsal.toml").write_text(text, "utf-8")


def change_config(folder: Path, **changes: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def plain_answer(folder: Path, image: np.ndarray, mean: object, std: object) -> np.ndarray:
    """Class map from the library's own loader, normalised by hand."""
    module: nn.Module = smp.from_pretrained(str(folder)).eval()
    planes = torch.from_numpy(((image - np.array(mean)) / np.array(std)).astype(np.float32))
    with torch.no_grad():
        return np.asarray(module(planes.permute(2, 0, 1)[None]).argmax(1)[0])


def test_a_folder_without_a_card_opens_with_the_encoders_own_preprocessing(pristine: Path) -> None:
    network = load_network(pristine, "cpu")

    # timm's tf_ mobilenets were trained with these.
    assert network.card.input.mean == network.card.input.std == (0.5, 0.5, 0.5)
    assert network.card.name == "tree net"
    assert [entry.name for entry in network.classes] == ["class 0", "class 1", "class 2"]
    assert len(network.notes) == 1
    assert "preprocessing of the encoder" in network.notes[0]
    padded = random_image(24, 32)
    expected = plain_answer(pristine, padded, 0.5, 0.5)
    np.testing.assert_array_equal(network.predict(padded).class_map, expected)


def test_a_card_says_what_goes_in_and_what_comes_out(folder: Path) -> None:
    write_card(folder, CARD)

    network = load_network(folder, "cpu")

    assert network.notes == ()
    assert [entry.name for entry in network.classes] == ["ground", "Tree", "sky"]
    assert network.classes[2].color == (0, 0, 255)
    expected = plain_answer(folder, random_image(16, 24), (0.4, 0.5, 0.6), 0.2)
    np.testing.assert_array_equal(network.predict(random_image(16, 24)).class_map, expected)


@pytest.mark.parametrize("file", ["config.json", "model.safetensors"])
def test_a_file_of_the_folder_stands_for_the_folder(pristine: Path, file: str) -> None:
    assert load_network(pristine / file, "cpu").source == pristine


def test_the_hash_of_the_weights_is_kept(pristine: Path) -> None:
    network = load_network(pristine, "cpu")
    expected = hashlib.sha256((pristine / "model.safetensors").read_bytes()).hexdigest()
    request = Request(IMAGE, box(IMAGE.shape[:2], 2, 2, 9, 9), 1)

    result = explain(network, request, Settings(mask_size=(2, 3), steps=2))

    assert network.sha256 == result.provenance.checkpoint_sha256 == expected
    versions = dict(result.provenance.versions)
    assert versions["torch"] == torch.__version__.partition("+")[0]
    assert {"gridsal", "python", "numpy", "segmentation-models-pytorch"} <= set(versions)


def test_networks_are_opened_in_eval_mode(pristine: Path) -> None:
    assert not load_network(pristine, "cpu").module.training


def test_sizes_that_the_network_refuses_are_padded_with_a_card_or_without(tmp_path: Path) -> None:
    bare = save_network(tmp_path / "bare", "Linknet")
    silent = save_network(tmp_path / "silent", "Linknet", card='name = "no divisor"')

    for place in (bare, silent):
        network = load_network(place, "cpu")
        assert network.card.input.divisor == 8
        assert network.predict(IMAGE).class_map.shape == (19, 30)


@pytest.mark.parametrize(
    ("activation", "kind"), [("softmax2d", "probabilities"), ("logsoftmax", "logits")]
)
@pytest.mark.filterwarnings("ignore:Implicit dimension:UserWarning")
def test_an_activation_in_the_network_is_not_applied_again(
    folder: Path, activation: str, kind: str
) -> None:
    write_card(folder, 'name = "says nothing of it"')
    plain = load_network(folder, "cpu").predict(IMAGE)
    change_config(folder, activation=activation)

    network = load_network(folder, "cpu")

    assert network.card.output.kind == kind
    np.testing.assert_allclose(network.predict(IMAGE).confidence, plain.confidence, atol=1e-5)
    (folder / "gridsal.toml").unlink()
    assert load_network(folder, "cpu").card.output.kind == kind


def test_one_channel_becomes_background_and_foreground(tmp_path: Path) -> None:
    network = load_network(save_network(tmp_path / "one", classes=1), "cpu")

    assert len(network.classes) == 2
    assert set(np.unique(network.predict(IMAGE).class_map)) <= {0, 1}


@pytest.mark.parametrize("channels", [1, 4])
def test_other_channels_are_told_when_they_do_not_fit(tmp_path: Path, channels: int) -> None:
    network = load_network(save_network(tmp_path / "net", in_channels=channels), "cpu")

    assert network.card.input.channels == channels
    assert "not normalised" in network.notes[0]
    assert network.predict(random_image(16, 16, channels)).class_map.shape == (16, 16)
    with pytest.raises(ImageError, match=f"expects {channels} channels and the image has 3"):
        network.predict(IMAGE)


def test_an_encoder_described_only_on_the_hub_opens_at_once_and_says_what_is_assumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    place = save_network(tmp_path / "net", encoder_name=OTHER_ENCODER)
    asked: list[object] = []

    def no_address(*host: object, **_: object) -> list[object]:
        asked.append(host)
        return []

    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("socket.getaddrinfo", no_address)
    capfd.readouterr()

    network = load_network(place, "cpu")

    assert asked == []
    assert network.card.input.mean == (0.485, 0.456, 0.406)
    assert network.card.input.std == (0.229, 0.224, 0.225)
    assert "ImageNet" in network.notes[0]
    assert capfd.readouterr() == ("", "")


def test_a_weights_name_in_the_config_fetches_nothing(folder: Path) -> None:
    change_config(folder, encoder_weights="imagenet")
    load_network(folder, "cpu")


def refusal(place: Path) -> str:
    """Return the one sentence with which a place is refused."""
    with pytest.raises(CheckpointError) as caught:
        load_network(place, "cpu")
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 1000
    return message


def test_a_path_that_is_nothing(tmp_path: Path) -> None:
    assert "There is no network at" in refusal(tmp_path / "gone")


def test_a_folder_without_a_network(tmp_path: Path) -> None:
    assert "is not a network that GridSal can open" in refusal(tmp_path)


def test_a_file_that_is_no_network(tmp_path: Path) -> None:
    (tmp_path / "net.txt").write_bytes(b"x")
    assert "is not a network that GridSal can open. It opens: " in refusal(tmp_path / "net.txt")


@pytest.mark.parametrize("file", ["config.json", "model.safetensors"])
def test_a_part_that_is_missing(folder: Path, file: str) -> None:
    (folder / file).unlink()
    assert f"has no {file}; save the network again" in refusal(folder)


@pytest.mark.parametrize("text", ["", "{", "\udcff", "[1, 2]", '{"encoder_name": "resnet18"}'])
def test_a_config_that_is_none(folder: Path, text: str) -> None:
    (folder / "config.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert "config.json" in refusal(folder)


@pytest.mark.parametrize("name", ["Onet", "Mapping", "__version__", "encoders", 7, None])
def test_an_architecture_that_the_library_does_not_have(folder: Path, name: object) -> None:
    change_config(folder, _model_class=name)
    assert "install the version that saved it" in refusal(folder)


@pytest.mark.parametrize(
    "changes",
    [
        {"encoder_name": "resnet9000"},
        {"encoder_name": "tu-resnet9000"},
        {"encoder_name": None},
        {"encoder_depth": 9},
        {"decoder_channels": [4]},
        {"decoder_channels": "wide"},
        {"classes": "many"},
        {"activation": "magic"},
        {"colour": "blue"},
    ],
)
def test_a_config_from_which_nothing_can_be_built(folder: Path, changes: dict[str, Any]) -> None:
    change_config(folder, **changes)
    assert "does not describe a Unet that can be built" in refusal(folder)


@pytest.mark.parametrize("share", [0, 0.001, 0.5, 0.999])
def test_weights_that_were_cut_off(folder: Path, share: float) -> None:
    weights = folder / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[: int(share * len(whole))])
    assert "damaged or incomplete" in refusal(folder)


@pytest.mark.parametrize(
    "changes",
    [
        {"_model_class": "Linknet", "decoder_channels": None},
        {"decoder_channels": [32, 8, 8]},
        {"classes": 4},
        {"encoder_name": OTHER_ENCODER},
    ],
    ids=["architecture", "width", "classes", "encoder"],
)
def test_weights_of_another_network(folder: Path, changes: dict[str, Any]) -> None:
    change_config(folder, **changes)
    if changes.get("_model_class"):
        config = json.loads((folder / "config.json").read_text())
        keep = ("encoder_name", "encoder_depth", "classes", "in_channels", "_model_class")
        (folder / "config.json").write_text(json.dumps({key: config[key] for key in keep}))
    assert "does not fit the network that config.json describes" in refusal(folder)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name = ", "is not valid TOML"),
        ("name = 7", "wrong at name"),
        ('name = "n"\ncolour = 1', "wrong at colour"),
        ('name = "n"\n[input]\nmeen = [0.5]', "no such key (did you mean mean?)"),
        ('name = "n"\n[input]\nmean = 0.5', "wrong at input.mean: Input should be a list"),
        ('name = "n"\n[input]\nmean = [0.5, 0.5]', "mean has 2 values for 3 channels"),
        ('name = "n"\n[input]\nstd = [0.0]', "wrong at input.std.0"),
        ('name = "n"\n[input]\nrange = [1.0, 0.0]', "range must rise"),
        ('name = "n"\n[input]\norder = "GBR"', "wrong at input.order"),
        ('name = "n"\n[input]\ndivisor = 0', "wrong at input.divisor"),
        ('name = "n"\n[input]\nchannels = 1', "says 1 input channels and the network has 3"),
        ('name = "n"\n[output]\nkind = "scores"', "wrong at output.kind"),
        ('name = "n"\n[[classes]]\nname = "a"\ncolor = "red"', "wrong at classes.0.color"),
        (
            'name = "n"\n[[classes]]\nname = "a"\ncolor = "#ff0000"',
            "names 1 classes and the network has 3",
        ),
        ('name = "n"\n[explain]\nlambda = 1', "Unknown setting 'lambda'"),
        ('name = "n"\n[explain]\nlam = "small"', "wrong at explain"),
        ('name = "n"\n[explain]\nmask_size = 4', "wrong at explain"),
        ('name = "n"\n[explain]\nsteps = 2.5', "wrong at explain"),
        ('name = "n"\n[explain]\nperturbation = 5', "wrong at explain"),
    ],
)
def test_a_card_that_is_wrong_is_told_where(folder: Path, text: str, told: str) -> None:
    write_card(folder, text)
    assert told in refusal(folder)


def test_a_card_that_is_no_text(folder: Path) -> None:
    (folder / "gridsal.toml").write_bytes(b"\xff\xfe\x00")
    assert "cannot be read" in refusal(folder)


def test_a_card_with_a_divisor_that_the_network_refuses(tmp_path: Path) -> None:
    card = 'name = "n"\n[input]\ndivisor = 4'
    message = refusal(save_network(tmp_path / "net", "Linknet", card=card))
    assert "says divisor 4 and the network takes sizes divisible by 8" in message


def test_an_unknown_device_is_told_before_anything_is_read(pristine: Path) -> None:
    with pytest.raises(DeviceError, match="'tpu' is unknown"):
        load_network(pristine, "tpu")
