"""Checkpoints that would run code, that unfold without end, or that were damaged on the way."""

from __future__ import annotations

import io
import itertools
import json
import random
import struct
import zipfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import torch

from tests.engine.networks import Convolutions
from tests.engine.saved import save_network
from tests.hostile.damage import flips, truncations
from tests.hostile.pickles import (
    ENDINGS,
    WritesWhenLoaded,
    WritesWhenRun,
    hidden_in_archive,
    payloads,
    rewritten,
    script_bytes,
    wrappings,
)

CUTS = 6
FLIPS = 8
BOMB_MIB = 2500
CARD = '[build]\nlibrary = "smp"\narchitecture = "Unet"\nencoder = "{encoder}"\n'


def write_networks(folder: Path, mark: Path, dice: random.Random) -> tuple[Path, ...]:
    """Write hostile networks and return what a user would open, file or folder."""
    folder.mkdir()
    places = list(_pickles(folder, mark))
    for name, content in itertools.chain(_scripts(mark), _damaged(dice), _unfolding()):
        places.append(folder / name)
        places[-1].write_bytes(content)
    return (*places, *_folders(folder, mark), *_cards(folder, mark))


@cache
def whole_networks() -> dict[str, bytes]:
    """Return one good file of every format that is a single file."""
    module, example = Convolutions(3).eval(), torch.zeros(1, 3, 16, 16)
    # Without types: one is not typed at all, the other forgets that it writes to open files too.
    script: Any = torch.jit
    to_onnx: Any = torch.onnx.export
    files: dict[str, Callable[[io.BytesIO], object]] = {
        ".pth": lambda file: torch.save(module.state_dict(), file),
        ".ts": lambda file: script.save(script.trace(module, example), file),
        ".pt2": lambda file: torch.export.save(torch.export.export(module, (example,)), file),
        ".onnx": lambda file: to_onnx(module, (example,), file, dynamo=False),
    }
    return {ending: _written(save) for ending, save in files.items()}


def _written(save: Callable[[io.BytesIO], object]) -> bytes:
    buffer = io.BytesIO()
    save(buffer)
    return buffer.getvalue()


def _pickles(folder: Path, mark: Path) -> Iterator[Path]:
    wrapped = [content for payload in payloads(mark) for content in wrappings(payload)]
    # Every payload in every wrapping, under each name at least three times.
    for index, content in enumerate(wrapped * len(ENDINGS) * 3):
        if index >= 3 * len(wrapped):
            return
        place = folder / f"pickle{index}{ENDINGS[index % len(ENDINGS)]}"
        place.write_bytes(content)
        yield place


def _scripts(mark: Path) -> Iterator[tuple[str, bytes]]:
    for kind in (WritesWhenRun, WritesWhenLoaded):
        content = script_bytes(kind(str(mark)))
        yield f"{kind.__name__}.pt", content
        yield (
            f"{kind.__name__}_by_other_name.ts",
            _renamed(content, b"torch.save(", b"ops.aten.save("),
        )
    whole = whole_networks()
    for index, payload in enumerate(payloads(mark)):
        for ending in (".pth", ".ts"):
            yield f"hidden{index}{ending}", hidden_in_archive(whole[ending], payload, "data.pkl")
        yield f"unread{index}.pt2", hidden_in_archive(whole[".pt2"], payload, "inputs/model.pt")
    exported = whole[".pt2"]
    evil = json.dumps(f"__import__('pathlib').Path({str(mark)!r}).touch()")[1:-1].encode()
    yield (
        "unread_expression.pt2",
        _renamed(exported, b'"as_int": 16', b'"as_expr": {"expr_str": "%s"}' % evil),
    )
    yield "constant.pt2", _renamed(exported, b'"use_pickle": false', b'"use_pickle": true')


def _renamed(archive: bytes, old: bytes, new: bytes) -> bytes:
    return rewritten(archive, lambda _, content: content.replace(old, new))


def _damaged(dice: random.Random) -> Iterator[tuple[str, bytes]]:
    for ending, whole in whole_networks().items():
        for index, content in enumerate(truncations(whole, dice, CUTS)):
            yield f"cut{index}{ending}", content
        for index, content in enumerate(flips(whole, dice, FLIPS)):
            yield f"flipped{index}{ending}", content
    for ending in ENDINGS:
        yield f"text{ending}", b"this is not a network\n" * 9
        yield f"noise{ending}", dice.randbytes(3000)


def _unfolding() -> Iterator[tuple[str, bytes]]:
    """Files that claim more than they hold, or hold more than a computer has room for."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("archive/version", "3\n")
        with archive.open("archive/data.pkl", "w", force_zip64=True) as member:
            for _ in range(BOMB_MIB):
                member.write(bytes(2**20))
    for ending in (".pt", ".ts", ".pt2"):
        yield f"bomb{ending}", buffer.getvalue()
    for index, name in enumerate(("../outside", "/outside", "a/../../outside", "..\\outside")):
        whole = io.BytesIO(whole_networks()[".pth"])
        with zipfile.ZipFile(whole, "a") as archive:
            archive.writestr(name, "x")
        yield f"climbing{index}.pt", whole.getvalue()
    for claim in (2**62, 10**9, 101):
        header = b'{"a": {"dtype": "F32", "shape": [9], "data_offsets": [0, 36]}}'
        yield f"claims{claim}.safetensors", struct.pack("<Q", claim) + header
    huge = b'{"a":{"dtype":"F32","shape":[99999999999],"data_offsets":[0,399999999996]}}'
    yield "wide.safetensors", struct.pack("<Q", len(huge)) + huge


def _folders(folder: Path, mark: Path) -> Iterator[Path]:
    """Folders as libraries save them, with something evil in one of the parts."""
    bad = next(wrappings(payloads(mark)[0]))
    for name, weights in (("smp_pickle", "model.safetensors"), ("hub_pickle", "pytorch_model.bin")):
        place = folder / name
        place.mkdir()
        kind = {"_model_class": "Unet"} if name == "smp_pickle" else {"model_type": "segformer"}
        (place / "config.json").write_text(json.dumps(kind))
        (place / weights).write_bytes(bad)
        yield place
    for index, encoder in enumerate(
        ("tu-hf_hub:evil/encoder", "tu-hf-hub:evil/encoder", "tu-local-dir:/etc", "../../resnet18")
    ):
        place = save_network(folder / f"encoder{index}")
        saved = json.loads((place / "config.json").read_text())
        (place / "config.json").write_text(json.dumps(saved | {"encoder_name": encoder}))
        yield place
    place = folder / "remote_code"
    place.mkdir()
    (place / "evil.py").write_text(f"open({str(mark)!r}, 'w')\nclass Evil: ...\n")
    remote = {"AutoConfig": "evil.Evil", "AutoModel": "evil.Evil"}
    (place / "config.json").write_text(json.dumps({"model_type": "evil", "auto_map": remote}))
    yield place
    for index, text in enumerate(("", "[]", "{", "null", '{"_model_class": "__import__"}', "\0")):
        place = folder / f"config{index}"
        place.mkdir()
        (place / "config.json").write_text(text)
        (place / "model.safetensors").write_bytes(b"")
        yield place


def _cards(folder: Path, mark: Path) -> Iterator[Path]:
    """Weights whose card asks for code, or is none."""
    code = folder / "builder.py"
    code.write_text(f"open({str(mark)!r}, 'w')\ndef build(): ...\n")
    cards = (
        '[build]\nlibrary = "python"\narchitecture = "builder.py:build"\n',
        '[build]\nlibrary = "python"\narchitecture = "os:getcwd"\n',
        CARD.format(encoder="tu-hf_hub:evil/encoder"),
        CARD.format(encoder="resnet18") + 'arguments = {encoder_weights = "imagenet"}\n',
        CARD.format(encoder="resnet18") + "[input]\nchannels = 1000000000\n",
        CARD.format(encoder="resnet18") + "[output]\nchannels = 1000000000\n",
        "[[[",
        "\0",
        "[build]\nlibrary = 7\n",
    )
    weights = whole_networks()[".pth"]
    for index, card in enumerate(cards):
        place = folder / f"carded{index}.pth"
        place.write_bytes(weights)
        place.with_name(f"carded{index}.gridsal.toml").write_text(card)
        yield place
