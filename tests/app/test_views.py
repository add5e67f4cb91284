"""Pages, working scales, crop windows and huge images, on the real window."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QPushButton

from app.models.framing import is_whole
from app.models.image_list import CANNOT_BE_READ, REASON_ROLE, STATUS_ROLE
from app.models.plan import Plan
from gridsal_core.demo import find_demo
from tests.app.stories import set_steps
from tests.driver import NO_KEYS, Driver, there

CONTROL = Qt.KeyboardModifier.ControlModifier
HEIGHT, WIDTH = 2400, 3200
LONE_ROW, LONE_COLUMN = 1234, 777


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a dark image of 7.7 megapixels that has one white pixel."""
    folder = tmp_path_factory.mktemp("large")
    pixels = np.full((HEIGHT, WIDTH, 3), 20, np.uint8)
    pixels[LONE_ROW, LONE_COLUMN] = 255
    Image.fromarray(pixels).save(folder / "large.png", compress_level=1)
    return folder


def text(driver: Driver) -> str:
    """What the line over the canvas says of the scale."""
    return driver.window.view_bar.scale_button.text()


def pixel(driver: Driver, column: float, row: float) -> QColor:
    """The colour that is seen at a pixel of the whole image."""
    canvas, frame = driver.window.canvas, driver.loaded.frame
    across = (column + 0.5 - frame.window.left) * frame.scale
    down = (row + 0.5 - frame.window.top) * frame.scale
    place = canvas.to_viewport(QPointF(across, down)).toPoint()
    picture: QImage = canvas.grab().toImage()
    return picture.pixelColor(place)


def choose(driver: Driver, entry: str) -> None:
    """Choose an entry of the menu of working scales, and wait until the image is there again."""
    actions = driver.window.view_bar.menu.actions()
    next(action for action in actions if entry in action.text().replace("&", "")).trigger()
    driver.wait(lambda: driver.session.loaded is not None)


def show_lone_pixel(driver: Driver) -> None:
    canvas, frame = driver.window.canvas, driver.loaded.frame
    canvas.set_view(LONE_COLUMN * frame.scale, LONE_ROW * frame.scale, 8 / frame.scale)


class TestWorkingScale:
    def test_an_ordinary_image_is_taken_as_it_is_and_nothing_is_said(self, demo: Driver) -> None:
        assert demo.loaded.view.frame is None
        assert not demo.window.view_bar.isVisible()

    def test_a_large_one_is_worked_on_smaller_and_the_scale_is_told(
        self, driver: Driver, large: Path
    ) -> None:
        driver.open(None, large)
        frame = driver.loaded.frame
        assert frame.full == (HEIGHT, WIDTH)
        assert frame.size[0] * frame.size[1] <= 4_000_000
        assert driver.region.mask.shape == driver.loaded.rgb.shape[:2] == frame.size
        assert driver.window.view_bar.isVisible()
        assert f"Working at {100 * frame.scale:.0f} %" in text(driver)
        assert "of 3,200 × 2,400" in text(driver)

    def test_its_own_pixels_are_seen_where_the_zoom_asks_for_them(
        self, driver: Driver, large: Path
    ) -> None:
        driver.open(None, large)
        show_lone_pixel(driver)
        driver.wait(lambda: pixel(driver, LONE_COLUMN, LONE_ROW) == QColor(255, 255, 255), 20)
        assert pixel(driver, LONE_COLUMN + 1, LONE_ROW) == QColor(20, 20, 20)
        assert pixel(driver, LONE_COLUMN, LONE_ROW - 1) == QColor(20, 20, 20)

    def test_100_percent_and_the_status_line_count_in_pixels_of_the_image(
        self, driver: Driver, large: Path
    ) -> None:
        driver.open(None, large)
        driver.action("actual")
        assert driver.window.canvas.image_zoom == pytest.approx(1)
        choose(driver, "50 %")
        driver.hover(100, 200)
        assert "x 201  y 401" in driver.window.status.pixel_text

    def test_another_scale_keeps_the_place_that_is_seen(self, driver: Driver, large: Path) -> None:
        driver.open(None, large)
        show_lone_pixel(driver)
        for entry in ("50 %", "100 %", "25 %"):
            choose(driver, entry)
            canvas, frame = driver.window.canvas, driver.loaded.frame
            middle = canvas.to_image(QPointF(canvas.viewport().rect().center())) / frame.scale
            assert canvas.image_zoom == pytest.approx(8, rel=1e-3)
            assert middle.x() == pytest.approx(LONE_COLUMN, abs=1)
            assert middle.y() == pytest.approx(LONE_ROW, abs=1)

    def test_a_region_survives_the_way_there_and_back(self, driver: Driver, large: Path) -> None:
        driver.open(None, large)
        choose(driver, "100 %")
        driver.region.rectangle((401, 301), (900, 701), "add")
        mask = driver.region.mask.copy()
        choose(driver, "25 %")
        assert driver.region.pixel_count == pytest.approx(mask.sum() / 16, rel=0.02)
        choose(driver, "100 %")
        np.testing.assert_array_equal(driver.region.mask, mask)

    def test_the_scale_is_kept_while_another_image_is_seen(
        self, driver: Driver, large: Path, tmp_path: Path
    ) -> None:
        for name in ("a.png", "b.png"):
            Image.new("RGB", (400, 300), (90, 9, 9)).save(tmp_path / name)
        driver.open(None, tmp_path)
        choose(driver, "50 %")
        driver.action("next")
        driver.wait(lambda: driver.session.loaded is not None)
        assert driver.loaded.frame.size == (300, 400)
        driver.action("previous")
        driver.wait(lambda: driver.session.loaded is not None)
        assert driver.loaded.frame.size == (150, 200)


class TestCropWindow:
    def test_it_needs_a_region_and_says_so(self, driver: Driver, large: Path) -> None:
        driver.open(None, large)
        choose(driver, "Crop")
        assert "region first" in driver.window.status.currentMessage()
        assert is_whole(driver.loaded.frame)

    def test_it_holds_the_region_at_full_scale_and_the_rest_is_dimmed(
        self, driver: Driver, large: Path
    ) -> None:
        driver.open(None, large)
        scale = driver.loaded.frame.scale
        driver.region.rectangle((900 * scale, 600 * scale), (1300 * scale, 900 * scale), "add")
        driver.app.views.choose("crop")
        driver.wait(lambda: driver.session.loaded is not None)
        frame = driver.loaded.frame
        assert frame.scale == 1
        window = frame.window
        assert (window.top, window.left) <= (600, 900)
        assert window.bottom >= 899
        assert window.right >= 1299
        assert "crop window" in text(driver)
        assert driver.region.mask[750 - window.top, 1100 - window.left]
        driver.action("fit")
        inside = (window.left + 20, window.top + 20)
        assert pixel(driver, *inside) == QColor(20, 20, 20)
        assert window.right < WIDTH
        assert pixel(driver, WIDTH - 10, 700) != QColor(20, 20, 20)

    def test_a_result_belongs_to_the_frame_it_was_made_on(self, demo: Driver) -> None:
        set_steps(demo, 3)
        height, width = demo.loaded.frame.full
        demo.region.rectangle((width // 2, height // 2), (width // 2 + 9, height // 2 + 9), "add")
        demo.run()
        whole = demo.result
        demo.app.views.choose(0.5)
        demo.wait(lambda: demo.session.prediction is not None)
        assert demo.session.result is None
        set_steps(demo, 3)
        demo.run()
        half = demo.result
        assert half.saliency.shape == demo.loaded.frame.size
        assert there(half.request.frame).size == demo.loaded.frame.size
        demo.app.views.choose("fit")
        demo.wait(lambda: demo.session.result is not None)
        assert demo.result is whole
        assert whole.request.frame is None

    def test_a_chosen_scale_is_kept_when_a_network_is_opened(
        self, driver: Driver, large: Path
    ) -> None:
        driver.open(None, large)
        driver.app.views.choose(0.04)
        driver.wait(lambda: driver.session.loaded is not None)
        driver.app.networks.open_model(find_demo().model)
        driver.wait(lambda: driver.session.prediction is not None)
        assert driver.loaded.frame.size == driver.prediction.class_map.shape == (96, 128)

    @pytest.mark.parametrize(
        ("fits", "is_kept"), [(4_000_000, True), (3_500_000, True), (1_000_000, False)]
    )
    def test_a_frame_stays_while_it_fits_about(self, fits: int, is_kept: bool) -> None:
        # The memory that is free differs from one opening of the same network to the next.
        first = Plan("fit", None, None, 4_000_000).frame((HEIGHT, WIDTH))
        again = Plan("fit", None, first, fits).frame((HEIGHT, WIDTH))
        assert (again == first) == is_kept
        assert again.size[0] * again.size[1] <= 1.25 * fits


class TestPages:
    @pytest.fixture
    def pages(self, driver: Driver, tmp_path: Path) -> Driver:
        stack = np.stack([np.full((60, 80, 3), 50 * n, np.uint8) for n in (1, 2, 3)])
        tifffile.imwrite(tmp_path / "stack.tif", stack, photometric="rgb")
        driver.open(None, tmp_path)
        return driver

    def wait_for(self, driver: Driver, page: int) -> None:
        driver.wait(lambda: driver.session.loaded is not None and driver.loaded.page == page)

    def test_the_keys_turn_pages_and_stop_at_the_ends(self, pages: Driver) -> None:
        bar = pages.window.view_bar
        assert bar.isVisible()
        assert bar.page_field.maximum() == 3
        assert not pages.window.action("previous_page").isEnabled()
        pages.key(Qt.Key.Key_PageDown, CONTROL)
        self.wait_for(pages, 1)
        assert pixel(pages, 40, 30) == QColor(100, 100, 100)
        pages.action("next_page")
        self.wait_for(pages, 2)
        assert bar.page_field.value() == 3
        assert not pages.window.action("next_page").isEnabled()

    def test_each_page_has_its_own_region(self, pages: Driver) -> None:
        pages.region.rectangle((5, 5), (20, 20), "add")
        count = pages.region.pixel_count
        pages.window.view_bar.page_field.setValue(3)
        self.wait_for(pages, 2)
        assert pages.region.is_empty
        pages.window.view_bar.page_field.setValue(1)
        self.wait_for(pages, 0)
        assert pages.region.pixel_count == count


class TestNotesAndBombs:
    def test_what_was_dropped_of_an_image_is_told(self, driver: Driver, tmp_path: Path) -> None:
        Image.new("RGBA", (40, 30), (9, 99, 9, 128)).save(tmp_path / "a.png")
        driver.open(None, tmp_path)
        notes = driver.loaded.picture.info.notes
        assert notes
        assert notes[0] in driver.window.status.notes

    def test_an_image_beyond_the_safe_size_is_opened_once_it_is_allowed(
        self, driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GRIDSAL_MAX_PIXELS", "1000")
        for name in ("a.png", "b.png"):
            Image.new("RGB", (300, 200), (90, 9, 9)).save(tmp_path / name)
        driver.app.show(None, tmp_path)
        driver.wait(lambda: "300 x 200" in driver.window.canvas.hint_text)
        buttons = driver.window.canvas.findChildren(QPushButton)
        driver.push(next(b for b in buttons if b.isVisible() and b.text() == "Open it anyway"))
        driver.wait(lambda: driver.session.loaded is not None)
        assert driver.loaded.view.allow_large
        images = driver.app.files.images
        first, second = images.index(0), images.index(1)
        driver.wait(lambda: second.data(REASON_ROLE))
        assert not first.data(REASON_ROLE)
        assert first.data(STATUS_ROLE) != CANNOT_BE_READ
        assert first.data(Qt.ItemDataRole.DecorationRole) is not None
        driver.key(Qt.Key.Key_PageDown, NO_KEYS)
        driver.wait(lambda: "b.png" in driver.window.canvas.hint_text)
        driver.wait(lambda: "300 x 200" in driver.window.canvas.hint_text)
        driver.key(Qt.Key.Key_PageUp, NO_KEYS)
        driver.wait(lambda: driver.session.loaded is not None)
