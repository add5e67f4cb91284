"""Every page, panel and dialog of the application, opened over one result of the demo."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from app.views.card_dialog import CardDialog
from app.views.check_dialog import CheckDialog
from app.views.composer_dialog import ComposerDialog
from app.views.moved_dialog import MovedDialog
from app.views.survey_dialog import SurveyDialog
from app.views.what_if_dialog import WhatIfDialog
from tests.app.doors import is_shown, save_moved_session, save_weights, shown
from tests.app.stories import click_digit, set_steps
from tests.driver import Driver

DIGIT_3 = 4
ByAction = tuple[str, ...]
# Actions that open a dialog of the application's own; what Qt brings is not ours to mend.
DIALOG_ACTIONS: ByAction = (
    "open_model",
    "model_library",
    "label_maps",
    "export_data",
    "palette",
    "shortcuts",
    "queue_class",
    "compare_lam",
    "compare_mask",
    "compare_methods",
    "compare_network",
    "survey",
)


def check_map(driver: Driver, _folder: Path) -> None:
    """How far the map can be trusted, with its areas."""
    driver.action("check_map")
    shown(driver, CheckDialog)
    driver.wait(lambda: not driver.session.is_checking)


def what_if(driver: Driver, _folder: Path) -> None:
    """Before and after."""
    driver.action("what_if_remove")
    driver.wait(lambda: is_shown(WhatIfDialog))


def compose(driver: Driver, _folder: Path) -> None:
    """The figure composer, with its figure."""
    driver.action("compose_figure")
    driver.wait(lambda: is_shown(ComposerDialog) and shown(driver, ComposerDialog).told)


def card(driver: Driver, folder: Path) -> None:
    """What is not known of bare weights."""
    driver.app.networks.open_model(save_weights(folder))
    driver.wait(lambda: is_shown(CardDialog))


DOORS: tuple[Callable[[Driver, Path], None], ...] = (check_map, what_if, compose, card)


def every_window(driver: Driver, folder: Path) -> Iterator[QWidget]:
    """Explain the demo in few steps, then yield the window, and each dialog while it is shown."""
    # Before there is anything that could be lost, which would be asked for first.
    driver.app.sessions.open(save_moved_session(folder))
    shown(driver, MovedDialog)
    yield from _shown_now(driver)
    click_digit(driver)
    set_steps(driver, 4)
    driver.run()
    driver.app.compare.show([kept.identity for kept in driver.session.results.results])
    driver.wait(lambda: driver.window.compare.panels[0].view.picture is not None)
    survey_few(driver, folder)
    window = driver.window
    pages = window.workspace
    for index in reversed(range(pages.count())):
        pages.setCurrentIndex(index)
        QApplication.processEvents()
        yield window
    for name in window.docks:
        window.raise_dock(name)
        QApplication.processEvents()
        yield window
    for name in DIALOG_ACTIONS:
        driver.action(name)
        yield from _shown_now(driver)
    for door in DOORS:
        door(driver, folder)
        yield from _shown_now(driver)


def survey_few(driver: Driver, folder: Path) -> None:
    """Have a survey on its page: of predicted segments, with the explanations behind a cell."""
    driver.action("survey")
    dialog = shown(driver, SurveyDialog)
    dialog.folder.setText(str(folder / "survey"))
    dialog.kinds["confusions"].setChecked(False)
    dialog.flips.setChecked(False)
    driver.push(dialog.classes.none)
    dialog.classes.list.item(DIGIT_3).setCheckState(Qt.CheckState.Checked)
    driver.push(dialog.start)
    state, page = driver.app.survey, driver.app.survey_page
    driver.wait(lambda: state.news is not None and state.news.items > 0)
    driver.action("survey_stop")
    driver.wait(lambda: page.found is not None and page.found.tables)
    page.choose(driver.window.survey.heat_model.place(driver.window.survey.heat_model.index(0, 0)))
    driver.rest(300)


def _shown_now(driver: Driver) -> Iterator[QDialog]:
    QApplication.processEvents()
    dialogs = [
        w for w in QApplication.topLevelWidgets() if isinstance(w, QDialog) and w.isVisible()
    ]
    if not dialogs:
        raise AssertionError("no dialog was opened")
    for dialog in dialogs:
        yield dialog
        dialog.close()
    driver.rest(20)
