"""Readers of what describes a network: the configurations of other libraries, names of classes."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import segmentation_models_pytorch as smp

from gridsal_core.checkpoints import load_network
from gridsal_core.cli.main import run
from tests.engine.formats.transformers_networks import segformer
from tests.fuzz import damage
from tests.fuzz.readers import Reader

PREPROCESSOR = {
    "image_processor_type": "SegformerImageProcessor",
    "do_normalize": True,
    "do_rescale": True,
    "do_resize": True,
    "image_mean": [0.485, 0.456, 0.406],
    "image_std": [0.229, 0.224, 0.225],
    "rescale_factor": 1 / 255,
    "size": {"height": 64, "width": 64},
}
REFUSED = 2


def _make_smp(folder: Path) -> Path:
    encoder = "timm-mobilenetv3_small_minimal_100"
    network = smp.Unet(
        encoder, encoder_weights=None, classes=3, encoder_depth=3, decoder_channels=[8, 8, 4]
    )
    network.save_pretrained(folder)
    return folder / "config.json"


def _make_transformers(folder: Path, name: str) -> Path:
    segformer().save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps(PREPROCESSOR))
    return folder / name


def _read_folder(path: Path) -> None:
    load_network(path.parent, "cpu")


def _make_names(folder: Path) -> Path:
    (folder / "names.txt").write_text("road\ntree\nsky\n")
    return folder / "names.txt"


def _read_names(path: Path) -> None:
    # They are read before the network, which takes much longer, and is not there.
    assert run(["card", str(path.with_name("absent.pth")), "--classes", str(path)]) == REFUSED


NETWORK_READERS: dict[str, Reader] = {
    "configuration of segmentation-models-pytorch": Reader(
        _make_smp, _read_folder, damage.json_changed
    ),
    "configuration of transformers": Reader(
        partial(_make_transformers, name="config.json"), _read_folder, damage.json_changed
    ),
    "preprocessing of transformers": Reader(
        partial(_make_transformers, name="preprocessor_config.json"),
        _read_folder,
        damage.json_changed,
    ),
    "names of classes": Reader(_make_names, _read_names, damage.bytes_changed),
}
