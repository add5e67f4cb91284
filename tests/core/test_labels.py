"""Label maps: indices in, the same indices out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gridsal_core.datasets.labels import read_label, resize_nearest
from gridsal_core.errors import ImageError


def save(path: Path, label: np.ndarray, **options: object) -> Path:
    Image.fromarray(label).save(path, **options)  # type: ignore[arg-type]
    return path


def test_grey_values_are_classes(tmp_path: Path) -> None:
    label = np.arange(256, dtype=np.uint8).reshape(8, 32)
    read = read_label(save(tmp_path / "a.png", label))
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, label)


def test_palette_indices_are_classes_and_its_colours_are_not(tmp_path: Path) -> None:
    label = np.array([[0, 1, 2], [2, 1, 0]], np.uint8)
    image = Image.fromarray(label).convert("P")
    image.putpalette([200, 200, 200, 0, 0, 0, 200, 200, 200])
    image.save(tmp_path / "a.png", transparency=0)
    np.testing.assert_array_equal(read_label(tmp_path / "a.png"), label)


def test_16_bit_values_are_classes(tmp_path: Path) -> None:
    label = np.array([[0, 1000, 65535]], np.uint16)
    read = read_label(save(tmp_path / "a.png", label))
    assert read.dtype == np.uint16
    np.testing.assert_array_equal(read, label)


@pytest.mark.parametrize(("mode", "classes"), [("L;2", 4), ("L;4", 16)])
def test_packed_grey_is_not_stretched(tmp_path: Path, mode: str, classes: int) -> None:
    label = np.arange(classes, dtype=np.uint8).reshape(2, -1)
    stretched = label * np.uint8(255 // (classes - 1))
    path = save(tmp_path / "a.png", stretched, bits={"L;2": 2, "L;4": 4}[mode])
    np.testing.assert_array_equal(read_label(path), label)


def test_one_bit_is_class_0_and_1(tmp_path: Path) -> None:
    label = np.array([[True, False]])
    read = read_label(save(tmp_path / "a.png", label))
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, [[1, 0]])


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA"])
def test_colours_are_refused(tmp_path: Path, mode: str) -> None:
    Image.new(mode, (2, 2)).save(tmp_path / "a.png")
    with pytest.raises(ImageError, match=r"a\.png holds colours .* save it as an index PNG"):
        read_label(tmp_path / "a.png")


def test_a_missing_label_is_an_image_error(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"gone\.png does not exist"):
        read_label(tmp_path / "gone.png")


def test_a_label_of_another_size_is_resized(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png", np.array([[3, 7]], np.uint8))
    np.testing.assert_array_equal(read_label(path, (2, 4)), [[3, 3, 7, 7], [3, 3, 7, 7]])


sizes = st.integers(1, 70)


@given(height=sizes, width=sizes, new_height=sizes, new_width=sizes)
def test_resizing_is_the_nearest_exact_rule_of_torch(
    height: int, width: int, new_height: int, new_width: int
) -> None:
    label = np.arange(height * width, dtype=np.uint16).reshape(height, width)
    size = (new_height, new_width)
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(label.astype(np.float32))[None, None], size=size, mode="nearest-exact"
    )
    np.testing.assert_array_equal(resize_nearest(label, size), expected[0, 0].numpy())


@pytest.mark.parametrize("size", [(360, 480), (720, 960), (513, 1025), (2048, 1024), (97, 1000)])
def test_resizing_street_scenes_agrees_with_torch(size: tuple[int, int]) -> None:
    label = np.random.default_rng(0).integers(0, 20, (1024, 2048), dtype=np.uint8)
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(label)[None, None], size=size, mode="nearest-exact"
    )
    np.testing.assert_array_equal(resize_nearest(label, size), expected[0, 0].numpy())
