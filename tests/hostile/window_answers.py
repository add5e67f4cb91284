"""Opens every file named on standard input in one real window, and prints what the window said.

The arguments are the folder of hostile images and one for settings. Every line of standard input is
a network. A process of its own: a crash is seen from outside, and so is the most memory held. The
last line holds that of the window and of its engine, in bytes.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
from pathlib import Path

from PySide6.QtWidgets import QApplication, QDialog, QMessageBox

from app.theme import apply_theme
from gridsal_core.demo import find_demo
from tests.driver import Driver
from tests.process_memory import peak_bytes

WAITING = ("Opening ", "The image is being read", "The prediction is being made")


def main() -> None:
    app = QApplication.instance() or QApplication(sys.argv[:1])
    if not isinstance(app, QApplication):
        raise TypeError("another kind of Qt application is running in this process")
    images, settings = (Path(argument) for argument in sys.argv[1:3])
    apply_theme(app, "light")
    driver = Driver(settings / "settings.json")
    driver.app.show(find_demo().model, images)
    driver.wait(lambda: driver.session.network is not None and driver.session.images)
    for path in sorted(images.iterdir()):
        tell(path.name, image(driver, path))
    for line in sys.stdin:
        network = json.loads(line)
        tell(Path(network).name, opened(driver, network))
    driver.open(find_demo().model, find_demo().images)
    tell("the demo", [] if driver.session.prediction is not None else ["no prediction"])
    engines = [child.pid for child in multiprocessing.active_children()]
    print(json.dumps([peak_bytes(each) for each in (None, *engines)]))
    driver.close()


def tell(name: str, said: list[str]) -> None:
    print(json.dumps({"name": name, "said": said}), flush=True)


def image(driver: Driver, path: Path) -> list[str]:
    """Choose an image of the list and return why it cannot be worked on, if so."""
    driver.window.images.select(driver.session.images.index(path))

    def state() -> str:
        return driver.session.why_not_runnable(driver.window.settings.settings())

    driver.wait(lambda: not state().startswith(WAITING))
    is_ready = driver.session.prediction is not None
    return [*([] if is_ready else [state()]), *closed_dialogs()]


def opened(driver: Driver, network: str) -> list[str]:
    """Open a network and return what the dialogs said; whatever they ask is denied."""
    driver.app.networks.open_model(network)
    driver.wait(lambda: driver.session.opening is None)
    return closed_dialogs()


def closed_dialogs() -> list[str]:
    """Close what is shown as Escape does, and return the sentences."""
    said = []
    for dialog in QApplication.topLevelWidgets():
        if isinstance(dialog, QDialog) and dialog.isVisible():
            if isinstance(dialog, QMessageBox):
                said.append(dialog.text() + dialog.detailedText())
            else:
                said.append(dialog.windowTitle())
            dialog.reject()
    return said


if __name__ == "__main__":
    main()
