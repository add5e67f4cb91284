"""Windows, smaller sizes and orientations: equations that hold for every image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from gridsal_core.errors import ImageError, ImageTooLargeError
from gridsal_core.frames import Box, Frame
from gridsal_core.images import (
    dim_note,
    image_info,
    image_size,
    open_pixels,
    read_image,
    read_rgb8,
    read_thumbnail,
)

FULL = (60, 84)


@pytest.fixture(scope="module", params=["a.png", "a.tif", "b.tif", "c.tif"])
def turned(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The same stored pixels with each of the eight orientations."""
    pixels = np.random.default_rng(0).integers(0, 256, (*FULL, 3), dtype=np.uint8)
    folder = tmp_path_factory.mktemp("turned")
    paths = []
    for value in range(1, 9):
        path = folder / f"{value}{request.param}"
        if request.param == "a.png":
            exif = Image.Exif()
            exif[0x0112] = value
            Image.fromarray(pixels).save(path, exif=exif)
        else:
            shapes: dict[str, dict[str, Any]] = {
                "a": {"tile": (16, 16), "compression": "zlib"},
                "b": {"rowsperstrip": 7},
                "c": {"rowsperstrip": 11, "compression": "lzw", "planarconfig": "separate"},
            }
            options = shapes[request.param[0]]
            stored = np.moveaxis(pixels, -1, 0) if "planarconfig" in options else pixels
            tags = [(274, "H", 1, value, True)]
            tifffile.imwrite(path, stored, photometric="rgb", extratags=tags, **options)
        paths.append(path)
    return paths


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_window_is_a_slice_of_the_whole_whatever_the_orientation(
    turned: list[Path], data: st.DataObject
) -> None:
    path = data.draw(st.sampled_from(turned))
    whole = read_rgb8(path)
    height, width = image_size(path)
    assert whole.shape[:2] == (height, width)
    top, left = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))
    box = Box(
        top,
        left,
        data.draw(st.integers(top + 1, height)),
        data.draw(st.integers(left + 1, width)),
    )
    size = (box.bottom - box.top, box.right - box.left)
    part = read_rgb8(path, frame=Frame((height, width), box, size))
    np.testing.assert_array_equal(part, whole[box.slices])
    with open_pixels(path) as reader:
        np.testing.assert_array_equal(reader.rgb8(box, size), part)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_making_smaller_keeps_the_mean(turned: list[Path], data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(turned))
    full = image_size(path)
    size = (data.draw(st.integers(1, full[0])), data.draw(st.integers(1, full[1])))
    small = read_image(path, frame=Frame(full, Box(0, 0, *full), size))
    assert small.shape == (*size, 3)
    np.testing.assert_allclose(small.mean((0, 1)), read_image(path).mean((0, 1)), atol=2e-6)


def test_a_whole_factor_gives_the_exact_mean(turned: list[Path]) -> None:
    path = turned[5]
    height, width = image_size(path)
    blocks = read_rgb8(path).reshape(height // 6, 6, width // 6, 6, 3).astype(np.int64)
    small = read_image(path, frame=Frame((height, width), Box(0, 0, height, width), (14, 10)))
    np.testing.assert_allclose(small, blocks.sum((1, 3)) / (36 * 255), rtol=2e-7)


def test_the_frame_of_everything_changes_nothing(turned: list[Path]) -> None:
    full = image_size(turned[2])
    framed = read_image(turned[2], frame=Frame.whole(full))
    np.testing.assert_array_equal(framed, read_image(turned[2]))


def test_a_window_outside_is_refused(turned: list[Path]) -> None:
    with open_pixels(turned[0]) as reader, pytest.raises(ImageError, match="do not lie in it"):
        reader.rgb8(Box(0, 0, 61, 84), (61, 84))


def test_what_goes_wrong_beside_the_reader_is_not_blamed_on_the_file(turned: list[Path]) -> None:
    with pytest.raises(KeyError), open_pixels(turned[0]):
        raise KeyError("mine")


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.bmp", "a.webp", "a.tif"])
def test_beyond_the_safe_size_only_with_permission(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / name
    Image.new("RGB", (300, 200), (9, 9, 9)).save(path)
    monkeypatch.setenv("GRIDSAL_MAX_PIXELS", "50000")
    assert image_size(path) == (200, 300)
    for read in (read_image, read_rgb8):
        with pytest.raises(ImageTooLargeError, match=r"300 x 200 .*allow large images"):
            read(path)
        assert read(path, allow_large=True).shape == (200, 300, 3)
    if name == "a.tif":
        frame = Frame((200, 300), Box(0, 0, 200, 300), (100, 150))
        assert read_image(path, frame=frame).shape == (100, 150, 3)
    else:
        with pytest.raises(ImageTooLargeError), open_pixels(path):
            pass
    with open_pixels(path, allow_large=True) as reader:
        assert reader.rgb8(Box(0, 0, 10, 10), (10, 10)).shape == (10, 10, 3)


def test_one_huge_compressed_strip_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((300, 400), np.uint8), compression="zlib", rowsperstrip=300)
    monkeypatch.setenv("GRIDSAL_MAX_PIXELS", "50000")
    for read in (read_rgb8, lambda path: read_thumbnail(path, 16)):
        with pytest.raises(ImageTooLargeError, match="400 x 300"):
            read(path)


def test_the_average_of_white_is_white(tmp_path: Path) -> None:
    path = tmp_path / "white.png"
    Image.new("RGB", (1300, 1100), (255, 255, 255)).save(path)
    frame = Frame((1100, 1300), Box(0, 0, 1100, 1300), (360, 480))
    assert read_image(path, frame=frame).max() == 1


@pytest.mark.parametrize(
    ("highest", "values", "is_told"),
    [(4180, None, True), (60000, None, False), (4180, (0.0, 4180.0), False)],
)
def test_values_that_fill_little_of_their_range_are_told(
    tmp_path: Path, highest: int, values: tuple[float, float] | None, is_told: bool
) -> None:
    path = tmp_path / "a.tif"
    Image.fromarray(np.linspace(0, highest, 64).astype(np.uint16).reshape(8, 8)).save(path)
    pixels = read_image(path, values=values)
    note = dim_note(pixels, image_info(path).dtype, values)
    assert ("nearly black" in note) == is_told
