"""Damaged and hostile files of weights: one sentence, no crash, no memory, nothing run."""

from __future__ import annotations

import io
import json
import pickle
import random
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from gridsal_core import load_network
from gridsal_core.checkpoints.state_dict import read_state_dict
from gridsal_core.errors import CheckpointError
from tests.engine.formats.networks import plain_network, rezip, save, script

SEED, SPOILT = 7, 60


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return undamaged files, one of each form."""
    folder, state = tmp_path_factory.mktemp("whole"), plain_network().state_dict()
    save_file(state, folder / "c.safetensors")
    return {
        "zip": save(state, folder / "a.pth"),
        "old": save(state, folder / "b.pth", zipped=False),
        "safetensors": folder / "c.safetensors",
        "script": script(plain_network(), folder / "d.ts"),
    }


def answer(path: Path) -> str:
    """Return the sentence a file gets; empty if it opens all the same."""
    try:
        load_network(path, "cpu")
    except CheckpointError as error:
        return str(error)
    return ""


def refused(path: Path, told: str) -> None:
    with pytest.raises(CheckpointError, match=told) as caught:
        load_network(path, "cpu")
    assert "\n" not in str(caught.value)


def changed_pickle(source: Path, path: Path, change: Callable[[bytes], bytes]) -> Path:
    def member(name: str, data: bytes) -> dict[str, bytes]:
        return {name: change(data) if name.endswith("data.pkl") else data}

    return rezip(source, path, member)


@pytest.mark.parametrize("form", ["zip", "old", "safetensors", "script"])
def test_a_file_cut_anywhere_is_told_to_be_damaged(
    whole: dict[str, Path], tmp_path: Path, form: str
) -> None:
    data = whole[form].read_bytes()
    path = tmp_path / whole[form].name
    for place in range(1, 10):
        path.write_bytes(data[: len(data) * place // 10])
        refused(path, "damaged|not a TorchScript archive")


@pytest.mark.parametrize("form", ["zip", "old", "safetensors", "script"])
def test_flipped_bits_never_get_further_than_a_sentence(
    whole: dict[str, Path], tmp_path: Path, form: str
) -> None:
    chance = random.Random(SEED)  # noqa: S311, damage is no secret
    data = whole[form].read_bytes()
    path = tmp_path / whole[form].name
    for _ in range(SPOILT):
        spoilt = bytearray(data)
        for _ in range(chance.randint(1, 8)):
            spoilt[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        path.write_bytes(spoilt)
        assert "\n" not in answer(path)


@pytest.mark.parametrize("form", ["zip", "script"])
def test_a_spoilt_description_with_right_checksums_is_no_more(
    whole: dict[str, Path], tmp_path: Path, form: str
) -> None:
    chance = random.Random(SEED)  # noqa: S311, damage is no secret

    def spoil(data: bytes) -> bytes:
        spoilt = bytearray(data)
        spoilt[chance.randrange(len(data))] = chance.randrange(256)
        return bytes(spoilt)

    for _ in range(SPOILT):
        path = changed_pickle(whole[form], tmp_path / whole[form].name, spoil)
        assert "\n" not in answer(path)


@pytest.mark.parametrize("name", ["../evil", "/evil", "a/../../evil", "C:\\evil", "..\\evil"])
def test_a_member_that_leads_out_is_refused(
    whole: dict[str, Path], tmp_path: Path, name: str
) -> None:
    path = rezip(
        whole["zip"],
        tmp_path / "net.pth",
        lambda kept, data: {kept: data, **({name: data} if kept.endswith("data.pkl") else {})},
    )

    refused(path, "leads out of the archive")


def test_two_members_of_one_name_are_refused(whole: dict[str, Path], tmp_path: Path) -> None:
    path = rezip(whole["zip"], tmp_path / "net.pth", lambda name, data: {name: data})
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr(archive.namelist()[0], b"again")

    refused(path, "two members named")


def test_a_bomb_is_refused_by_its_size(whole: dict[str, Path], tmp_path: Path) -> None:
    path = rezip(
        whole["zip"],
        tmp_path / "net.pth",
        lambda name, data: {name: bytes(200 * 2**20) if name.endswith("data/0") else data},
        compression=zipfile.ZIP_DEFLATED,
    )

    assert path.stat().st_size < 2**20
    refused(path, "would inflate from .* to 209,")


def test_an_archive_that_was_packed_again_still_opens(
    whole: dict[str, Path], tmp_path: Path
) -> None:
    path = rezip(
        whole["zip"],
        tmp_path / "net.pth",
        lambda name, data: {name: data},
        compression=zipfile.ZIP_DEFLATED,
    )

    assert set(read_state_dict(path)) == set(plain_network().state_dict())


def test_a_tensor_that_claims_more_than_its_file_is_refused(
    whole: dict[str, Path], tmp_path: Path
) -> None:
    # 162 numbers of the first layer become 16,738, two bytes of the same pickled integer.
    def grow(data: bytes) -> bytes:
        return data.replace(b"K\xa2", b"Mb", 1).replace(b"Mb", b"Mb\x41", 1)

    refused(changed_pickle(whole["zip"], tmp_path / "net.pth", grow), "damaged")


@pytest.mark.parametrize(
    "trick",
    [
        b"\x80\x02]r\xff\xff\xff\x7f.",
        b"\x80\x02" + b"(" * 3 + b")" + b"\x85" * 5000 + b".",
        b"\x80\x02cbuiltins\nbytearray\n\x8a\x06\x00\x00\x00\x00\x00\x10\x85R.",
        b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x3f.",
    ],
    ids=["memo", "nested", "bytearray", "length"],
)
@pytest.mark.parametrize("form", ["zip", "script"])
def test_pickles_that_ask_for_memory_get_none(
    whole: dict[str, Path], tmp_path: Path, trick: bytes, form: str
) -> None:
    refused(changed_pickle(whole[form], tmp_path / whole[form].name, lambda _: trick), ".")


def test_a_repeated_number_is_no_huge_tensor(tmp_path: Path) -> None:
    path = save({"weight": torch.ones(1).expand(2**15, 2**15)}, tmp_path / "net.pth")

    refused(path, "a tensor of shape")


def test_a_header_of_safetensors_that_claims_more_than_the_file_is_refused(
    tmp_path: Path,
) -> None:
    path = tmp_path / "net.safetensors"
    entry = {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}
    header = json.dumps({"weight": entry}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header)
    refused(path, "damaged")

    path.write_bytes(struct.pack("<Q", 2**60) + header)
    refused(path, "damaged")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
        (b"<html>404</html>", "was not written by torch.save"),
        (pickle.dumps({"a": 1}), "never unpickles"),
        (bytes(1000), "was not written by torch.save"),
    ],
)
def test_what_is_no_checkpoint_is_told_so(tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / "net.pth").write_bytes(content)

    refused(tmp_path / "net.pth", told)


def test_the_tar_files_of_the_first_torch_are_told_apart(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "net.pth", "w") as archive:
        entry = tarfile.TarInfo("storages")
        archive.addfile(entry, io.BytesIO())

    refused(tmp_path / "net.pth", "older than 0.4")


def test_another_zip_archive_is_told_apart(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "net.pth", "w") as archive:
        archive.writestr("notes.txt", "no network")

    refused(tmp_path / "net.pth", "not one of torch.save")
