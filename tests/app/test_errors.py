"""The layer that shows which pixels are correct, wrong and ignored."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor

from app.views.canvas import Canvas
from app.views.class_layers import ERROR_KINDS
from app.views.legend_model import share_text
from gridsal_core.comparison import CORRECT, IGNORED, WRONG
from tests.app.canvas_pixels import HEIGHT, WHITE, WIDTH, color
from tests.app.stories import click_digit, label, set_steps
from tests.driver import Driver

COLORS = {kind.value: QColor(*kind.color) for kind in ERROR_KINDS}


def luminance(rgb: tuple[int, int, int]) -> float:
    part = np.array(rgb) / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def test_the_colours_differ_in_brightness_too() -> None:
    for one, other in combinations(ERROR_KINDS, 2):
        dark, light = sorted((luminance(one.color), luminance(other.color)))
        assert (light + 0.05) / (dark + 0.05) >= 2


class TestCanvas:
    @pytest.fixture
    def judged(self, white: Canvas) -> Canvas:
        verdicts = np.full((HEIGHT, WIDTH), CORRECT, np.uint8)
        verdicts[:, 60:] = WRONG
        verdicts[:, 120:] = IGNORED
        white.set_errors(verdicts)
        white.set_errors_opacity(1.0)
        return white

    def test_it_starts_hidden(self, judged: Canvas) -> None:
        assert color(judged, 20, 20) == WHITE

    def test_each_kind_has_its_colour(self, judged: Canvas) -> None:
        judged.set_layer_visible("errors", True)
        assert color(judged, 20, 20) == COLORS[CORRECT]
        assert color(judged, 90, 20) == COLORS[WRONG]
        assert color(judged, 140, 20) == COLORS[IGNORED]

    def test_the_opacity_is_its_own(self, judged: Canvas) -> None:
        judged.set_layer_visible("errors", True)
        judged.set_prediction_opacity(1)
        judged.set_errors_opacity(0)
        assert color(judged, 20, 20) == WHITE

    def test_another_image_takes_it_away(self, judged: Canvas) -> None:
        judged.set_layer_visible("errors", True)
        judged.set_image(np.full((HEIGHT, WIDTH, 3), 77, np.uint8))
        assert color(judged, 20, 20) == QColor(77, 77, 77)


def show_errors(driver: Driver) -> tuple[str, ...]:
    """Press X and return the shares that the legend shows in the end."""
    driver.key(Qt.Key.Key_X)
    legend = driver.window.layers.error_legend
    driver.wait(lambda: all(legend.texts), 20)
    return legend.texts


def expected_shares(driver: Driver) -> tuple[str, ...]:
    class_map, true = driver.prediction.class_map, label(driver)
    known = true < len(driver.network.classes)
    masks = (known & (class_map == true), known & (class_map != true), ~known)
    return tuple(share_text(float(mask.mean())) for mask in masks)


def is_on(driver: Driver, layer: str) -> bool:
    return driver.window.layers.boxes[layer].isChecked()


class TestLayer:
    def test_a_key_shows_it_with_the_shares(self, demo: Driver) -> None:
        legend = demo.window.layers.error_legend
        assert not legend.isVisible()
        assert show_errors(demo) == expected_shares(demo)
        assert legend.isVisible()
        wrong = (demo.prediction.class_map != label(demo)) & (label(demo) < 11)
        y, x = (int(at) for at in np.argwhere(wrong)[0])
        demo.action("toggle_image")
        demo.action("toggle_region")
        demo.window.layers.sliders["errors"].set_value(1)
        assert color(demo.window.canvas, x + 0.5, y + 0.5) == COLORS[WRONG]
        demo.key(Qt.Key.Key_X)
        assert not legend.isVisible()

    def test_it_and_the_prediction_take_turns(self, demo: Driver) -> None:
        assert is_on(demo, "prediction")
        show_errors(demo)
        assert (is_on(demo, "prediction"), is_on(demo, "errors")) == (False, True)
        demo.key(Qt.Key.Key_P)
        assert (is_on(demo, "prediction"), is_on(demo, "errors")) == (True, False)

    def test_it_stays_while_one_pages_through_images(self, demo: Driver) -> None:
        first = show_errors(demo)
        demo.action("next")
        demo.wait(lambda: demo.session.loaded is not None)
        demo.wait(lambda: demo.session.prediction is not None)
        legend = demo.window.layers.error_legend
        demo.wait(lambda: legend.texts == expected_shares(demo), 20)
        assert legend.texts != first
        assert is_on(demo, "errors")

    def test_a_run_has_the_image_to_itself(self, demo: Driver) -> None:
        show_errors(demo)
        click_digit(demo)
        set_steps(demo, 300)
        demo.push(demo.window.run.main_button)
        demo.wait_for_steps()
        assert not is_on(demo, "errors")

    def test_without_labels_it_is_disabled_and_says_why(self, demo: Driver, tmp_path: Path) -> None:
        show_errors(demo)
        Image.open(demo.loaded.path).save(tmp_path / "alone.png")
        demo.app.files.open_folder(tmp_path)
        demo.wait(lambda: demo.session.loaded and demo.loaded.path.name == "alone.png")
        box = demo.window.layers.boxes["errors"]
        assert not box.isEnabled()
        assert not box.isChecked()
        assert is_on(demo, "prediction")
        reason = "alone.png has no label map; File > Label maps says where they are."
        assert box.toolTip() == reason
        demo.key(Qt.Key.Key_X)
        assert not box.isChecked()
        assert demo.window.status.currentMessage() == reason

    def test_before_anything_is_open_it_says_what_to_open(self, driver: Driver) -> None:
        driver.open(None, None)
        box = driver.window.layers.boxes["errors"]
        assert not box.isEnabled()
        assert box.toolTip() == "Open a network first: File > Open model."

    def test_a_label_map_that_is_found_later_brings_it(self, demo: Driver, tmp_path: Path) -> None:
        Image.open(demo.loaded.path).save(tmp_path / "alone.png")
        Image.fromarray(np.full((64, 64), 255, np.uint8)).save(tmp_path / "truth_alone.png")
        demo.app.files.open_folder(tmp_path)
        demo.wait(lambda: demo.session.loaded and demo.loaded.path.name == "alone.png")
        demo.wait(lambda: demo.session.prediction is not None)
        demo.app.views.set_label_pattern("truth_{stem}.png")
        demo.wait(demo.window.layers.boxes["errors"].isEnabled, 20)
        assert show_errors(demo) == ("–", "–", "100.0 %")


def test_street_photographs_have_ignored_pixels(
    driver: Driver, street_model: Path, street_images: Path
) -> None:
    driver.open(street_model, street_images)
    shares = show_errors(driver)
    assert shares == expected_shares(driver)
    assert "–" not in shares
    legend = driver.window.layers.error_legend
    assert all("Mean IoU on this image: 0." in tip for tip in legend.tips)
