"""Bare weights: what they belong to is guessed, asked, and then opened with a card."""

from __future__ import annotations

import argparse
import hashlib
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torchvision
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import Tensor, nn

from gridsal_core import load_network
from gridsal_core.checkpoints.card import BuildCard, ModelCard, OutputCard, write_card
from gridsal_core.checkpoints.state_dict import (
    PREFIXES,
    load_state,
    read_state_dict,
    strip_prefixes,
)
from gridsal_core.errors import CardNeededError, CheckpointError
from tests.engine.formats.networks import (
    SMALL_ENCODER,
    plain_network,
    prefixed,
    save,
    smp_network,
)
from tests.engine.networks import random_image
from tests.engine.saved import save_network

VIT = "tu-vit_tiny_patch16_224"
SMALL_DPT: dict[str, Any] = {
    "encoder_name": VIT,
    "decoder_intermediate_channels": (8, 8, 8, 8),
    "decoder_fusion_channels": 8,
}
# Every architecture, with something of it that is not the default.
NETWORKS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("Unet", {"encoder_depth": 3, "decoder_channels": (16, 8, 8)}),
    ("UnetPlusPlus", {"encoder_depth": 3, "decoder_channels": (16, 12, 8)}),
    ("MAnet", {"encoder_depth": 3, "decoder_channels": (16, 8, 8), "decoder_pab_channels": 16}),
    ("Linknet", {"encoder_depth": 3}),
    ("FPN", {"decoder_pyramid_channels": 16, "decoder_segmentation_channels": 32}),
    ("PSPNet", {"psp_out_channels": 16}),
    ("PAN", {"encoder_name": "mobilenet_v2", "decoder_channels": 8}),
    ("DeepLabV3", {"encoder_name": "mobilenet_v2", "decoder_channels": 16}),
    ("DeepLabV3Plus", {"decoder_channels": 16, "encoder_name": "mobilenet_v2"}),
    ("UPerNet", {"decoder_channels": 16}),
    ("Segformer", {"decoder_segmentation_channels": 16}),
    ("DPT", SMALL_DPT),
)


def asked(path: Path) -> CardNeededError:
    with pytest.raises(CardNeededError) as caught:
        load_network(path, "cpu")
    return caught.value


@pytest.mark.parametrize(("architecture", "options"), NETWORKS)
def test_a_network_is_guessed_from_its_tensors_and_opens_once_confirmed(
    tmp_path: Path, architecture: str, options: dict[str, Any]
) -> None:
    module = smp_network(architecture, **options)
    path = save(module.state_dict(), tmp_path / "net.pth")

    needed = asked(path)

    build = needed.proposal.build
    assert build is not None
    assert (build.library, build.architecture) == ("smp", architecture)
    assert build.encoder == options.get("encoder_name", SMALL_ENCODER)
    assert needed.proposal.output.channels == 3
    assert needed.proposal.input.channels == 3
    assert not [problem for problem in needed.problems if "fit" in problem]
    network = load_network(path, "cpu", card=needed.proposal)
    image = torch.rand(1, 3, 224, 224)
    with torch.no_grad():
        # The weights are laid out for the CPU, which rounds otherwise.
        torch.testing.assert_close(network.module(image), module(image), rtol=1e-4, atol=1e-4)


def test_the_question_says_what_to_write_and_where(tmp_path: Path) -> None:
    path = save(smp_network(classes=7).state_dict(), tmp_path / "my net.pth")

    needed = asked(path)

    assert "holds only weights" in str(needed)
    assert "my net.gridsal.toml" in str(needed)
    options = f"--architecture Unet --encoder {SMALL_ENCODER} --classes 7 --write"
    assert f"gridsal card 'my net.pth' {options}" in str(needed)


def test_a_card_beside_the_file_answers_the_question_once_and_for_all(tmp_path: Path) -> None:
    path = save(smp_network(in_channels=2).state_dict(), tmp_path / "net.ckpt")
    write_card(asked(path).proposal, tmp_path / "net.gridsal.toml")

    network = load_network(path, "cpu")

    assert network.card.input.channels == 2
    assert network.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert network.predict(random_image(40, 50, 2)).class_map.shape == (40, 50)


@pytest.mark.parametrize(
    ("encoder", "options"),
    [
        ("resnet18", {"in_channels": 1}),
        ("mit_b0", {}),
        ("timm-efficientnet-b0", {"decoder_use_norm": False}),
        ("tu-resnet18", {"decoder_attention_type": "scse"}),
    ],
)
def test_encoders_of_other_kinds_are_told_apart(
    tmp_path: Path, encoder: str, options: dict[str, Any]
) -> None:
    module = smp_network("Unet", encoder_name=encoder, **options)

    needed = asked(save(module.state_dict(), tmp_path / "net.pt"))

    assert needed.proposal.build is not None
    assert needed.proposal.build.encoder == encoder
    assert needed.proposal.input.channels == options.get("in_channels", 3)
    assert not [problem for problem in needed.problems if "fit" in problem]


def test_the_weights_that_a_vision_transformer_started_from_are_told_by_its_labels(
    tmp_path: Path,
) -> None:
    encoder = f"{VIT}.augreg_in21k"
    module = smp_network("DPT", **{**SMALL_DPT, "encoder_name": encoder})

    needed = asked(save(module.state_dict(), tmp_path / "net.pth"))

    assert needed.proposal.build is not None
    assert needed.proposal.build.encoder == encoder
    assert not [problem for problem in needed.problems if "fit" in problem]


def test_the_encoders_own_preprocessing_is_proposed(tmp_path: Path) -> None:
    needed = asked(save(smp_network().state_dict(), tmp_path / "net.pt"))

    assert needed.proposal.input.mean == needed.proposal.input.std == (0.5, 0.5, 0.5)


def test_what_the_users_card_says_is_kept_in_the_proposal(tmp_path: Path) -> None:
    path = save(smp_network().state_dict(), tmp_path / "net.pt")
    (tmp_path / "net.gridsal.toml").write_text('name = "mine"\n[input]\nmean = [0.1]\nstd = [0.2]')

    proposal = asked(path).proposal

    assert (proposal.name, proposal.input.mean, proposal.input.std) == ("mine", (0.1,), (0.2,))
    assert proposal.build is not None
    assert proposal.build.architecture == "Unet"


@pytest.mark.parametrize(
    ("name", "classes", "auxiliary"),
    [("lraspp_mobilenet_v3_large", 5, False), ("deeplabv3_mobilenet_v3_large", 2, True)],
)
def test_networks_of_torchvision_are_guessed(
    tmp_path: Path, name: str, classes: int, auxiliary: bool
) -> None:
    given = {"num_classes": classes, "weights_backbone": None}
    if auxiliary:
        given["aux_loss"] = True
    module = torchvision.models.get_model(name, weights=None, **given)
    path = save(module.state_dict(), tmp_path / "net.pth")

    needed = asked(path)

    assert needed.problems == ()
    assert needed.proposal.build is not None
    assert needed.proposal.build.library == "torchvision"
    assert needed.proposal.build.architecture == name
    assert len(load_network(path, "cpu", card=needed.proposal).classes) == classes


def test_what_nothing_is_known_of_is_asked_with_every_gap_named(tmp_path: Path) -> None:
    needed = asked(save(plain_network().state_dict(), tmp_path / "net.pth"))

    assert len(needed.problems) == 3
    assert any("architecture" in problem for problem in needed.problems)


def test_a_guess_that_does_not_fit_lists_ten_names(tmp_path: Path) -> None:
    module = smp_network("Unet", encoder_name="resnet18")
    state = {
        name: tensor
        for name, tensor in module.state_dict().items()
        if not name.startswith("decoder.blocks.2.")
    }

    needed = asked(save(state, tmp_path / "net.pth"))

    listed = [problem for problem in needed.problems if "decoder.blocks" in problem]
    assert 0 < len(listed) <= 10
    assert "do not fit" in needed.problems[0]


def test_a_wrong_card_is_told_with_counts_and_the_first_names(tmp_path: Path) -> None:
    path = save(smp_network().state_dict(), tmp_path / "net.pth")
    card = ModelCard(
        build=BuildCard(architecture="FPN", encoder=SMALL_ENCODER), output=OutputCard(channels=3)
    )

    with pytest.raises(CheckpointError, match=r"\d+ missing, \d+ unexpected") as caught:
        load_network(path, "cpu", card=card)

    told = str(caught.value)
    assert told.count("missing decoder") + told.count("unexpected decoder") == 10


@pytest.mark.parametrize("encoder", ["tu-hf_hub:x/y", "hf-hub:a", "local-dir:/tmp", "../x", "a/b"])
def test_an_encoder_that_is_a_place_is_refused(tmp_path: Path, encoder: str) -> None:
    path = save(smp_network().state_dict(), tmp_path / "net.pth")
    card = ModelCard(build=BuildCard(architecture="Unet", encoder=encoder))

    with pytest.raises(CheckpointError, match="place to fetch"):
        load_network(path, "cpu", card=card)


def test_a_saved_folder_whose_encoder_is_a_place_is_refused(tmp_path: Path) -> None:
    folder = save_network(tmp_path / "net")
    config = json.loads((folder / "config.json").read_text("utf-8"))
    config["encoder_name"] = "tu-local-dir:/somewhere"
    (folder / "config.json").write_text(json.dumps(config), "utf-8")

    with pytest.raises(CheckpointError, match="place to fetch"):
        load_network(folder, "cpu")


def test_a_folder_with_a_card_and_one_file_of_weights_stands_for_them(tmp_path: Path) -> None:
    save_file(smp_network().state_dict(), tmp_path / "model.safetensors")
    write_card(asked(tmp_path / "model.safetensors").proposal, tmp_path / "gridsal.toml")

    for source in (tmp_path, tmp_path / "model.safetensors"):
        assert len(load_network(source, "cpu").classes) == 3


@pytest.mark.parametrize("argument", ["checkpoint_path", "pretrained_cfg", "cache_dir"])
def test_an_argument_that_reads_another_file_is_refused(tmp_path: Path, argument: str) -> None:
    path = save(smp_network().state_dict(), tmp_path / "net.pth")
    build = BuildCard(architecture="Unet", encoder=SMALL_ENCODER, arguments={argument: "x"})

    with pytest.raises(CheckpointError, match="read or fetch another file"):
        load_network(path, "cpu", card=ModelCard(build=build))


def test_a_card_that_asks_for_a_huge_network_is_refused_before_it_takes_memory(
    tmp_path: Path,
) -> None:
    path = save(smp_network().state_dict(), tmp_path / "net.pth")
    huge = {"decoder_channels": [60_000, 60_000, 60_000, 60_000, 60_000]}
    build = BuildCard(architecture="Unet", encoder=SMALL_ENCODER, arguments=huge)

    with pytest.raises(CheckpointError, match="describes a network of"):
        load_network(path, "cpu", card=ModelCard(build=build))


WRAPPED: tuple[tuple[str, Callable[[Any], object]], ...] = (
    ("bare", lambda state: state),
    ("state_dict", lambda state: {"state_dict": prefixed(state, "model."), "epoch": 3}),
    ("model", lambda state: {"model": state, "optimizer": {"state": {0: torch.ones(2)}}}),
    ("model_state_dict", lambda state: {"model_state_dict": prefixed(state, "module.")}),
    ("ema", lambda state: {"ema": {"module": prefixed(state, "net._orig_mod.")}}),
    (
        "metrics",
        lambda state: {
            "state_dict": {
                **prefixed(state, "model."),
                "criterion.weight": torch.ones(3),
                "val_metrics.confmat": torch.ones(3, 3),
            }
        },
    ),
)


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize(("name", "wrap"), WRAPPED, ids=[name for name, _ in WRAPPED])
def test_weights_are_found_in_what_training_wraps_around_them(
    tmp_path: Path, name: str, wrap: Callable[[object], object], zipped: bool
) -> None:
    state = plain_network().state_dict()
    path = save(wrap(state), tmp_path / f"{name}.ckpt", zipped=zipped)

    found = read_state_dict(path)

    assert list(found) == list(state)
    for key, tensor in state.items():
        torch.testing.assert_close(found[key], tensor)


def test_safetensors_are_weights_too(tmp_path: Path) -> None:
    state = plain_network().state_dict()
    save_file(prefixed(state, "module."), tmp_path / "net.safetensors")

    assert set(read_state_dict(tmp_path / "net.safetensors")) == set(state)


def test_a_prefix_that_only_one_side_has_is_no_difference() -> None:
    module = nn.ModuleDict({"model": plain_network()})
    wanted = plain_network().state_dict()

    load_state(module, prefixed(wanted, "somebody.unet."), "the card")

    np.testing.assert_array_equal(module.state_dict()["model.0.weight"], wanted["0.weight"])


NAMES = st.lists(
    st.sampled_from(["encoder", "decoder", "head", "0", "conv", "bn"]), min_size=2, max_size=4
).map(".".join)


@given(
    st.lists(NAMES, min_size=1, max_size=6, unique=True),
    st.lists(st.sampled_from(PREFIXES), max_size=5),
)
def test_any_sequence_of_known_prefixes_is_taken_away_and_nothing_else(
    names: list[str], prefixes: list[str]
) -> None:
    state: dict[str, Tensor] = {name: torch.tensor(place) for place, name in enumerate(names)}

    stripped = strip_prefixes(prefixed(state, "".join(prefixes)))

    assert stripped == state
    assert strip_prefixes(stripped) == stripped


class Marker:
    """Writes a file if it is ever unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("ending", [".pt", ".pth", ".bin", ".ckpt", ".pkl", ".joblib"])
@pytest.mark.parametrize("how", ["zip", "old", "pickle"])
def test_pickled_objects_are_never_made(tmp_path: Path, ending: str, how: str) -> None:
    mark, path = tmp_path / "it ran", tmp_path / f"net{ending}"
    content = {"state_dict": plain_network().state_dict(), "extra": Marker(mark)}
    if how == "pickle":
        path.write_bytes(pickle.dumps(content["extra"]))
    else:
        save(content, path, zipped=how == "zip")

    with pytest.raises(CheckpointError, match="never unpickles") as caught:
        load_network(path, "cpu", trust_code=True)

    assert not mark.exists()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_whole_pickled_module_is_told_how_to_be_saved(tmp_path: Path, zipped: bool) -> None:
    path = save(plain_network(), tmp_path / "net.pt", zipped=zipped)

    with pytest.raises(CheckpointError, match=r"torch\.nn\.modules\.container\.Sequential") as told:
        load_network(path, "cpu")

    assert "state_dict()" in str(told.value)
    assert "TorchScript or safetensors" in str(told.value)


@pytest.mark.parametrize(
    ("extra", "named"),
    [(argparse.Namespace(rate=0.1), "argparse.Namespace"), (np.float64(0.5), "numpy")],
)
def test_objects_beside_the_weights_are_named(tmp_path: Path, extra: object, named: str) -> None:
    content = {"state_dict": plain_network().state_dict(), "hyper_parameters": {"extra": extra}}

    with pytest.raises(CheckpointError, match=named):
        load_network(save(content, tmp_path / "net.ckpt"), "cpu")
