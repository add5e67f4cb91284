"""Networks that a Python function builds: nothing runs before somebody said yes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from gridsal_core import load_network
from gridsal_core.checkpoints.card import BuildCard, ModelCard, write_card
from gridsal_core.errors import CheckpointError, TrustNeededError
from tests.engine.formats.networks import save
from tests.engine.networks import random_image

CODE = """
from pathlib import Path

from torch import nn

from parts import CLASSES

Path(__file__).with_name("it ran").touch()


def build(width=8):
    return nn.Sequential(nn.Conv2d(3, width, 3, padding=1), nn.Conv2d(width, CLASSES, 1))


def broken():
    raise ValueError("first line" + chr(10) + "second line")


def seven():
    return 7


def leaves():
    raise SystemExit(3)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a file of somebody's code, in a folder with a space in its name."""
    folder = tmp_path / "my code"
    folder.mkdir()
    (folder / "parts.py").write_text("CLASSES = 5\n", "utf-8")
    (folder / "net.py").write_text(CODE, "utf-8")
    return folder / "net.py"


def weights(file: Path, width: int) -> Path:
    module = nn.Sequential(nn.Conv2d(3, width, 3, padding=1), nn.Conv2d(width, 5, 1))
    return save(nn.DataParallel(module).state_dict(), file.with_name("net.pth"))


def test_without_trust_nothing_runs_and_the_question_names_the_code(file: Path) -> None:
    with pytest.raises(TrustNeededError, match="--trust-code") as asked:
        load_network(f"{file}:build", "cpu")

    assert asked.value.code == f"{file}:build"
    assert "all your rights" in str(asked.value)
    assert not file.with_name("it ran").exists()


def test_with_trust_the_function_builds_and_the_weights_go_in(file: Path) -> None:
    path = weights(file, 8)

    network = load_network(f"{file}:build", "cpu", weights=path, trust_code=True)

    assert network.predict(random_image(16, 20)).class_map.shape == (16, 20)
    assert len(network.classes) == 5
    stored = torch.load(path, weights_only=True)["module.0.bias"]
    torch.testing.assert_close(network.module.state_dict()["0.bias"], stored)


def test_a_card_beside_weights_names_a_function_beside_it(file: Path) -> None:
    path = weights(file, 6)
    build = BuildCard(library="python", architecture="net.py:build", arguments={"width": 6})
    write_card(ModelCard(build=build), file.with_name("net.gridsal.toml"))

    with pytest.raises(TrustNeededError) as asked:
        load_network(path, "cpu")
    assert asked.value.code == f"{file}:build"
    assert not file.with_name("it ran").exists()

    assert len(load_network(path, "cpu", trust_code=True).classes) == 5


def test_code_is_read_anew_when_it_was_changed(file: Path) -> None:
    load_network(f"{file}:build", "cpu", trust_code=True)
    file.with_name("parts.py").write_text("CLASSES = 3  # fewer\n", "utf-8")

    assert len(load_network(f"{file}:build", "cpu", trust_code=True).classes) == 3


def test_a_function_of_an_installed_package_opens(file: Path) -> None:
    source = "torchvision.models.segmentation:lraspp_mobilenet_v3_large"
    with pytest.raises(TrustNeededError):
        load_network(source, "cpu")


@pytest.mark.parametrize(
    ("function", "told"),
    [
        ("broken", r"failed with ValueError \(first line second line\) in line \d+ of net\.py"),
        ("leaves", r"failed with SystemExit \(3\) in line \d+ of net\.py"),
        ("seven", "returned int and not a torch.nn.Module"),
        ("nothing", "There is no function nothing"),
    ],
)
def test_what_fails_in_the_users_code_is_one_sentence(file: Path, function: str, told: str) -> None:
    with pytest.raises(CheckpointError, match=told) as caught:
        load_network(f"{file}:{function}", "cpu", trust_code=True)

    assert "\n" not in str(caught.value)


def test_a_file_with_a_wrong_line_is_told_with_the_line(file: Path) -> None:
    file.write_text("def build(:\n", "utf-8")

    with pytest.raises(CheckpointError, match=r"SyntaxError .* in line 1 of net\.py"):
        load_network(f"{file}:build", "cpu", trust_code=True)


def test_a_file_alone_is_told_to_name_a_function(file: Path) -> None:
    with pytest.raises(CheckpointError, match=r"add it, as in net\.py:build"):
        load_network(file, "cpu", trust_code=True)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("C:\\nets\\no.py:build", "There is no file"),
        ("no_such_package.part:build", "There is no Python package no_such_package"),
        ("no.py:", "does not say which function"),
    ],
)
def test_what_is_not_there_is_told_without_asking_for_trust(source: str, told: str) -> None:
    with pytest.raises(CheckpointError, match=told):
        load_network(source, "cpu", trust_code=True)
