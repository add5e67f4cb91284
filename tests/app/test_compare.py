"""The page Compare: comparisons that one action makes, what is beside what, and its words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QDropEvent

from app.controllers.run_several import with_settings
from app.views.compare_page import ComparePage
from app.views.compare_panel import ComparePanel
from gridsal_core.arrays import IndexArray
from tests.app.doors import shown
from tests.app.stories import click_digit, label
from tests.driver import Driver, there


def texts(driver: Driver) -> list[str]:
    return [panel.differs.text for panel in driver.window.compare.shown]


def is_running(page: ComparePage) -> bool:
    return page.is_running


def is_shown(panel: ComparePanel) -> bool:
    return panel.view.picture is not None


def test_a_lambda_sweep_is_run_and_shown_and_what_is_kept_is_not_run_again(demo: Driver) -> None:
    from app.views.compare_dialogs import SweepDialog

    page = demo.window.compare
    demo.action("compare_page")
    assert demo.window.workspace.currentWidget() is page
    assert "Nothing is explained yet" in page.panels[0].hint_text
    assert not demo.window.action("compare_lam").isEnabled()
    click_digit(demo)

    demo.action("compare_lam")
    dialog = shown(demo, SweepDialog)
    assert dialog.field.text() == "0.01, 0.05, 0.25"
    dialog.field.setText("0.01")
    assert not dialog.compare.isEnabled()
    dialog.field.setText("0.01, two")
    assert "not a number" in dialog.told
    dialog.field.setText("0.01, 0.05, 0.25")
    demo.push(dialog.compare)
    assert is_running(page)
    demo.wait(lambda: not demo.app.comparisons.is_pending)
    demo.wait(lambda: all(is_shown(panel) for panel in page.shown))
    assert not is_running(page)
    assert texts(demo) == ["λ 0.01", "λ 0.05", "λ 0.25"]
    results = demo.session.results.results
    assert [kept.settings.lam for kept in results] == [0.01, 0.05, 0.25]

    rows = page.panels[0].bars.rows
    assert sum(row.shares[0] or 0 for row in rows) == pytest.approx(1, abs=0.02)
    assert "by true class" in page.panels[0].source.text
    assert page.panels[1].bars.accessibleDescription()
    assert page.width() < demo.window.width() - 500

    # The mask sizes include the one that is set, whose result is there.
    demo.window.settings.set_settings(replace(results[1].settings))
    demo.action("compare_mask")
    dialog = shown(demo, SweepDialog)
    assert dialog.field.text() == "2x2, 4x4, 8x8"
    dialog.field.setText("4x4, 8x8")
    demo.push(dialog.compare)
    demo.wait(lambda: not demo.app.comparisons.is_pending)
    demo.wait(lambda: all(is_shown(panel) for panel in page.shown))
    assert len(demo.session.results.results) == 4
    assert demo.app.compare.panels.panels[0] == results[1].identity
    assert texts(demo) == ["mask 4 × 4", "mask 8 × 8"]

    # A difference has its own scale, and says how large it is.
    demo.push(page.difference)
    demo.wait(lambda: page.message.text != "")
    assert page.difference_scale.isVisible()
    demo.push(page.difference)
    assert not page.difference_scale.isVisible()

    # Panels are swapped, closed, chosen and dropped on.
    page.panels[0].swap_wanted.emit(1)
    assert texts(demo) == ["mask 8 × 8", "mask 4 × 4"]
    demo.push(page.add)
    assert len(page.shown) == 3
    assert "Choose a result" in page.panels[2].hint_text
    picker = page.panels[2].picker
    picker.setCurrentIndex(picker.findData(results[0].identity))
    picker.activated.emit(picker.currentIndex())
    demo.wait(lambda: is_shown(page.panels[2]))
    drop(demo, page.panels[0], [results[1].identity, results[2].identity])
    demo.wait(lambda: all(is_shown(panel) for panel in page.shown))
    now = demo.app.compare.panels.panels
    assert {now[0], now[3]} == {results[1].identity, results[2].identity}
    demo.rest(50)
    assert (demo.window.width(), demo.window.height()) == (1280, 800)
    demo.push(page.panels[3].close_button)
    demo.wait(lambda: len(page.shown) == 3)

    # Results that are selected in the list are compared by one action.
    assert not demo.window.action("compare_selected").isEnabled()
    demo.window.results.select([results[0].identity, results[2].identity])
    demo.action("compare_selected")
    demo.wait(lambda: all(is_shown(panel) for panel in page.shown))
    chosen = list(demo.app.compare.panels.panels)
    assert sorted(map(str, chosen)) == sorted([results[0].identity, results[2].identity])

    # What is removed from the session leaves its panel empty.
    demo.session.results.remove([there(chosen[0])])
    assert None in demo.app.compare.panels.panels
    assert "Choose a result" in page.panels[0].hint_text


def drop(demo: Driver, panel: ComparePanel, identities: list[str]) -> None:
    """Drop what a drag of these rows of the list of results carries."""
    rows = [demo.window.results_table.row_of(identity) for identity in identities]
    data = demo.window.results_table.mimeData(
        [demo.window.results_table.index(there(row), 1) for row in rows]
    )
    event = QDropEvent(
        QPointF(QPoint(20, 20)),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    panel.dropEvent(event)


MISTAKEN_IMAGE = "14_unbiased_digit3.png"


def test_one_click_compares_the_correct_and_the_wrong_part_of_a_segment(demo: Driver) -> None:
    names = [path.name for path in demo.session.images]
    demo.window.images.select(names.index(MISTAKEN_IMAGE))
    demo.wait(lambda: (on := demo.session.loaded) is not None and on.path.name == MISTAKEN_IMAGE)
    demo.wait(lambda: demo.session.prediction is not None)
    true, class_map = label(demo), demo.prediction.class_map
    assert not demo.window.action("compare_parts").isEnabled()
    y, x = mistake(class_map, true)
    demo.click(x, y)
    demo.push(demo.window.request.compare_button)
    page = demo.window.compare
    assert demo.window.workspace.currentWidget() is page
    demo.wait(lambda: not demo.app.comparisons.is_pending)
    demo.wait(lambda: all(is_shown(panel) for panel in page.shown))

    correct, wrong = demo.session.results.results
    assert (correct.origin, wrong.origin) == ("correct part", "erroneous part")
    assert correct.class_index == wrong.class_index == class_map[y, x]
    first, second = (there(panel.view.picture).region for panel in page.shown)
    assert not (first & second).any()
    assert (true[first] == class_map[first]).all()
    assert (true[second] != class_map[second]).all()
    # Both tell the same classes in the same order, once there is room for them.
    demo.wait(lambda: page.panels[0].bars.rows == page.panels[1].bars.rows)
    assert len(page.panels[0].bars.rows) > 1


def mistake(class_map: IndexArray, true: IndexArray) -> tuple[int, int]:
    """A pixel of a segment that has a correct and a wrong part."""
    from gridsal_core.comparison import segment_parts
    from gridsal_core.segments import segment_at

    for y, x in np.argwhere((class_map != true) & (true < 11)).tolist():
        parts = segment_parts(segment_at(class_map, x, y), class_map, true, 11)
        if parts.correct is not None and parts.erroneous:
            return y, x
    raise AssertionError("the demo has a mistake")


def test_a_stopped_comparison_keeps_what_is_done(demo: Driver) -> None:
    click_digit(demo)
    demo.window.settings.set_settings(replace(demo.window.settings.settings(), steps=2000))
    now = there(demo.app.comparisons.request())
    wanted = [with_settings(now, replace(now.settings, lam=lam)) for lam in (0.1, 0.2)]
    demo.app.comparisons.run("Two", wanted)
    demo.wait(lambda: demo.window.compare.is_running)
    demo.push(demo.window.compare.stop)
    assert not demo.app.comparisons.is_pending
    assert not demo.window.compare.is_running
    assert "Nothing is explained yet" in demo.window.compare.panels[0].hint_text


def test_methods_are_chosen_two_to_four(demo: Driver) -> None:
    from app.views.compare_dialogs import MethodsDialog

    click_digit(demo)
    demo.action("compare_methods")
    dialog = shown(demo, MethodsDialog)
    for method, box in dialog.boxes.items():
        box.setChecked(method in ("context",))
    assert not dialog.compare.isEnabled()
    assert "2 to 4" in dialog.told
    dialog.boxes["vg-context"].setChecked(True)
    demo.push(dialog.compare)
    demo.wait(lambda: not demo.app.comparisons.is_pending)
    demo.wait(lambda: all(is_shown(panel) for panel in demo.window.compare.shown))
    assert [t.split(" ·")[0] for t in texts(demo)] == [
        "Context explanation",
        "Vanilla Gradient, context",
    ]
    assert demo.window.compare.panels[1].scores.text.startswith("image")


def test_another_network_is_asked_the_same(demo: Driver, tmp_path: Path) -> None:
    import shutil

    from app.settings import RecentModel
    from app.views.compare_dialogs import NetworkDialog
    from gridsal_core.demo import find_demo

    copy = tmp_path / "copy"
    shutil.copytree(find_demo().model, copy)
    change_weights(copy)
    demo.app.settings.remember_model(RecentModel(source=str(copy)))
    click_digit(demo)
    first = demo.network.sha256
    demo.action("compare_network")
    dialog = shown(demo, NetworkDialog)
    assert dialog.list.count() == 1
    demo.push(dialog.compare)
    demo.wait(lambda: (now := demo.session.network) is not None and now.sha256 != first)
    demo.wait(lambda: len(demo.session.results.results) == 2)
    demo.wait(lambda: not demo.app.comparisons.is_pending)
    page = demo.window.compare
    demo.wait(lambda: all(is_shown(panel) for panel in page.shown))
    kept = demo.session.results.results
    assert demo.app.compare.panels.panels == tuple(each.identity for each in kept)
    assert kept[0].class_info.name == kept[1].class_info.name
    assert kept[0].network_sha256 == first != kept[1].network_sha256


def change_weights(folder: Path) -> None:
    """Make another network of a copy."""
    from safetensors.torch import load_file, save_file

    (file,) = folder.glob("*.safetensors")
    weights = load_file(file)
    name = next(iter(weights))
    weights[name] = weights[name] * 1.01
    save_file(weights, file, metadata={"format": "pt"})
