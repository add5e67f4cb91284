"""Files that vanish, change, or may not be touched while the window has them open."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from PIL import Image

from app.controllers.networks import Asked
from gridsal_core.session.archive import read_session
from torture.desk import Desk
from torture.outcome import SkippedError, check


def _gone(path: Path) -> None:
    path.unlink()


def _smaller(path: Path) -> None:
    with Image.open(path) as image:
        smaller = image.resize((31, 17))
    smaller.save(path)


def _other_pixels(path: Path) -> None:
    with Image.open(path) as image:
        turned = image.rotate(90)
    turned.save(path)


def _cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:60])


def _no_image(path: Path) -> None:
    path.write_bytes(b"no image at all")


def _a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


DAMAGE: Final[dict[str, Callable[[Path], None]]] = {
    "vanishes": _gone,
    "becomes smaller": _smaller,
    "gets other pixels": _other_pixels,
    "is cut off": _cut_off,
    "holds no image": _no_image,
    "becomes a folder": _a_folder,
    "becomes a pipe that hangs": _a_pipe,
}


@contextmanager
def _own_images(desk: Desk, dice: random.Random) -> Iterator[Path]:
    """Show a folder of images that a trial may spoil; the old one is shown again afterwards."""
    place = desk.folder / f"spoilt{dice.randrange(10**9)}" / "images"
    desk.copy_images(place)
    _show(desk, place)
    try:
        yield place
    finally:
        desk.close_dialogs()
        _show(desk, desk.images)
        shutil.rmtree(place.parent, ignore_errors=True)


def _show(desk: Desk, place: Path) -> None:
    session = desk.driver.session
    desk.driver.app.files.open_folder(place)
    desk.wait(lambda: session.folder == place, "the folder")
    desk.wait(lambda: session.loaded is not None or desk.open_dialogs(), "an image")


def image(desk: Desk, dice: random.Random, how: str) -> str:
    """Damage the image that is shown, or the next one, and go on working."""
    driver = desk.driver
    with _own_images(desk, dice) as place:
        desk.wait(lambda: driver.session.prediction is not None, "a prediction")
        desk.paint(dice)
        files = sorted(place.iterdir())
        current = driver.session.current
        DAMAGE[how](current if dice.random() < 0.5 and current is not None else files[1])
        desk.press_run()
        desk.wait_for_end()
        driver.action("next")
        driver.rest(300)
        driver.action("next")
        desk.wait(lambda: driver.session.prediction is not None, "the image after the damaged one")
        return desk.heard() or "nobody noticed"


def label(desk: Desk, dice: random.Random, how: str) -> str:
    """Damage a label map and show its image."""
    driver = desk.driver
    with _own_images(desk, dice) as place:
        files = sorted(place.iterdir())
        DAMAGE[how](place.parent / "labels" / files[2].name)
        driver.window.images.select(2)
        desk.wait(lambda: driver.session.current == files[2], "the image")
        desk.wait(lambda: driver.session.prediction is not None, "its prediction")
        return desk.heard() or driver.session.why_not_compared or "nobody noticed"


def folder(desk: Desk, dice: random.Random) -> str:
    """Take the whole folder of images away while thumbnails and a run are under way."""
    driver = desk.driver
    with _own_images(desk, dice) as place:
        desk.wait(lambda: driver.session.prediction is not None, "a prediction")
        desk.paint(dice)
        desk.press_run()
        shutil.rmtree(place)
        desk.wait_for_end()
        driver.action("next")
        driver.rest(500)
        return desk.heard() or driver.window.canvas.hint_text


def network(desk: Desk, dice: random.Random) -> str:
    """Take the files of the open network away, then let the engine die, which opens it again."""
    driver, session = desk.driver, desk.driver.session
    place = desk.folder / f"model{dice.randrange(10**9)}"
    shutil.copytree(desk.demo, place)
    driver.app.networks.open(Asked(source=str(place)))
    desk.wait(lambda: session.network is not None and session.network.path == place, "the copy")
    shutil.rmtree(place)
    driver.app.engine.kill()
    desk.wait(lambda: session.opening is None and session.network is None, "a sentence")
    said = desk.heard()
    check(said, "nothing was said of the network that is gone")
    return said


def pipe(desk: Desk, dice: random.Random) -> str:
    """Open a pipe that nobody writes to as an image folder, a network and a session."""
    driver, session = desk.driver, desk.driver.session
    place = desk.folder / f"pipe{dice.randrange(10**9)}.gridsal"
    os.mkfifo(place)
    driver.app.networks.open(Asked(source=str(place)))
    desk.wait(lambda: session.opening is None, "a sentence of the network")
    driver.app.files.open_folder(place)
    driver.app.sessions.open(place)
    desk.wait(lambda: desk.heard() and len(desk.said) >= 3, "three sentences")
    place.unlink()
    return desk.heard()


def session_file(desk: Desk, dice: random.Random) -> str:
    """Save a session, damage or remove the file, work on, and save again: it is whole again."""
    driver = desk.driver
    place = desk.folder / f"work{dice.randrange(10**9)}.gridsal"
    desk.paint(dice)
    desk.run()
    desk.save(place)
    match dice.randrange(3):
        case 0:
            place.unlink()
        case 1:
            place.write_bytes(place.read_bytes()[:100])
        case _:
            place.write_bytes(b"")
    desk.go(dice)
    desk.paint(dice)
    desk.save(place)
    found = {result.identity for result in read_session(place).results}
    check(
        found == {each.identity for each in driver.session.results.results}, "results are missing"
    )
    return "saved whole again"


def read_only(desk: Desk, dice: random.Random) -> str:
    """Export, save and autosave into folders that may not be written."""
    driver = desk.driver
    desk.paint(dice)
    desk.run()
    place = desk.folder / f"closed{dice.randrange(10**9)}"
    place.mkdir()
    with closed(place):
        before = sorted(place.iterdir())
        driver.app.exports.export(place / "figure.png")
        desk.wait(
            lambda: not driver.app.is_busy and desk.open_dialogs(), "a sentence of the figure"
        )
        desk.close_dialogs()
        desk.save(place / "work.gridsal", expects=False)
        check(sorted(place.iterdir()) == before, "something was left in the folder")
    with closed(desk.unfinished), closed(desk.unfinished / "explanations"):
        desk.go(dice)
        desk.paint(dice)
        desk.run()
        driver.rest(700)
    said = desk.heard()
    check("may not be written" in said or "cannot be saved" in said, f"it was not said: {said}")
    desk.paint(dice)
    return said


@contextmanager
def closed(place: Path) -> Iterator[None]:
    """Let nobody write into a folder, not even root."""
    chattr = shutil.which("chattr")
    if os.name != "posix" or (os.geteuid() == 0 and chattr is None):
        raise SkippedError("this user may write everywhere, and there is no chattr")
    if os.geteuid() != 0:
        place.chmod(0o555)
        yield
        place.chmod(0o755)
        return
    if subprocess.run([str(chattr), "+i", str(place)], check=False, capture_output=True).returncode:
        raise SkippedError("this file system has no chattr +i, and root may write everywhere")
    try:
        yield
    finally:
        subprocess.run([str(chattr), "-i", str(place)], check=True)
