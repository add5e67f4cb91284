"""Damaged and hostile images: one sentence, quickly, and nothing on stderr."""

from __future__ import annotations

import io
import struct
import time
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from gridsal_core.errors import ImageError
from gridsal_core.frames import Box
from gridsal_core.images import image_info, open_pixels, read_image, read_rgb8, read_thumbnail

SECONDS = 5


def read_every_way(path: Path) -> None:
    """Read a file in each way; an ImageError is all that may come of it."""
    for read in (image_info, read_image, read_rgb8, lambda path: read_thumbnail(path, 16), window):
        told = ""
        try:
            read(path)
        except ImageError as error:
            told = str(error)
        assert told == "" or path.name in told
        assert "\n" not in told


def window(path: Path) -> None:
    with open_pixels(path) as reader:
        reader.rgb8(Box(0, 0, 8, 8), (4, 4))


def bases() -> list[tuple[str, bytes]]:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 48, 3), dtype=np.uint8)
    made = []
    for name, options in (
        ("tiles", {"tile": (16, 16), "compression": "zlib", "predictor": True}),
        ("strips", {"rowsperstrip": 8, "compression": "lzw"}),
        ("plain", {"rowsperstrip": 8}),
        ("jpeg", {"tile": (16, 16), "compression": "jpeg"}),
        ("zstd", {"compression": "zstd", "bigtiff": True}),
    ):
        file = io.BytesIO()
        tifffile.imwrite(file, pixels, photometric="rgb", **options)
        made.append((f"{name}.tif", file.getvalue()))
    for suffix in ("png", "jpg", "webp", "bmp", "jp2", "ppm"):
        path = io.BytesIO()
        kind = {"jpg": "JPEG", "jp2": "JPEG2000", "ppm": "PPM"}.get(suffix, suffix.upper())
        Image.fromarray(pixels).save(path, kind)
        made.append((f"a.{suffix}", path.getvalue()))
    return made


@pytest.mark.parametrize(("name", "data"), bases(), ids=[name for name, _ in bases()])
def test_flipped_and_cut_files_are_told_in_one_sentence(
    tmp_path: Path, name: str, data: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(len(data))
    started = time.monotonic()
    for _ in range(40):
        changed = bytearray(data)
        near = 400 if rng.random() < 0.7 else len(data)
        for at in rng.integers(0, min(near, len(data)), rng.integers(1, 6)):
            changed[at] = rng.integers(0, 256)
        if rng.random() < 0.3:
            changed = changed[: rng.integers(1, len(data))]
        path = tmp_path / name
        path.write_bytes(changed)
        read_every_way(path)
    assert time.monotonic() - started < 4 * SECONDS
    assert capfd.readouterr().err == ""


def directory(entries: list[tuple[int, int, int, int]], following: int) -> bytes:
    packed = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return struct.pack("<H", len(entries)) + packed + struct.pack("<I", following)


def header(**changes: int) -> list[tuple[int, int, int, int]]:
    values = {"width": 4, "height": 4, "rows": 4, "offset": 8, "count": 16, "packing": 1}
    values |= changes
    return [
        (256, 4, 1, values["width"]),
        (257, 4, 1, values["height"]),
        (258, 3, 1, 8),
        (259, 3, 1, values["packing"]),
        (262, 3, 1, 1),
        (273, 4, values.get("offsets", 1), values["offset"]),
        (277, 3, 1, 1),
        (278, 4, 1, values["rows"]),
        (279, 4, 1, values["count"]),
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"width": 0},
        {"height": 0},
        {"rows": 0},
        {"width": 2**31, "height": 2**31, "rows": 2**31},
        {"width": 100_000, "height": 100_000, "rows": 100_000, "packing": 8},
        {"offset": 2**31},
        {"count": 2**32 - 1, "packing": 8},
        {"offsets": 2**32 - 1},
        {"width": 2**32 - 1, "rows": 1, "packing": 8},
        {"packing": 7},
        {"packing": 9999},
    ],
    ids=str,
)
def test_absurd_headers_are_refused_at_once(tmp_path: Path, changes: dict[str, int]) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(b"II*\0" + struct.pack("<I", 24) + bytes(16) + directory(header(**changes), 0))
    started = time.monotonic()
    for read in (read_image, read_rgb8, window):
        with pytest.raises(ImageError, match=r"a\.tif "):
            read(path)
    assert time.monotonic() - started < SECONDS


def test_directories_in_a_circle(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(b"II*\0" + struct.pack("<I", 24) + bytes(16) + directory(header(), 24))
    with pytest.raises(ImageError, match="run in a circle"):
        image_info(path)


def test_what_is_not_one_of_our_formats_is_not_handed_on(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n"
    )
    with pytest.raises(ImageError, match="is not an image"):
        read_rgb8(path)
