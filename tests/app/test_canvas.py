"""What the canvas shows, pixel by pixel."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PySide6.QtCore import QPoint
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from app.views.canvas import Canvas
from app.views.outline_splice import NO_LINES, spliced
from gridsal_core.arrays import BoolArray, ByteArray, FloatArray
from gridsal_core.frames import Box
from gridsal_core.images import read_rgb8
from gridsal_core.regions import outline
from gridsal_core.types import ClassInfo
from tests.app.canvas_pixels import HEIGHT, WHITE, WIDTH, at, color

CLASSES = (ClassInfo("road", (0, 200, 0)), ClassInfo("car", (200, 0, 200)))


def half(value: float, other: float) -> FloatArray:
    """Return a saliency with one value left and another right."""
    saliency = np.full((HEIGHT, WIDTH), other, np.float32)
    saliency[:, : WIDTH // 2] = value
    return saliency


class TestHeat:
    def test_full_saliency_on_white_is_red_and_none_leaves_the_image(self, white: Canvas) -> None:
        white.set_heat_opacity(1.0)
        white.set_heat(half(1.0, 0.0))
        assert color(white, 20, 20) == QColor(255, 0, 0)
        assert color(white, 120, 20) == WHITE

    def test_alpha_grows_linearly_with_the_value(self, white: Canvas) -> None:
        white.set_heat_opacity(1.0)
        white.set_heat(half(0.25, 0.75))
        assert color(white, 20, 20).green() == pytest.approx(255 * 0.75, abs=2)
        assert color(white, 120, 20).green() == pytest.approx(255 * 0.25, abs=2)

    def test_the_scale_is_fixed_whatever_the_largest_value(self, white: Canvas) -> None:
        white.set_heat_opacity(1.0)
        white.set_heat(half(0.1, 0.0))
        assert color(white, 20, 20).green() == pytest.approx(255 * 0.9, abs=2)

    def test_opacity_dims_the_heat_that_is_shown(self, white: Canvas) -> None:
        white.set_heat(half(1.0, 0.0))
        white.set_heat_opacity(0.5)
        assert color(white, 20, 20).green() == pytest.approx(127, abs=2)

    def test_a_colour_bar_is_there_only_with_heat(self, canvas: Canvas) -> None:
        canvas.set_image(np.full((HEIGHT, WIDTH, 3), 128, np.uint8))

        def has_bar() -> bool:
            corner = QPoint(canvas.width() - 24, canvas.height() - 24)
            picture: QImage = canvas.viewport().grab().toImage()
            return picture.pixelColor(corner) != QColor(128, 128, 128)

        assert not has_bar()
        canvas.set_heat(half(0.0, 0.0))
        assert has_bar()
        canvas.set_layer_visible("heat", False)
        assert not has_bar()
        canvas.set_layer_visible("heat", True)
        assert has_bar()
        canvas.set_heat(None)
        assert not has_bar()


class TestPrediction:
    @pytest.fixture
    def predicted(self, white: Canvas) -> Canvas:
        class_map = np.zeros((HEIGHT, WIDTH), np.uint8)
        class_map[:, WIDTH // 2 :] = 1
        white.set_prediction(class_map, CLASSES)
        white.set_prediction_opacity(1.0)
        return white

    def test_each_class_has_its_colour(self, predicted: Canvas) -> None:
        assert color(predicted, 20, 20) == QColor(0, 200, 0)
        assert color(predicted, 120, 20) == QColor(200, 0, 200)

    def test_a_hidden_class_shows_the_image(self, predicted: Canvas) -> None:
        predicted.set_class_visible(1, False)
        assert color(predicted, 20, 20) == QColor(0, 200, 0)
        assert color(predicted, 120, 20) == WHITE
        predicted.set_class_visible(1, True)
        assert color(predicted, 120, 20) == QColor(200, 0, 200)

    def test_at_opacity_zero_the_image_is_untouched(self, predicted: Canvas) -> None:
        predicted.set_prediction_opacity(0)
        assert color(predicted, 20, 20) == WHITE

    def test_the_layer_can_be_switched_off(self, predicted: Canvas) -> None:
        predicted.set_layer_visible("prediction", False)
        assert color(predicted, 20, 20) == WHITE

    def test_more_than_256_classes_share_the_table(self, white: Canvas) -> None:
        classes = tuple(ClassInfo(f"class {i}", (i % 256, 9, 9)) for i in range(300))
        white.set_prediction(np.full((HEIGHT, WIDTH), 258, np.uint16), classes)
        white.set_prediction_opacity(1.0)
        assert color(white, 20, 20) == QColor(2, 9, 9)

    def test_a_value_that_is_no_class_shows_the_image(self, white: Canvas) -> None:
        white.set_prediction(np.full((HEIGHT, WIDTH), 255, np.uint8), CLASSES)
        assert color(white, 20, 20) == WHITE


class TestImages:
    def test_a_file_is_shown_in_its_colours(self, canvas: Canvas, tmp_path: Path) -> None:
        pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        pixels[:, : WIDTH // 2] = (10, 120, 230)
        Image.fromarray(pixels).save(tmp_path / "a.png")
        canvas.set_image(read_rgb8(tmp_path / "a.png"))
        assert color(canvas, 20, 20) == QColor(10, 120, 230)
        assert color(canvas, 120, 20) == QColor(0, 0, 0)

    def test_the_perturbed_image_takes_the_place_when_asked_for(self, white: Canvas) -> None:
        white.set_perturbed(np.full((HEIGHT, WIDTH, 3), 40, np.uint8))
        assert color(white, 20, 20) == WHITE
        white.set_layer_visible("perturbed", True)
        assert color(white, 20, 20) == QColor(40, 40, 40)

    def test_a_new_image_takes_old_knowledge_away(self, white: Canvas) -> None:
        white.set_heat(half(1.0, 1.0))
        white.set_region(np.ones((HEIGHT, WIDTH), bool))
        white.set_image(np.full((HEIGHT, WIDTH, 3), 77, np.uint8))
        assert color(white, 20, 20) == QColor(77, 77, 77)
        assert color(white, 0, 20) == QColor(77, 77, 77)

    def test_pixels_are_sharp_when_enlarged(self, canvas: Canvas) -> None:
        board: ByteArray = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        board[:, ::2] = 255
        canvas.set_image(board)
        canvas.set_zoom(8)
        grabbed = canvas.viewport().grab().toImage()
        seen = {grabbed.pixelColor(x, 150).lightness() for x in range(100, 400)}
        assert seen == {0, 255}

    def test_pixels_are_averaged_when_reduced(self, canvas: Canvas) -> None:
        board: ByteArray = np.zeros((800, 1600, 3), np.uint8)
        board[:, ::2] = 255
        canvas.set_image(board)
        assert canvas.zoom < 0.5
        assert 60 < color(canvas, 801, 401).lightness() < 200

    def test_the_hint_is_seen_only_without_an_image(self, canvas: Canvas) -> None:
        canvas.clearFocus()  # its ring is ink too

        def has_ink() -> bool:
            picture = canvas.viewport().grab().toImage()
            row = range(canvas.width())
            ground = picture.pixelColor(2, 2)
            return any(picture.pixelColor(x, y) != ground for y in range(120, 180, 2) for x in row)

        canvas.set_hint("", "")
        assert not has_ink()
        canvas.set_hint("Open an image folder", "Or drop one here.")
        assert has_ink()
        canvas.set_image(np.full((HEIGHT, WIDTH, 3), 255, np.uint8))
        assert color(canvas, 80, 45) == WHITE


class TestRegion:
    @pytest.mark.parametrize("zoom", [0.5, 1, 7.3])
    @pytest.mark.parametrize("ground", [0, 128, 255])
    def test_the_outline_is_blue_at_any_zoom_on_any_image(
        self, canvas: Canvas, zoom: float, ground: int
    ) -> None:
        canvas.set_image(np.full((HEIGHT, WIDTH, 3), ground, np.uint8))
        region = np.zeros((HEIGHT, WIDTH), bool)
        region[40:50, 70:90] = True
        canvas.set_region(region)
        canvas.set_zoom(zoom)
        line = color(canvas, 80, 40)
        assert line.blue() > 200
        assert line.red() < 60

    def test_the_inside_is_left_alone(self, white: Canvas) -> None:
        region = np.zeros((HEIGHT, WIDTH), bool)
        region[20:70, 40:120] = True
        white.set_region(region)
        assert color(white, 80, 45) == WHITE

    def test_a_changed_box_is_drawn_anew(self, white: Canvas) -> None:
        region = np.zeros((HEIGHT, WIDTH), bool)
        region[20:70, 40:120] = True
        white.set_region(region)
        region[20:30, 40:120] = False
        white.set_region(region, Box(20, 40, 30, 120))
        assert color(white, 80, 20) == WHITE
        assert color(white, 80, 30).blue() > color(white, 80, 30).red() + 100

    def test_a_changed_box_reaches_the_screen_by_itself(self, white: Canvas, qtbot: QtBot) -> None:
        # Unlike `grab`, a screenshot shows only what was asked to be painted again.
        def shot(x: float, y: float) -> QColor:
            picture: QImage = white.screen().grabWindow(white.winId()).toImage()
            return picture.pixelColor(at(white, x, y))

        region = np.zeros((HEIGHT, WIDTH), bool)
        region[20:70, 40:120] = True
        white.set_region(region)
        qtbot.waitUntil(lambda: shot(80, 20) != WHITE)
        region[20:30, 40:120] = False
        white.set_region(region, Box(20, 40, 30, 120))
        qtbot.waitUntil(lambda: shot(80, 20) == WHITE and shot(80, 30) != WHITE)

    def test_the_layer_can_be_switched_off(self, white: Canvas) -> None:
        white.set_region(np.ones((HEIGHT, WIDTH), bool))
        white.set_layer_visible("region", False)
        assert color(white, 80, 0.2) == WHITE

    @settings(deadline=None, max_examples=60)
    @given(st.data())
    def test_partial_updates_add_up_to_the_whole_outline(self, data: st.DataObject) -> None:
        height, width = data.draw(st.integers(1, 12)), data.draw(st.integers(1, 12))
        seeds = st.integers(0, 2**32 - 1)
        region: BoolArray = np.random.default_rng(data.draw(seeds)).random((height, width)) < 0.5
        lines = spliced(NO_LINES, region, Box(0, 0, height, width))
        for _ in range(data.draw(st.integers(0, 5))):
            top, bottom = sorted(
                data.draw(st.tuples(st.integers(0, height), st.integers(0, height)))
            )
            left, right = sorted(data.draw(st.tuples(st.integers(0, width), st.integers(0, width))))
            box = Box(top, left, bottom, right)
            noise = np.random.default_rng(data.draw(seeds)).random((bottom - top, right - left))
            region[box.slices] = noise < 0.5
            lines = spliced(lines, region, box)
        assert unit_edges(lines) == unit_edges(outline(region))


def unit_edges(lines: FloatArray) -> list[tuple[float, float, float, float]]:
    """Cut lines into pixel edges, sorted; an edge that is there twice stays twice."""
    edges = []
    for (x0, y0), (x1, y1) in lines.tolist():
        steps = int(max(x1 - x0, y1 - y0))
        dx, dy = (x1 - x0) / steps, (y1 - y0) / steps
        edges += [
            (x0 + i * dx, y0 + i * dy, x0 + (i + 1) * dx, y0 + (i + 1) * dy) for i in range(steps)
        ]
    return sorted(edges)
