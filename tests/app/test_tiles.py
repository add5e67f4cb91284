"""Details of a picture: read where they are looked at, bounded in memory, never out of date."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from app.models.picture import OVERVIEW_PIXELS, Picture, overview_size, picture_levels
from app.models.tile import TILE_EDGE, Tile
from app.views.detail_layer import around, tiles_in
from app.workers.tiles import TileLoader
from gridsal_core.arrays import ByteArray
from gridsal_core.errors import ImageError
from gridsal_core.frames import Box, ImageView

FULL = (1300, 1700)
TILE_BYTES = 4 * TILE_EDGE**2


@pytest.fixture(scope="module")
def pixels() -> ByteArray:
    return np.random.default_rng(0).integers(0, 256, (*FULL, 3)).astype(np.uint8)


@pytest.fixture
def picture(pixels: ByteArray, tmp_path: Path) -> Iterator[Picture]:
    Image.fromarray(pixels).save(tmp_path / "a.png", compress_level=0)
    picture = Picture(ImageView(tmp_path / "a.png"))
    yield picture
    picture.close()


@pytest.fixture
def loader(qtbot: QtBot) -> Iterator[TileLoader]:
    loader = TileLoader(cache_bytes=3 * TILE_BYTES)
    yield loader
    loader.shut_down()


def test_a_tile_holds_the_pixels_of_the_file(
    loader: TileLoader, picture: Picture, pixels: ByteArray, qtbot: QtBot
) -> None:
    loader.use(picture)
    tile = Tile(0, 1, 2)
    with qtbot.waitSignal(loader.arrived) as signal:
        loader.want([tile])
    assert signal.args == [tile]
    image = loader.get(tile)
    assert image is not None
    assert image.pixelColor(7, 9) == QColor(*pixels[512 + 9, 1024 + 7].tolist())


def test_the_tiles_at_the_edge_are_as_large_as_what_is_left(
    loader: TileLoader, picture: Picture, qtbot: QtBot
) -> None:
    loader.use(picture)
    corner = Tile(1, 1, 1)
    with qtbot.waitSignal(loader.arrived):
        loader.want([corner])
    image = loader.get(corner)
    assert image is not None
    assert (image.height(), image.width()) == ((1300 - 1024) // 2, (1700 - 1024) // 2)


def test_memory_is_bounded_and_the_least_recently_shown_goes(
    loader: TileLoader, picture: Picture, qtbot: QtBot
) -> None:
    loader.use(picture)
    tiles = [Tile(0, row, column) for row in (0, 1) for column in (0, 1, 2)]
    for tile in tiles:
        with qtbot.waitSignal(loader.arrived):
            loader.want([tile])
    assert loader.used_bytes <= 3 * TILE_BYTES
    assert loader.get(tiles[-1]) is not None
    assert loader.get(tiles[0]) is None


def test_what_is_not_wanted_any_more_is_not_read(
    loader: TileLoader, picture: Picture, qtbot: QtBot
) -> None:
    loader.use(picture)
    seen: list[Tile] = []
    loader.arrived.connect(seen.append)
    early = [Tile(0, row, column) for row in (0, 1, 2) for column in (0, 1)]
    last = Tile(0, 2, 3)
    loader.want(early)
    loader.want([last])
    qtbot.waitUntil(lambda: last in seen)
    qtbot.wait(100)
    assert set(seen) <= {early[0], early[1], last}


def test_of_another_picture_nothing_old_is_shown(
    loader: TileLoader, picture: Picture, qtbot: QtBot
) -> None:
    loader.use(picture)
    with qtbot.waitSignal(loader.arrived):
        loader.want([Tile(0, 0, 0)])
    loader.want([Tile(0, 0, 1)])
    loader.use(None)
    qtbot.wait(200)
    assert loader.get(Tile(0, 0, 0)) is None
    assert loader.get(Tile(0, 0, 1)) is None
    assert loader.used_bytes == 0


def test_a_file_that_cannot_be_read_any_more_is_told_once(
    loader: TileLoader, picture: Picture, qtbot: QtBot
) -> None:
    loader.use(picture)
    picture.close()
    reasons: list[str] = []
    loader.failed.connect(reasons.append)
    for column in (0, 1, 2):
        loader.want([Tile(0, 0, column)])
        qtbot.wait(50)
    assert reasons == ["a.png was closed; choose it again."]


def test_a_closed_picture_says_so(picture: Picture) -> None:
    picture.close()
    with pytest.raises(ImageError, match="was closed"):
        picture.rgb8(Box(0, 0, 1, 1), (1, 1))


@given(st.integers(1, 10**5), st.integers(1, 10**5))
def test_an_overview_is_bounded_and_never_larger_than_the_image(height: int, width: int) -> None:
    rows, columns = overview_size((height, width))
    assert 1 <= rows <= height
    assert 1 <= columns <= width
    assert rows * columns <= 1.01 * OVERVIEW_PIXELS + max(height, width)


def test_levels_halve_down_to_a_small_picture(pixels: ByteArray) -> None:
    sizes = [(level.height(), level.width()) for level in picture_levels(pixels)]
    assert sizes[:2] == [FULL, (650, 850)]
    assert max(sizes[-1]) < 200


@given(
    st.floats(0, 5000),
    st.floats(0, 5000),
    st.floats(1, 3000),
    st.floats(1, 3000),
    st.integers(0, 3),
)
def test_the_tiles_of_a_view_cover_it(
    left: float, top: float, width: float, height: float, depth: int
) -> None:
    view = QRectF(int(left), int(top), int(width), int(height))
    tiles = tiles_in(view, depth)
    assert len(tiles) == len(set(tiles))
    span = TILE_EDGE << depth
    united = QRectF()
    for tile in tiles:
        place = QRectF(tile.column * span, tile.row * span, span, span)
        assert place.intersects(view)
        united = united.united(place)
    assert united.contains(view)


def test_what_is_around_a_frame_leaves_it_free() -> None:
    inner, outer = QRectF(20, 30, 40, 50), QRectF(0, 0, 100, 100)
    parts = around(inner, outer)
    assert sum(part.width() * part.height() for part in parts) == 100 * 100 - 40 * 50
    assert not any(part.intersects(inner) for part in parts)
    assert around(QRectF(), outer) == (outer,)
