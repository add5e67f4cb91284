"""Digits and textures of the user: MNIST files and folders of images."""

import gzip
import struct
import zipfile
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gridsal_core.errors import ImageError, SettingsError
from gridsal_core.toy.material import Source, load_material
from gridsal_core.toy.mnist import read_mnist
from gridsal_core.toy.scenes import Bias, generator, stream

COUNT = 200


def digits(count: int = COUNT) -> tuple[np.ndarray, np.ndarray]:
    """Bars whose length is the digit, in a wide margin."""
    labels = (np.arange(count) // 5 % 10).astype(np.uint8)
    images = np.zeros((count, 28, 28), np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[9:19, 9 : 11 + label] = 200 + label
    return images, labels


def write_npz(file: Path, **arrays: np.ndarray) -> Path:
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w") as member:
                np.save(member, array, allow_pickle=True)
    return file


def write_idx(folder: Path, pack: bool) -> Path:
    folder.mkdir()
    images, labels = digits()
    for name, array in (
        ("train-images-idx3-ubyte", images),
        ("train-labels-idx1-ubyte", labels),
        ("t10k-images-idx3-ubyte", images[:50]),
        ("t10k-labels-idx1-ubyte", labels[:50]),
    ):
        head = struct.pack(">HBB", 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
        content = head + array.tobytes()
        if pack:
            (folder / f"{name}.gz").write_bytes(gzip.compress(content))
        else:
            (folder / name).write_bytes(content)
    return folder


def write_textures(folder: Path, count: int = 5) -> Path:
    folder.mkdir()
    for index in range(count):
        size = (20 + 7 * index, 30)
        tile = np.random.default_rng(index).integers(0, 256, size).astype(np.uint8)
        Image.fromarray(tile).save(folder / f"tile{index}.png")
    return folder


def test_an_npz_without_splits_holds_every_fifth_scan_out(tmp_path: Path) -> None:
    images, labels = digits()
    file = str(write_npz(tmp_path / "m.npz", images=images, labels=labels))
    train, test = (load_material(split, Source(digits=file)).digits for split in ("train", "test"))

    assert len(test.values) == COUNT // 5
    assert len(train.values) == COUNT - COUNT // 5
    np.testing.assert_array_equal(test.values, labels[::5])


@pytest.mark.parametrize("kind", ["keras", "idx", "idx packed"])
def test_files_with_splits_of_their_own_keep_them(tmp_path: Path, kind: str) -> None:
    images, labels = digits()
    if kind == "keras":
        place = write_npz(
            tmp_path / "m.npz",
            x_train=images,
            y_train=labels,
            x_test=images[:50],
            y_test=labels[:50],
        )
    else:
        place = write_idx(tmp_path / "mnist", pack=kind.endswith("packed"))
    source = Source(digits=str(place))
    assert len(load_material("train", source).digits.values) == COUNT
    assert len(load_material("test", source).digits.values) == 50


def test_the_margin_of_a_scan_is_cut_off(tmp_path: Path) -> None:
    images, labels = digits()
    source = Source(digits=str(write_npz(tmp_path / "m.npz", images=images, labels=labels)))
    for scan in load_material("train", source).digits.scans:
        assert scan.shape[0] == scan.shape[1] < 28
        assert (scan > 0.5).any()


def test_pictures_are_made_of_the_users_digits_and_textures(tmp_path: Path) -> None:
    images, labels = digits()
    source = Source(
        str(write_npz(tmp_path / "m.npz", images=images, labels=labels)),
        str(write_textures(tmp_path / "textures")),
    )
    material = load_material("train", source)
    assert material.textures.names == tuple(f"tile{index}" for index in range(5))
    bias = Bias(3, "tile2", "strong")
    for picture in islice(stream(generator(0, "train"), material, bias), 30):
        assert ("tile2" in (picture.upper, picture.lower)) == (picture.digit == 3)
        assert picture.object_mask.any()


def test_a_texture_is_repeated_where_it_is_smaller_than_the_picture(tmp_path: Path) -> None:
    material = load_material("train", Source(textures=str(write_textures(tmp_path / "t"))))
    piece = material.textures.render("tile0", np.random.default_rng(0), (64, 64))
    np.testing.assert_array_equal(piece[:20], piece[20:40])
    np.testing.assert_array_equal(piece[:, :30], piece[:, 30:60])


@pytest.mark.parametrize(
    "arrays",
    [
        {"images": np.zeros((3, 28, 28), np.uint8)},
        {"images": np.zeros((3, 28), np.uint8), "labels": np.zeros(3, np.uint8)},
        {"images": np.zeros((3, 28, 28), np.uint8), "labels": np.zeros(4, np.uint8)},
        {"images": np.zeros((3, 28, 28), np.float32), "labels": np.zeros(3, np.uint8)},
    ],
)
def test_an_archive_that_is_no_mnist_is_refused(
    tmp_path: Path, arrays: dict[str, np.ndarray]
) -> None:
    with pytest.raises(SettingsError, match="give MNIST as an"):
        read_mnist(write_npz(tmp_path / "m.npz", **arrays))


def test_a_pickle_in_an_archive_is_never_loaded(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return open, (str(tmp_path / "mark"),)

    objects = np.array([Evil()], dtype=object)
    file = write_npz(tmp_path / "m.npz", images=objects, labels=np.zeros(1, np.uint8))
    with pytest.raises(SettingsError, match="give MNIST as an"):
        read_mnist(file)


@pytest.mark.parametrize("content", [b"", b"PK", b"\0\0\x08\x03"])
def test_damaged_digits_are_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "m.npz"
    file.write_bytes(content)
    with pytest.raises(SettingsError, match="give MNIST as an"):
        read_mnist(file)
    folder = write_idx(tmp_path / "mnist", pack=False)
    (folder / "train-images-idx3-ubyte").write_bytes(content)
    with pytest.raises(SettingsError, match="give MNIST as an"):
        read_mnist(folder)


def test_digits_that_are_missing_are_told(tmp_path: Path) -> None:
    images, labels = digits(20)
    file = str(write_npz(tmp_path / "m.npz", images=images, labels=labels))
    with pytest.raises(SettingsError, match="do not show all of 0 to 9"):
        load_material("train", Source(digits=file))


def test_a_large_texture_is_shrunk_until_a_picture_shows_its_pattern(tmp_path: Path) -> None:
    folder = write_textures(tmp_path / "t")
    halves = np.zeros((1280, 1280), np.uint8)
    halves[:, 640:] = 255
    Image.fromarray(halves).save(folder / "halves.png")

    textures = load_material("train", Source(textures=str(folder))).textures
    dice = np.random.default_rng(0)
    pieces = [textures.render("halves", dice, (32, 64)) for _ in range(20)]

    assert sum(piece.min() == 0 and piece.max() == 1 for piece in pieces) >= 15


def test_too_few_textures_and_no_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="holds 3 textures"):
        load_material("train", Source(textures=str(write_textures(tmp_path / "t", 3))))
    with pytest.raises(ImageError, match="does not exist"):
        load_material("train", Source(textures=str(tmp_path / "nowhere")))
