"""`python -m tests.screenshots`: pictures of the real window at work, taken under Xvfb.

Every scene in both themes, at three scales of the display and in two sizes. A scene is a function
under `@scene("name")` in `tests/scenes.py`, or in a file `tests/scenes_TOPIC.py` beside it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from gridsal_core.threads import sleep_while_idle

if TYPE_CHECKING:
    from tests.stage import Stage

SHARED = Path(__file__).resolve().parents[2] / "shared"
STREET_MODEL = SHARED / "models" / "camvid_deeplabv3plus_lite0"
STREET_IMAGES = SHARED / "data" / "camvid" / "images"
SCALES = ("1", "1.5", "2")
SMALL, LARGE = (1280, 800), (2560, 1440)
# At a scale of 2, the small window fills it.
SCREEN = (2560, 1600)


def main() -> None:
    """Start Xvfb for each scale, and take the pictures there."""
    parser = argparse.ArgumentParser(prog="python -m tests.screenshots", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/screenshots"))
    parser.add_argument("--only", default="", help="take only scenes whose name holds this text")
    parser.add_argument(
        "--scale", choices=SCALES, action="append", help="of the display; all three"
    )
    parser.add_argument("--model", type=Path, default=STREET_MODEL, help="street-scene network")
    parser.add_argument("--images", type=Path, default=STREET_IMAGES, help="its images")
    options = parser.parse_args()
    if os.environ.get("GRIDSAL_ON_XVFB") != "1":
        sys.exit(max(_under_xvfb(scale) for scale in options.scale or SCALES))
    sleep_while_idle()
    options.out.mkdir(parents=True, exist_ok=True)
    _take(options)


def _take(options: argparse.Namespace) -> None:
    from tests.stage import Stage, all_scenes

    scale = os.environ["QT_SCALE_FACTOR"]
    for name, play in all_scenes().items():
        if options.only not in name:
            continue
        with tempfile.TemporaryDirectory() as folder:
            stage = Stage(Path(folder), options.model, options.images)
            stage.driver.window.resize(*SMALL)
            if play(stage):
                _shoot_all(stage, options.out, name, scale)
            stage.close()


def _shoot_all(stage: Stage, folder: Path, name: str, scale: str) -> None:
    mark = "" if scale == "1" else f"@{scale}"
    for size in (SMALL, LARGE) if scale == "1" else (SMALL,):
        for theme in ("light", "dark"):
            stage.dress(theme)
            file = folder / f"{name}-{size[0]}x{size[1]}{mark}-{theme}.png"
            stage.shoot(file, size)
            print(file, flush=True)


def _under_xvfb(scale: str) -> int:
    if shutil.which("xvfb-run") is None:
        print("Xvfb is missing; install it, as in: apt-get install xvfb", file=sys.stderr)
        return 2
    environment = os.environ | {
        "GRIDSAL_ON_XVFB": "1",
        "QT_QPA_PLATFORM": "xcb",
        "QT_SCALE_FACTOR": scale,
    }
    screen = f"-screen 0 {SCREEN[0]}x{SCREEN[1]}x24"
    command = ["xvfb-run", "-a", "-s", screen, sys.executable, "-m", "tests.screenshots"]
    return subprocess.run([*command, *sys.argv[1:]], env=environment, check=False).returncode


if __name__ == "__main__":
    main()
