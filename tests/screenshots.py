"""`python -m tests.screenshots`: pictures of the real window at work, taken under Xvfb."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from gridsal_core.threads import sleep_while_idle

SHARED = Path(__file__).resolve().parents[2] / "shared"
STREET_MODEL = SHARED / "models" / "camvid_deeplabv3plus_lite0"
STREET_IMAGES = SHARED / "data" / "camvid" / "images"
SIZES = ((1280, 800), (2560, 1440))
THEMES = ("light", "dark")


def main() -> None:
    """Start Xvfb if this is not yet under it, then take the pictures."""
    parser = argparse.ArgumentParser(prog="python -m tests.screenshots", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/screenshots"))
    parser.add_argument("--only", help="take only pictures whose name holds this text")
    parser.add_argument("--model", type=Path, default=STREET_MODEL, help="street-scene network")
    parser.add_argument("--images", type=Path, default=STREET_IMAGES, help="its images")
    options = parser.parse_args()
    if os.environ.get("GRIDSAL_ON_XVFB") != "1":
        sys.exit(_under_xvfb())
    sleep_while_idle()
    options.out.mkdir(parents=True, exist_ok=True)
    from tests.scenes import SCENES, Stage

    for size in SIZES:
        for theme in THEMES:
            for name, scene in SCENES.items():
                file = options.out / f"{name}-{size[0]}x{size[1]}-{theme}.png"
                if options.only and options.only not in file.name:
                    continue
                with tempfile.TemporaryDirectory() as folder:
                    stage = Stage(Path(folder), size, theme, options.model, options.images)
                    if scene(stage):
                        stage.shoot(file)
                        print(file, flush=True)
                    stage.close()


def _under_xvfb() -> int:
    if shutil.which("xvfb-run") is None:
        print("Xvfb is missing; install it, as in: apt-get install xvfb", file=sys.stderr)
        return 2
    screen = f"-screen 0 {SIZES[-1][0]}x{SIZES[-1][1]}x24"
    environment = os.environ | {"GRIDSAL_ON_XVFB": "1", "QT_QPA_PLATFORM": "xcb"}
    command = ["xvfb-run", "-a", "-s", screen, sys.executable, "-m", "tests.screenshots"]
    return subprocess.run([*command, *sys.argv[1:]], env=environment, check=False).returncode


if __name__ == "__main__":
    main()
