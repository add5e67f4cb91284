"""A page of 300 megapixels opens, shows and pans in little memory."""

from __future__ import annotations

import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import tifffile

from gridsal_core.errors import ImageTooLargeError
from gridsal_core.images import image_info, read_image, read_rgb8

SIZE = (15_000, 20_000)
TILE = 512

_READING = """
import sys
from pathlib import Path
import imagecodecs, tifffile
from gridsal_core.frames import Box, Frame
from gridsal_core.images import open_pixels, read_image
from tests.process_memory import peak_bytes
path, full = Path(sys.argv[1]), (15000, 20000)
before = peak_bytes()
with open_pixels(path) as reader:
    overview = reader.rgb8(Box(0, 0, *full), (1536, 2048))
    tile = reader.rgb8(Box(7000, 9000, 8024, 10024), (1024, 1024))
small = read_image(path, frame=Frame(full, Box(0, 0, *full), (750, 1000)))
peak = peak_bytes()
print(overview.shape, tile.shape, round(float(overview.mean())), round(float(small.mean() * 255)))
print((peak - before) // 2**20)
"""


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("large") / "a.tif"
    ramp = np.broadcast_to(np.arange(TILE, dtype=np.uint8)[:, None, None] % 200, (TILE, TILE, 3))
    packed = zlib.compress(ramp.tobytes(), 1)
    count = -(-SIZE[0] // TILE) * -(-SIZE[1] // TILE)

    def tiles() -> Iterator[bytes]:
        for _ in range(count):
            yield packed

    tifffile.imwrite(
        path,
        tiles(),
        shape=(*SIZE, 3),
        dtype=np.uint8,
        tile=(TILE, TILE),
        compression="zlib",
        photometric="rgb",
    )
    return path


def test_it_is_shown_and_panned_in_little_memory(large: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux tells the highest memory of a process")
    done = subprocess.run(
        [sys.executable, "-c", _READING, str(large)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    shapes, megabytes = done.stdout.splitlines()
    assert shapes.startswith("(1536, 2048, 3) (1024, 1024, 3) ")
    shown, given = shapes.split()[-2:]
    assert shown == given
    # The overview itself and what is returned take 80 MB of it.
    assert int(megabytes) < 300


def test_read_as_a_whole_it_is_refused_by_its_size(large: Path) -> None:
    assert image_info(large).size == SIZE
    for read in (read_image, read_rgb8):
        with pytest.raises(ImageTooLargeError, match=r"20000 x 15000 \(300 megapixels\)"):
            read(large)
