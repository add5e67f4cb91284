"""TIFF in its many shapes: stored one way, read the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from gridsal_core.errors import ImageError
from gridsal_core.frames import Box
from gridsal_core.images import (
    image_info,
    image_size,
    open_pixels,
    read_image,
    read_rgb8,
    read_thumbnail,
)

SHAPE = (70, 50, 3)


@pytest.fixture
def colours() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, SHAPE, dtype=np.uint8)


@pytest.mark.parametrize("compression", [None, "lzw", "zlib", "zstd", "packbits"])
@pytest.mark.parametrize(
    "options",
    [
        {"tile": (16, 32)},
        {"rowsperstrip": 7},
        {"rowsperstrip": 70},
        {"rowsperstrip": 7, "bigtiff": True},
        {"rowsperstrip": 7, "byteorder": ">"},
    ],
    ids=["tiles", "strips", "one strip", "big", "big endian"],
)
@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_layouts_read_the_same(
    tmp_path: Path,
    colours: np.ndarray,
    compression: str | None,
    options: dict[str, Any],
    planar: str,
) -> None:
    path = tmp_path / "a.tif"
    stored = np.moveaxis(colours, -1, 0) if planar == "separate" else colours
    tifffile.imwrite(
        path,
        stored,
        photometric="rgb",
        planarconfig=planar,
        compression=compression,
        predictor=compression in ("lzw", "zlib"),
        **options,
    )
    np.testing.assert_array_equal(read_rgb8(path), colours)
    np.testing.assert_array_equal(read_image(path), (colours / 255).astype(np.float32))
    with open_pixels(path) as reader:
        box = Box(5, 9, 61, 44)
        np.testing.assert_array_equal(reader.rgb8(box, (56, 35)), colours[box.slices])


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_floats_are_taken_as_they_are(tmp_path: Path, dtype: str) -> None:
    pixels = np.random.default_rng(0).random((6, 5)).astype(dtype)
    tifffile.imwrite(tmp_path / "a.tif", pixels)
    read = read_image(tmp_path / "a.tif", channels=1)[..., 0]
    np.testing.assert_array_equal(read, pixels.astype(np.float32))


@pytest.mark.parametrize("dtype", ["uint16", "int16", "uint32", "int32", "float32"])
def test_the_card_says_which_values_become_0_and_1(tmp_path: Path, dtype: str) -> None:
    pixels = np.array([[0, 1000, 2000, 3000, 4000]]).astype(dtype)
    tifffile.imwrite(tmp_path / "a.tif", pixels)
    read = read_image(tmp_path / "a.tif", channels=1, values=(1000, 3000))[0, :, 0]
    np.testing.assert_allclose(read, [0, 0, 0.5, 1, 1])


@pytest.mark.parametrize("bands", [2, 4, 5, 12])
def test_as_many_bands_as_the_network_expects(tmp_path: Path, bands: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 65536, (9, 8, bands), dtype=np.uint16)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, pixels, photometric="minisblack", planarconfig="contig")
    assert image_info(path).channels == bands
    np.testing.assert_array_equal(
        read_image(path, channels=bands), (pixels / 65535).astype(np.float32)
    )
    with pytest.raises(ImageError, match=rf"expects 3 channels and a\.tif has {bands}; "):
        read_image(path)
    assert read_rgb8(path).shape == (9, 8, 3)


@pytest.mark.parametrize(("extra", "stored"), [("unspecified", 4), ("unassalpha", 3)])
def test_a_fourth_band_is_transparency_only_if_the_file_says_so(
    tmp_path: Path, extra: str, stored: int
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (9, 8, 4), dtype=np.uint8)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, pixels, photometric="rgb", extrasamples=[extra])
    info = image_info(path)
    assert info.channels == stored
    assert ("Its transparency is left out." in info.notes) == (stored == 3)
    np.testing.assert_array_equal(read_rgb8(path), pixels[..., :3])
    np.testing.assert_array_equal(read_image(path, 4), (pixels / 255).astype(np.float32))


def test_white_may_be_zero(tmp_path: Path) -> None:
    pixels = np.array([[0, 100, 255]], np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="miniswhite")
    np.testing.assert_array_equal(read_rgb8(tmp_path / "a.tif")[0, :, 0], [255, 155, 0])


def test_a_palette_is_its_colours(tmp_path: Path) -> None:
    table = np.zeros((3, 256), np.uint16)
    table[:, 1], table[:, 2] = (65535, 0, 0), (0, 0, 32896)
    tifffile.imwrite(
        tmp_path / "a.tif", np.array([[0, 1, 2]], np.uint8), photometric="palette", colormap=table
    )
    shown = read_rgb8(tmp_path / "a.tif")
    np.testing.assert_array_equal(shown[0], [[0, 0, 0], [255, 0, 0], [0, 0, 128]])


def test_jpeg_in_tiles(tmp_path: Path) -> None:
    smooth = np.broadcast_to(np.arange(96, dtype=np.uint8)[:, None, None] * 2, (96, 96, 3))
    tifffile.imwrite(
        tmp_path / "a.tif", smooth, photometric="rgb", tile=(32, 32), compression="jpeg"
    )
    assert np.abs(read_rgb8(tmp_path / "a.tif").astype(int) - smooth).max() < 12


def test_pages_are_told_apart_from_smaller_copies(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as file:
        for grey in (10, 20):
            page = np.full((64, 96), grey, np.uint8)
            file.write(page, subifds=1, photometric="minisblack", metadata=None)
            file.write(page[::4, ::4] + 100, subfiletype=1, metadata=None)
        file.write(np.full((8, 9), 30, np.uint8), photometric="minisblack", metadata=None)
    assert image_info(path).pages == 3
    assert image_size(path, 2) == (8, 9)
    for index, grey in enumerate((10, 20, 30)):
        assert (read_rgb8(path, page=index) == grey).all()
    with open_pixels(path, 1) as reader:
        assert (reader.rgb8(Box(0, 0, 64, 96), (16, 24)) == 120).all()
        assert (reader.rgb8(Box(0, 0, 64, 96), (32, 48)) == 20).all()
    assert (read_thumbnail(path, 24) == 110).all()
    with pytest.raises(ImageError, match=r"a\.tif has 3 pages and no page 4"):
        read_image(path, page=3)


def test_a_profile_is_followed_to_srgb_and_srgb_itself_left_alone(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # Exchanging the red and the green primary exchanges red and green.
    at = {srgb[i : i + 4]: i for i in range(132, 132 + 12 * srgb[131], 12)}
    swapped = bytearray(srgb)
    swapped[at[b"rXYZ"] : at[b"rXYZ"] + 4] = b"gXYZ"
    swapped[at[b"gXYZ"] : at[b"gXYZ"] + 4] = b"rXYZ"
    for name in ("a.png", "a.tif", "a.webp"):
        path = tmp_path / name
        Image.fromarray(pixels).save(path, icc_profile=srgb, lossless=True)
        np.testing.assert_array_equal(read_rgb8(path), pixels)
        assert image_info(path).notes == ()
        Image.fromarray(pixels).save(path, icc_profile=bytes(swapped), lossless=True)
        off = np.abs(read_rgb8(path).astype(int) - pixels[..., [1, 0, 2]])
        assert off.max() <= 2
        assert "was converted to sRGB." in image_info(path).notes[0]
        Image.fromarray(pixels).save(path, icc_profile=srgb[:100], lossless=True)
        np.testing.assert_array_equal(read_rgb8(path), pixels)
        assert "broken" in image_info(path).notes[0]


# Columns are the primaries in XYZ under D50, of Adobe RGB and of sRGB.
_ADOBE = np.array(
    [[0.60974, 0.20528, 0.14919], [0.31111, 0.62567, 0.06322], [0.01947, 0.06087, 0.74457]]
)
_SRGB = np.array(
    [[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]]
)
_GAMMA = 563 / 256


def test_dark_16_bit_colours_are_converted_as_exactly_as_light_ones(tmp_path: Path) -> None:
    levels = np.array([[28, 48, 57], [20, 30, 30], [90, 120, 110], [200, 210, 190]])
    pixels = (levels * 257).astype(np.uint16)[None]
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, pixels, photometric="rgb", iccprofile=_adobe_profile())
    light = np.linalg.solve(_SRGB, _ADOBE @ (levels.T / 255) ** _GAMMA).T
    expected = np.where(light > 0.0031308, 1.055 * light ** (1 / 2.4) - 0.055, 12.92 * light)
    np.testing.assert_allclose(read_image(path)[0], expected, atol=1 / 255)


def _adobe_profile() -> bytes:
    """Change the primaries and the curves of an sRGB profile; all three curves are one."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profile = bytearray(srgb) + b"curv" + bytes(4) + (1).to_bytes(4, "big")
    profile += round(_GAMMA * 256).to_bytes(2, "big") + bytes(2)
    for entry in range(132, 132 + 12 * srgb[131], 12):
        tag, place = srgb[entry : entry + 4], int.from_bytes(srgb[entry + 4 : entry + 8], "big")
        if tag in (b"rXYZ", b"gXYZ", b"bXYZ"):
            for row, value in enumerate(_ADOBE[:, b"rgb".index(tag[0])]):
                at = place + 8 + 4 * row
                profile[at : at + 4] = round(value * 65536).to_bytes(4, "big")
        if tag in (b"rTRC", b"gTRC", b"bTRC"):
            profile[entry + 4 : entry + 12] = len(srgb).to_bytes(4, "big") + (14).to_bytes(4, "big")
    profile[:4] = len(profile).to_bytes(4, "big")
    return bytes(profile)


def test_display_levels_are_the_same_in_every_window(tmp_path: Path) -> None:
    pixels = np.linspace(500, 3000, 1500 * 40, dtype=np.float32).reshape(1500, 40)
    pixels[0, 0] = np.nan
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, pixels, tile=(128, 32))
    whole = read_rgb8(path)
    assert whole.min() == 0
    assert whole.max() == 255
    with open_pixels(path) as reader:
        box = Box(700, 3, 800, 39)
        np.testing.assert_array_equal(reader.rgb8(box, (100, 36)), whole[box.slices])


def test_inks_of_a_jpeg_are_not_upside_down(tmp_path: Path) -> None:
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(tmp_path / "a.jpg", quality=95)
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(tmp_path / "a.tif")
    for name in ("a.jpg", "a.tif"):
        shown = read_rgb8(tmp_path / name).astype(int)
        assert np.abs(shown - (255, 0, 0)).max() <= 3
        assert "CMYK" in image_info(tmp_path / name).notes[0]
