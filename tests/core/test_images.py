"""The image reader: what a file holds is what a network gets."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gridsal_core.errors import ImageError
from gridsal_core.images import image_size, read_image, read_rgb8, read_thumbnail

ORIENTATION = 0x0112


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def save(path: Path, pixels: np.ndarray, mode: str | None = None, **options: object) -> Path:
    image = Image.fromarray(pixels)
    (image if mode is None else image.convert(mode)).save(path, **options)  # type: ignore[arg-type]
    return path


def write_png16(path: Path, pixels: np.ndarray) -> Path:
    """Write (H, W, C) uint16 as PNG with 16 bits a channel, which Pillow itself cannot."""
    height, width, channels = pixels.shape
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)

    def chunk(name: bytes, data: bytes) -> bytes:
        check = zlib.crc32(name + data)
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )
    return path


def write_tiff16(path: Path, pixels: np.ndarray, order: str) -> Path:
    """Write (H, W, 3) uint16 as an uncompressed TIFF in byte order `<` or `>`."""
    height, width, _ = pixels.shape
    data = pixels.astype(f"{order}u2").tobytes()
    bits_at = 8 + len(data)
    short, long = 3, 4
    fields = [
        (256, short, 1, width),
        (257, short, 1, height),
        (258, short, 3, bits_at),
        (259, short, 1, 1),
        (262, short, 1, 2),
        (273, long, 1, 8),
        (277, short, 1, 3),
        (278, short, 1, height),
        (279, long, 1, len(data)),
    ]
    entries = b""
    for tag, kind, count, value in fields:
        inline = struct.pack(f"{order}HH", value, 0) if kind == short and count == 1 else None
        entries += struct.pack(f"{order}HHI", tag, kind, count)
        entries += inline or struct.pack(f"{order}I", value)
    directory = struct.pack(f"{order}H", len(fields)) + entries + struct.pack(f"{order}I", 0)
    magic = b"II*\0" if order == "<" else b"MM\0*"
    path.write_bytes(
        magic
        + struct.pack(f"{order}I", bits_at + 6)
        + data
        + struct.pack(f"{order}HHH", 16, 16, 16)
        + directory
    )
    return path


class TestWhatANetworkGets:
    def test_eight_bit_values_are_divided_by_255(self, tmp_path: Path) -> None:
        pixels = np.arange(256, dtype=np.uint8).reshape(16, 16)
        colour = np.stack([pixels, pixels.T, 255 - pixels], -1)
        image = read_image(save(tmp_path / "a.png", colour))
        assert image.dtype == np.float32
        assert image.flags.c_contiguous
        np.testing.assert_array_equal(image, (colour / 255).astype(np.float32))

    def test_every_16_bit_grey_value_survives(self, tmp_path: Path) -> None:
        pixels = np.arange(65536, dtype=np.uint16).reshape(256, 256)
        for path in (
            save(tmp_path / "a.png", pixels),
            save(tmp_path / "a.tif", pixels),
            write_png16(tmp_path / "b.png", pixels[..., None]),
        ):
            image = read_image(path, channels=1)
            np.testing.assert_array_equal(image[..., 0], (pixels / 65535).astype(np.float32))

    @pytest.mark.parametrize("channels", [2, 3, 4])
    def test_16_bit_png_with_more_channels_loses_no_bit(
        self, tmp_path: Path, rng: np.random.Generator, channels: int
    ) -> None:
        pixels = rng.integers(0, 65536, (9, 7, channels), dtype=np.uint16)
        colours = 1 if channels == 2 else 3
        image = read_image(write_png16(tmp_path / "a.png", pixels), channels=colours)
        expected = (pixels[..., :colours] / 65535).astype(np.float32)
        np.testing.assert_array_equal(image, expected)

    @pytest.mark.parametrize("order", ["<", ">"])
    def test_16_bit_colour_tiff_loses_no_bit(
        self, tmp_path: Path, rng: np.random.Generator, order: str
    ) -> None:
        pixels = rng.integers(0, 65536, (5, 8, 3), dtype=np.uint16)
        image = read_image(write_tiff16(tmp_path / "a.tif", pixels, order))
        np.testing.assert_array_equal(image, (pixels / 65535).astype(np.float32))

    def test_float_tiff_in_range_is_taken_as_it_is(
        self, tmp_path: Path, rng: np.random.Generator
    ) -> None:
        pixels = rng.random((6, 5), dtype=np.float32)
        image = read_image(save(tmp_path / "a.tif", pixels), channels=1)
        np.testing.assert_array_equal(image[..., 0], pixels)

    @pytest.mark.parametrize("bad", [-0.5, 1.5])
    def test_float_tiff_out_of_range_is_refused(self, tmp_path: Path, bad: float) -> None:
        path = save(tmp_path / "a.tif", np.full((4, 4), bad, np.float32))
        with pytest.raises(ImageError, match=r"a\.tif holds float values .* scale them to 0\.\.1"):
            read_image(path)

    @pytest.mark.parametrize("bad", [np.nan, np.inf])
    def test_what_is_no_number_is_refused(self, tmp_path: Path, bad: float) -> None:
        path = save(tmp_path / "a.tif", np.full((4, 4), bad, np.float32))
        with pytest.raises(ImageError, match=r"a\.tif holds values that are not numbers"):
            read_image(path, values=(0, 1))

    def test_32_bit_integers_must_fit_in_16_bits(self, tmp_path: Path) -> None:
        fits = np.array([[0, 1000, 65535]], np.int32)
        image = read_image(save(tmp_path / "fits.tif", fits), channels=1)
        np.testing.assert_array_equal(image[..., 0], (fits / 65535).astype(np.float32))
        with pytest.raises(ImageError, match="from -1 to 70000"):
            read_image(save(tmp_path / "not.tif", np.array([[-1, 70000]], np.int32)))

    def test_grey_is_repeated_for_a_colour_network(self, tmp_path: Path) -> None:
        pixels = np.arange(12, dtype=np.uint8).reshape(3, 4)
        image = read_image(save(tmp_path / "a.png", pixels))
        assert image.shape == (3, 4, 3)
        for channel in range(3):
            np.testing.assert_array_equal(image[..., channel], (pixels / 255).astype(np.float32))

    def test_colour_becomes_luma_for_a_grey_network(self, tmp_path: Path) -> None:
        pixels = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]]], np.uint8)
        image = read_image(save(tmp_path / "a.png", pixels), channels=1)
        np.testing.assert_allclose(image[0, :, 0], [0.299, 0.587, 0.114, 1], atol=1e-6)
        assert image.max() <= 1

    def test_transparency_is_dropped_and_the_stored_colour_kept(self, tmp_path: Path) -> None:
        pixels = np.array([[[10, 20, 30, 0], [40, 50, 60, 255]]], np.uint8)
        image = read_image(save(tmp_path / "a.png", pixels))
        np.testing.assert_array_equal(image, (pixels[..., :3] / 255).astype(np.float32))

    def test_grey_with_alpha_keeps_its_grey(self, tmp_path: Path) -> None:
        pixels = np.array([[[7, 0], [200, 128]]], np.uint8)
        image = read_image(save(tmp_path / "a.png", pixels), channels=1)
        np.testing.assert_array_equal(image, (pixels[..., :1] / 255).astype(np.float32))

    def test_a_palette_is_read_as_its_colours(self, tmp_path: Path) -> None:
        image = Image.fromarray(np.array([[0, 1], [1, 0]], np.uint8), "L").convert("P")
        image.putpalette([255, 0, 0, 0, 0, 255])
        image.save(tmp_path / "a.png", transparency=0)
        pixels = read_image(tmp_path / "a.png")
        np.testing.assert_array_equal(pixels[0], [[1, 0, 0], [0, 0, 1]])

    def test_one_bit_is_black_and_white(self, tmp_path: Path) -> None:
        pixels = np.array([[True, False], [False, True]])
        image = read_image(save(tmp_path / "a.png", pixels), channels=1)
        np.testing.assert_array_equal(image[..., 0], pixels.astype(np.float32))

    def test_cmyk_becomes_colour(self, tmp_path: Path) -> None:
        Image.new("CMYK", (4, 4), (0, 255, 255, 0)).save(tmp_path / "a.tif")
        np.testing.assert_array_equal(read_image(tmp_path / "a.tif")[0, 0], [1, 0, 0])

    @pytest.mark.parametrize("channels", [0, 2, 4])
    def test_other_channel_counts_are_refused_by_name(self, tmp_path: Path, channels: int) -> None:
        path = save(tmp_path / "a.png", np.zeros((2, 2, 3), np.uint8))
        message = rf"The network expects {channels} channels and a\.png has 3; "
        with pytest.raises(ImageError, match=message):
            read_image(path, channels=channels)


class TestOrientation:
    @pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
    @pytest.mark.parametrize("value", range(1, 9))
    def test_all_eight_are_applied_everywhere(
        self, tmp_path: Path, suffix: str, value: int
    ) -> None:
        stored = np.zeros((32, 48, 3), np.uint8)
        stored[:16, :24] = 255
        stored[:16, 24:, 0] = 255
        exif = Image.Exif()
        exif[ORIENTATION] = value
        path = tmp_path / f"a{suffix}"
        save(path, stored, exif=exif, quality=100)
        expected = reference_turn(stored / 255, value)

        image = read_image(path)
        assert image.shape == expected.shape
        assert np.abs(image - expected).mean() < 0.02
        assert image_size(path) == expected.shape[:2]
        assert np.abs(read_rgb8(path) / 255 - expected).mean() < 0.02
        thumbnail = read_thumbnail(path, 24)
        assert thumbnail.shape[:2] == ((16, 24) if value < 5 else (24, 16))
        assert np.abs(thumbnail / 255 - expected[::2, ::2]).mean() < 0.05

    def test_a_16_bit_image_is_turned_without_loss(self, tmp_path: Path) -> None:
        pixels = np.arange(6, dtype=np.uint16).reshape(2, 3) * 10_000
        exif = Image.Exif()
        exif[ORIENTATION] = 6
        image = read_image(save(tmp_path / "a.png", pixels, exif=exif), channels=1)
        expected = np.rot90(pixels, -1) / 65535
        np.testing.assert_array_equal(image[..., 0], expected.astype(np.float32))

    def test_a_nonsense_exif_block_does_not_hide_the_image(self, tmp_path: Path) -> None:
        path = save(tmp_path / "a.jpg", np.zeros((8, 8, 3), np.uint8), exif=b"Exif\0\0nonsense")
        assert read_image(path).shape == (8, 8, 3)


def reference_turn(pixels: np.ndarray, value: int) -> np.ndarray:
    """Put stored row 0 and column 0 where the EXIF standard says that they are seen."""
    rows_are_columns = value >= 5
    turned = pixels.swapaxes(0, 1) if rows_are_columns else pixels
    bottom = value in (3, 4, 7, 8)
    right = value in (2, 3, 6, 7)
    return turned[:: -1 if bottom else 1, :: -1 if right else 1]


class TestDisplay:
    def test_16_bit_is_shown_between_its_1st_and_99th_percentile(self, tmp_path: Path) -> None:
        pixels = np.arange(1000, 1101, dtype=np.uint16)[None]
        shown = read_rgb8(save(tmp_path / "a.png", pixels))
        assert shown.dtype == np.uint8
        expected = np.rint(np.clip((pixels - 1001.0) / 98, 0, 1) * 255)
        np.testing.assert_array_equal(shown[..., 0], expected)

    def test_the_screen_and_the_network_see_the_same(
        self, tmp_path: Path, rng: np.random.Generator
    ) -> None:
        path = save(tmp_path / "a.png", rng.integers(0, 256, (9, 9, 4), dtype=np.uint8))
        np.testing.assert_array_equal(read_rgb8(path), np.rint(read_image(path) * 255))

    @pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif"])
    def test_a_thumbnail_keeps_the_aspect(self, tmp_path: Path, suffix: str) -> None:
        path = save(tmp_path / f"a{suffix}", np.zeros((300, 1200, 3), np.uint8))
        thumbnail = read_thumbnail(path, 96)
        assert thumbnail.shape == (24, 96, 3)
        assert thumbnail.dtype == np.uint8

    def test_small_images_are_not_enlarged(self, tmp_path: Path) -> None:
        path = save(tmp_path / "a.png", np.zeros((10, 20), np.uint8))
        assert read_thumbnail(path, 96).shape == (10, 20, 3)

    def test_16_bit_thumbnails_are_not_black(self, tmp_path: Path) -> None:
        path = save(tmp_path / "a.png", np.full((64, 64), 40_000, np.uint16))
        assert read_thumbnail(path, 16).min() == round(40_000 / 257)


class TestUnreadableFiles:
    READERS = (
        read_image,
        read_rgb8,
        image_size,
        lambda path: read_thumbnail(path, 16),
    )

    @pytest.mark.parametrize("reader", READERS)
    def test_a_missing_file(self, tmp_path: Path, reader: Callable[[Path], object]) -> None:
        with pytest.raises(ImageError, match=r"gone\.png does not exist; check"):
            reader(tmp_path / "gone.png")

    @pytest.mark.parametrize("reader", READERS)
    def test_an_empty_file(self, tmp_path: Path, reader: Callable[[Path], object]) -> None:
        path = tmp_path / "a.png"
        path.touch()
        with pytest.raises(ImageError, match=r"a\.png is empty \(0 bytes\); copy it again"):
            reader(path)

    @pytest.mark.parametrize("reader", READERS)
    def test_a_text_file_in_disguise(
        self, tmp_path: Path, reader: Callable[[Path], object]
    ) -> None:
        path = tmp_path / "a.png"
        path.write_text("not a picture")
        with pytest.raises(ImageError, match=r"a\.png is not an image .* use PNG"):
            reader(path)

    def test_a_folder(self, tmp_path: Path) -> None:
        with pytest.raises(ImageError, match="is a folder; choose an image file"):
            read_image(tmp_path)

    @pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".bmp", ".webp"])
    @pytest.mark.parametrize("kept", [0.1, 0.5, 0.9])
    def test_a_truncated_file(
        self, tmp_path: Path, rng: np.random.Generator, suffix: str, kept: float
    ) -> None:
        path = save(tmp_path / f"a{suffix}", rng.integers(0, 256, (64, 64, 3), dtype=np.uint8))
        data = path.read_bytes()
        path.write_bytes(data[: int(len(data) * kept)])
        with pytest.raises(ImageError, match=rf"a{suffix} is "):
            read_image(path)

    def test_a_decompression_bomb(self, tmp_path: Path) -> None:
        path = write_png16(tmp_path / "a.png", np.zeros((1, 1, 1), np.uint16))
        data = bytearray(path.read_bytes())
        data[16:24] = struct.pack(">II", 100_000, 100_000)
        data[29:33] = struct.pack(">I", zlib.crc32(bytes(data[12:29])))
        path.write_bytes(bytes(data))
        with pytest.raises(ImageError, match=r"a\.png has too many pixels"):
            read_image(path)


def test_the_size_is_read_from_the_header_alone(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png", np.zeros((40, 60), np.uint8))
    data = path.read_bytes()
    path.write_bytes(data[:45])
    assert image_size(path) == (40, 60)


def test_a_place_may_be_given_as_text(tmp_path: Path, rng: np.random.Generator) -> None:
    place = save(tmp_path / "image.png", rng.integers(0, 256, (4, 6, 3), np.uint8))
    assert (read_image(str(place)) == read_image(place)).all()
    assert image_size(str(place)) == (4, 6)
    with pytest.raises(ImageError, match="does not exist"):
        read_rgb8(str(place.with_name("other.png")))
