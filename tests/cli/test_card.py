"""`gridsal card`: the model card of what is known, guessed and said."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
import torch
from torch import nn

from gridsal_core import load_network
from gridsal_core.checkpoints.card import ModelCard
from tests.cli.conftest import Ask, Scene
from tests.engine.formats.networks import smp_network

BARE = "bare.pth"


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of a small U-Net, and nothing that says so."""
    import segmentation_models_pytorch as smp

    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("bare") / BARE
    network = smp.Unet(
        "resnet18", encoder_weights=None, encoder_depth=3, decoder_channels=(16, 8, 8), classes=11
    )
    torch.save(network.state_dict(), path)
    return path


def card_of(text: str) -> ModelCard:
    return ModelCard.model_validate(tomllib.loads(text))


def test_weights_are_guessed_and_the_card_goes_to_stdout(ask: Ask, bare: Path) -> None:
    answer = ask("card", bare)
    card = card_of(answer.out)

    assert answer.status == 0
    assert card.build is not None
    assert (card.build.architecture, card.build.encoder) == ("Unet", "resnet18")
    assert (card.input.channels, card.output.channels) == (3, 11)
    assert "--class-set takes one of the sets with 11 classes: CamVid (11)" in answer.err
    assert [path.name for path in bare.parent.iterdir()] == [BARE]


def test_what_is_said_wins_and_the_card_that_is_written_opens_the_network(
    ask: Ask, bare: Path, tmp_path: Path
) -> None:
    weights = tmp_path / BARE
    weights.write_bytes(bare.read_bytes())
    said = ("--class-set", "camvid (11)", "--mean", "0.5,0.4,0.3", "--std", "0.2", "--name", "Mine")

    answer = ask("card", weights, *said, "--write")
    network = load_network(weights, "cpu")

    assert answer.status == 0
    assert (tmp_path / "bare.gridsal.toml").read_text("utf-8") == answer.out
    assert network.card == card_of(answer.out)
    assert network.card.name == "Mine"
    assert network.card.input.mean == (0.5, 0.4, 0.3)
    assert network.classes[3].name.casefold() == "road"
    assert "already; give --force" in ask("card", weights, "--write").sentence
    assert ask("card", weights, "--write", "--force", "--name", "New").status == 0
    assert load_network(weights, "cpu").card.name == "New"


def test_a_network_that_opens_by_itself_prints_its_completed_card(ask: Ask, scene: Scene) -> None:
    answer = ask("card", scene.model)
    card = card_of(answer.out)

    assert answer.status == 0
    assert card.name == "saved"
    assert [entry.name for entry in card.classes] == ["ground", "Tree", "sky"]
    assert card.output.kind == "logits"


def test_class_names_come_from_a_file(ask: Ask, scene: Scene, tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("earth\n\nwood \nair\n", "utf-8")

    answer = ask("card", scene.model, "--classes", tmp_path / "names.txt")

    assert [entry.name for entry in card_of(answer.out).classes] == ["earth", "wood", "air"]


def test_a_card_goes_where_it_is_told_to(ask: Ask, scene: Scene, tmp_path: Path) -> None:
    answer = ask("card", scene.model, "--out", tmp_path / "my.toml")
    assert (tmp_path / "my.toml").read_text("utf-8") == answer.out


def test_weights_that_nobody_knows_are_told_and_no_card_is_written(
    ask: Ask, tmp_path: Path
) -> None:
    path = tmp_path / "own.pth"
    torch.save(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 2, 1)).state_dict(), path)

    shown, refused = ask("card", path), ask("card", path, "--write")

    assert shown.status == 0
    assert "note: " in shown.err
    assert refused.status == 2
    assert "No card is written" in refused.err
    assert "give --architecture NAME and --encoder NAME" in refused.err
    assert refused.err.count("give --architecture") == 1
    assert list(tmp_path.iterdir()) == [path]


def test_an_encoder_that_nobody_knows_is_asked_for_and_no_other_is_tried(
    ask: Ask, tmp_path: Path
) -> None:
    state = smp_network().state_dict()
    path = tmp_path / "net.pth"
    torch.save({name.replace("conv_stem", "stem"): value for name, value in state.items()}, path)

    refused = ask("card", path, "--write")

    assert refused.status == 2
    assert "Nothing tells the encoder of this Unet; give --encoder NAME" in refused.err
    assert "do not fit" not in refused.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--class-set", "Mars"), "no class set 'Mars'; choose one of: Cityscapes"),
        (("--classes", "names.txt"), "neither a number nor a file of names"),
        (("--mean", "half"), "--mean 'half' is not understood"),
        (("--size", "512"), "--size '512' is not understood; give HEIGHTxWIDTH"),
        (("--activation", "relu"), "no activation 'relu'; choose one of: none, softmax, sigmoid"),
        (("--divisor", "x"), "--divisor 'x' is not a whole number"),
        (("--order", "GRB"), "wrong at input.order"),
        (("--mean", "0.1,0.2"), "mean has 2 values for 3 channels"),
        (("--classes", "4"), "4"),
    ],
)
def test_options_that_make_no_card_are_told(
    ask: Ask, scene: Scene, arguments: tuple[str, ...], told: str
) -> None:
    assert told in ask("card", scene.model, *arguments).sentence


def test_a_name_has_no_place_for_a_card(ask: Ask) -> None:
    told = ask("card", "torchvision:fcn_resnet50", "--write").sentence
    assert "say where with --out FILE" in told
