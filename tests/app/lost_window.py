"""Opens a window on the demo, explains a digit, paints on the next image, and waits to be killed.

The first argument is a file for settings. It prints one line once the window has the result, as an
analyst sees it then. With `unseen` as the second one it prints that line when the run begins, and
kills itself when the engine says that it is done, before anything of the window has heard of it.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from PySide6.QtWidgets import QApplication

from app.theme import apply_theme
from app.workers.engine_client import EngineClient
from gridsal_core.demo import find_demo
from tests.app.stories import click_digit, set_steps
from tests.driver import Driver


def main() -> None:
    app = QApplication.instance() or QApplication(sys.argv[:1])
    if not isinstance(app, QApplication):
        raise TypeError("another kind of Qt application is running in this process")
    apply_theme(app, "light")
    engine = EngineClient()
    is_unseen = "unseen" in sys.argv
    if is_unseen:
        engine.finished.connect(lambda _event: os.kill(os.getpid(), signal.SIGKILL))
    engine.start()
    driver = Driver(Path(sys.argv[1]), engine)
    driver.open(find_demo().model, find_demo().images)
    set_steps(driver, 5)
    driver.action("next")
    driver.wait(lambda: driver.session.prediction is not None)
    driver.action("rectangle")
    driver.drag((4, 4), (8, 8), (12, 10))
    driver.rest(1000)
    driver.action("previous")
    driver.wait(lambda: driver.session.prediction is not None)
    click_digit(driver)
    if is_unseen:
        driver.rest(500)
        driver.push(driver.window.run.main_button)
        print(driver.running.asked.identity, flush=True)
        driver.rest(600_000)
    driver.run()
    driver.rest(200)
    print(driver.session.results.results[-1].identity, flush=True)
    driver.rest(600_000)


if __name__ == "__main__":
    main()
