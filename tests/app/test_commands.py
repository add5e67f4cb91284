"""The command palette and the sheet of shortcuts."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from app.actions import CANVAS_KEYS, SPECS
from app.models.command_search import Command, found
from app.views.command_palette import CommandPalette
from app.views.shortcut_sheet import ShortcutSheet, columns
from tests.app.doors import is_shown, shown
from tests.driver import Driver


def command(name: str, title: str, menu: str = "Edit", tip: str = "") -> Command:
    return Command(name, title, menu, "", tip, True)


COMMANDS = (
    command("grow", "Grow region", tip="Widen it by one pixel"),
    command("shrink", "Shrink region"),
    command("export_figure", "Export figure", "File"),
    command("export_data", "Export data", "File", "Save maps and scores"),
)


def names(text: str, recent: tuple[str, ...] = ()) -> list[str]:
    return [each.name for each in found(COMMANDS, text, recent)]


class TestSearch:
    def test_without_a_text_the_recent_ones_come_first(self) -> None:
        assert names("", ("export_data", "shrink")) == [
            "export_data",
            "shrink",
            "grow",
            "export_figure",
        ]

    def test_every_word_must_fit_in_any_order(self) -> None:
        assert names("reg gr") == ["grow"]
        assert names("grow data") == []

    def test_the_letters_of_a_title_find_it(self) -> None:
        assert names("exfg") == ["export_figure"]
        assert names("xfg") == []

    def test_menu_and_tip_are_searched_behind_the_title(self) -> None:
        assert names("file") == ["export_figure", "export_data"]
        assert names("scores") == ["export_data"]

    def test_of_equals_the_recent_one_comes_first(self) -> None:
        assert names("export", ("export_data",)) == ["export_data", "export_figure"]

    def test_what_can_be_used_comes_before_what_cannot(self) -> None:
        grey = Command("exit", "Exit", "File", "", "", is_enabled=False)
        assert [each.name for each in found((grey, *COMMANDS), "ex", ())][-1] == "exit"


def open_palette(driver: Driver) -> CommandPalette:
    driver.action("palette")
    return shown(driver, CommandPalette)


class TestPalette:
    def test_a_few_letters_and_enter_run_a_command(self, demo: Driver) -> None:
        palette = open_palette(demo)
        assert palette.field.hasFocus()
        QTest.keyClicks(palette.field, "inv")
        assert palette.commands[0].name == "invert"
        QTest.keyClick(palette.field, Qt.Key.Key_Return)
        demo.wait(lambda: not is_shown(CommandPalette))
        assert demo.region.mask.all()

    def test_what_was_run_comes_first_the_next_time(self, demo: Driver) -> None:
        palette = open_palette(demo)
        QTest.keyClicks(palette.field, "zoom out")
        QTest.keyClick(palette.field, Qt.Key.Key_Return)
        assert open_palette(demo).commands[0].name == "zoom_out"
        assert demo.app.settings.recent_commands == ("zoom_out",)

    def test_arrow_keys_choose_and_escape_runs_nothing(self, demo: Driver) -> None:
        palette = open_palette(demo)
        QTest.keyClicks(palette.field, "zoom")
        QTest.keyClick(palette.field, Qt.Key.Key_Down)
        assert palette.list.currentIndex().row() == 1
        before = demo.window.canvas.zoom
        QTest.keyClick(palette.field, Qt.Key.Key_Escape)
        demo.wait(lambda: not is_shown(CommandPalette))
        assert demo.window.canvas.zoom == before

    def test_what_cannot_be_used_says_why_and_stays_unused(self, driver: Driver) -> None:
        driver.open(None, None)
        palette = open_palette(driver)
        QTest.keyClicks(palette.field, "grow")
        grow = palette.commands[0]
        assert (grow.name, grow.is_enabled) == ("grow", False)
        assert "image" in grow.tip
        QTest.keyClick(palette.field, Qt.Key.Key_Return)
        assert palette.isVisible()

    def test_a_text_that_fits_nothing_says_so(self, driver: Driver) -> None:
        driver.open(None, None)
        palette = open_palette(driver)
        QTest.keyClicks(palette.field, "zzz")
        assert palette.commands == ()
        assert any("Nothing fits" in label.text() for label in visible_labels(palette))


def visible_labels(widget: CommandPalette | ShortcutSheet) -> list[QLabel]:
    return [label for label in widget.findChildren(QLabel) if label.isVisible()]


class TestSheet:
    def test_it_holds_every_key_by_menu(self, driver: Driver) -> None:
        driver.open(None, None)
        driver.action("shortcuts")
        sheet = shown(driver, ShortcutSheet)
        said = {label.text() for label in sheet.findChildren(QLabel)}
        keys = [spec.shortcut for spec in SPECS if spec.shortcut] + [key for key, _ in CANVAS_KEYS]
        assert {f"<b>{each}</b>" for each in keys} <= said
        assert {"File", "Tools", "On the image", "Lasso", "Grow region"} <= said

    def test_it_fits_a_screen_of_1280x800_without_scrolling(self, driver: Driver) -> None:
        driver.open(None, None)
        driver.action("shortcuts")
        sheet = shown(driver, ShortcutSheet)
        assert sheet.width() <= 1280
        assert sheet.height() <= 760
        assert not sheet.is_scrolled

    def test_a_text_leaves_what_fits(self, driver: Driver) -> None:
        driver.open(None, None)
        driver.action("shortcuts")
        sheet = shown(driver, ShortcutSheet)
        QTest.keyClicks(sheet.field, "lasso")
        QApplication.processEvents()
        assert [label.text() for label in visible_labels(sheet)] == ["Tools", "<b>L</b>", "Lasso"]

    def test_columns_are_filled_in_order_and_about_equally(self) -> None:
        assert columns({"a": 3, "b": 3, "c": 7, "d": 3, "e": 3, "none": 0}) == [
            ["a", "b"],
            ["c"],
            ["d", "e"],
        ]
