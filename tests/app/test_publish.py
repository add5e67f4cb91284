"""Out of the window: the figure composer, data of one and of all results, the report."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QDialog, QFileDialog, QInputDialog

from app.views.composer_dialog import OWN, ComposerDialog
from app.views.export_dialog import ExportDialog, Scope
from gridsal_core.figure.presets import read_presets
from tests.app.stories import click_digit, dismiss, error_text, has_dialog
from tests.driver import Driver

Dialog = TypeVar("Dialog", bound=QDialog)


def opened(kind: type[Dialog]) -> Dialog:
    found = [each for each in QApplication.topLevelWidgets() if isinstance(each, kind)]
    return next(each for each in found if each.isVisible())


@pytest.fixture
def explained(demo: Driver) -> Driver:
    """The demo with two results of one digit, by two methods."""
    click_digit(demo)
    demo.run()
    settings = demo.window.settings.settings()
    demo.window.settings.set_settings(type(settings)(**{**vars(settings), "method": "grid"}))
    demo.run()
    return demo


def identities(driver: Driver) -> list[str]:
    return [kept.identity for kept in driver.session.results.results]


def save_as(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(file), ""))


class TestComposer:
    def test_it_shows_the_figure_as_it_will_be_saved(
        self, explained: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        explained.action("compose_figure")
        composer = opened(ComposerDialog)
        fields = composer.fields
        assert not composer.export.isEnabled()
        explained.wait(lambda: composer.preview.has_figure)
        assert composer.told.startswith("180.0 × ")
        check_names_and_tips(composer)

        fields.width_field.setValue(85)
        pick(fields.color_map, "viridis")
        explained.wait(lambda: composer.told.startswith("85.0 × "))
        assert "1,004" in composer.told

        save_as(monkeypatch, tmp_path / "figure.png")
        explained.push(composer.export)
        explained.wait((tmp_path / "figure.png").exists)
        assert Image.open(tmp_path / "figure.png").size[0] == 1004
        explained.wait(lambda: "Saved" in composer.told)

        QGuiApplication.clipboard().clear()
        explained.push(composer.copy)
        explained.wait(lambda: QGuiApplication.clipboard().image().width() == 1004)

        # What cannot be drawn is told where the figure would be.
        fields.font_family.setCurrentText("No Such Face")
        explained.wait(lambda: "not installed" in composer.preview.text())
        assert not composer.export.isEnabled()
        fields.font_family.setCurrentText("DejaVu Serif")
        explained.wait(lambda: composer.preview.has_figure)
        assert composer.export.isEnabled()

        # Panels are ticked, and the page stays as large when the unit is changed.
        first = fields.panels.item(0)
        assert first.text().startswith("Explanation")
        assert fields.spec().panels is None
        first.setCheckState(Qt.CheckState.Unchecked)
        assert fields.spec().panels == ("segmentation", "label", "perturbed")
        pick(fields.unit, "px")
        assert fields.spec().width == 1004
        composer.close()

    def test_every_kind_is_drawn_of_the_results_that_are_compared(self, explained: Driver) -> None:
        explained.app.compare.show(identities(explained))
        explained.action("compose_figure")
        composer = opened(ComposerDialog)
        assert composer.fields.spec().kind == "methods"
        for kind in ("methods", "pair", "what-if", "sheet"):
            pick(composer.fields.kind, kind)
            composer.preview.show_trouble("")
            explained.wait(lambda: composer.preview.has_figure)
        pick(composer.fields.kind, "single")
        explained.wait(lambda: "holds one explanation" in composer.preview.text())
        composer.close()

    def test_looks_are_kept_under_a_name(
        self, explained: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        explained.action("compose_figure")
        composer = opened(ComposerDialog)
        explained.wait(lambda: composer.preview.has_figure)
        assert composer.presets.currentText() == "Paper, two columns"
        composer.fields.font_size.setValue(11)
        explained.wait(lambda: composer.presets.currentText() == OWN)
        monkeypatch.setattr(QInputDialog, "getText", lambda *_: ("Mine", True))
        explained.push(composer.save_preset)
        assert read_presets(tmp_path / "figure_presets.json")["Mine"].font_size == 11
        assert composer.presets.currentText() == "Mine"

        composer.presets.setCurrentText("Slide, 16:9")
        composer.presets.activated.emit(composer.presets.currentIndex())
        explained.wait(lambda: "1,920 × 1,080" in composer.told)
        composer.presets.setCurrentText("Mine")
        composer.presets.activated.emit(composer.presets.currentIndex())
        explained.wait(lambda: composer.told.startswith("180.0"))
        explained.push(composer.delete_preset)
        assert read_presets(tmp_path / "figure_presets.json") == {}

        monkeypatch.setattr(QInputDialog, "getText", lambda *_: ("Slide, 16:9", True))
        explained.push(composer.save_preset)
        explained.wait(has_dialog)
        assert "comes along" in error_text()
        dismiss()

        # A damaged file is told, and is not written over.
        (tmp_path / "figure_presets.json").write_bytes(b"{")
        monkeypatch.setattr(QInputDialog, "getText", lambda *_: ("Other", True))
        explained.push(composer.save_preset)
        explained.wait(has_dialog)
        assert "mend the file" in error_text()
        assert (tmp_path / "figure_presets.json").read_bytes() == b"{"
        composer.close()


def pick(combo: QComboBox, data: str) -> None:
    combo.setCurrentIndex(combo.findData(data))


def check_names_and_tips(composer: ComposerDialog) -> None:
    fields = composer.fields
    for widget in (
        fields.kind,
        fields.width_field,
        fields.height_field,
        fields.unit,
        fields.dpi,
        fields.columns,
        fields.panels,
        fields.changes,
        fields.color_map,
        fields.opacity,
        fields.contour_color,
        fields.contour_width,
        fields.font_family,
        fields.font_size,
        fields.letters,
        fields.caption,
        fields.caption_text,
        fields.titles,
        fields.legend,
        fields.color_bar,
        fields.small_print,
    ):
        assert widget.accessibleName()
        assert widget.toolTip()


def export(driver: Driver, scope: Scope, suffix: str) -> None:
    driver.action("export_data")
    dialog = opened(ExportDialog)
    dialog.scopes[scope].setChecked(True)
    dialog.formats[suffix].setChecked(True)
    QTest.mouseClick(dialog.go, Qt.MouseButton.LeftButton)


def test_data_and_a_report_of_all_results(
    explained: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = identities(explained)[0]
    explained.session.results.describe(first, note="=1+1, <b>or</b>\nnot", tags=["b", "a"])
    save_as(monkeypatch, tmp_path / "all.csv")
    export(explained, "all", ".csv")
    explained.wait((tmp_path / "all.csv").exists)
    with (tmp_path / "all.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["method"] for row in rows] == ["context", "grid"]
    assert rows[0]["note"] == "'=1+1, <b>or</b>\nnot"
    assert rows[0]["tags"] == "a, b"
    assert float(rows[0]["score_image"]) == pytest.approx(explained.result.scores.image)

    save_as(monkeypatch, tmp_path / "all.json")
    export(explained, "all", ".json")
    explained.wait((tmp_path / "all.json").exists)
    found = json.loads((tmp_path / "all.json").read_text())["results"]
    assert found[0]["image"] == str(explained.session.current)
    assert found[1]["settings"]["method"] == "grid"

    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    explained.window.results.select(identities(explained))
    export(explained, "selected", ".npz")
    explained.wait(lambda: not explained.app.data.is_pending)
    assert [file.name[:2] for file in sorted(tmp_path.glob("*.npz"))] == ["1_", "2_"]
    save_as(monkeypatch, tmp_path / "this.npz")
    export(explained, "this", ".npz")
    explained.wait((tmp_path / "this.npz").exists)
    with np.load(tmp_path / "this.npz") as archive:
        np.testing.assert_array_equal(archive["mask"], explained.result.mask)

    save_as(monkeypatch, tmp_path / "report.html")
    explained.action("report")
    explained.wait((tmp_path / "report.html").exists)
    page = (tmp_path / "report.html").read_text("utf-8")
    assert page.count("<article") == 2
    assert "&lt;b&gt;or&lt;/b&gt;" in page
    assert len(re.findall('src="data:image/png;base64,', page)) == 2
