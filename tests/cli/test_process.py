"""The command as a process of its own: what it starts, what it imports, how it ends."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gridsal_core.cli.main import run
from tests.cli.conftest import Scene

GRIDSAL = shutil.which("gridsal", path=str(Path(sys.executable).parent))

EXPLAIN_OPTIONS = """
    --model --image --region --at --segment-of --class --method --mask-size --lam --steps --lr
    --momentum --init --perturbation --score --upsampling --device --out --figure --quiet --help
"""

HEAVY = "{'torch', 'torchvision', 'segmentation_models_pytorch', 'timm', 'matplotlib', 'scipy'}"

IMPORT_EVERYTHING = """
import importlib, pkgutil, sys
for name in ("PySide6", "shiboken6", "pyqtgraph"):
    sys.modules[name] = None
import gridsal_core
for module in pkgutil.walk_packages(gridsal_core.__path__, "gridsal_core."):
    importlib.import_module(module.name)
assert "torch" in sys.modules
assert not [name for name in sys.modules if name == "app" or name.startswith("app.")]
"""


def call(*command: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, timeout=120, check=False
    )


def test_an_explanation_from_start_to_end(scene: Scene, tmp_path: Path) -> None:
    assert GRIDSAL is not None
    out, figure = tmp_path / "data.npz", tmp_path / "figure.png"

    done = call(
        *(GRIDSAL, "explain", "--model", scene.model, "--image", scene.image),
        *("--region", scene.region, "--mask-size", "2x3", "--steps", 2, "--device", "cpu"),
        *("--quiet", "--out", out, "--figure", figure),
    )

    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout.count("\n") == 1
    assert figure.read_bytes().startswith(b"\x89PNG")
    with np.load(out, allow_pickle=False) as data:
        assert data["mask"].shape == (2, 3)


def test_bad_input_ends_with_two_and_a_sentence(scene: Scene, tmp_path: Path) -> None:
    assert GRIDSAL is not None
    done = call(
        *(GRIDSAL, "explain", "--model", tmp_path / "gone", "--image", scene.image),
        *("--at", "1,1"),
    )

    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("gridsal: There is no network at")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "code",
    [
        "import gridsal_core",
        "import gridsal_core.cli.main",
        "from gridsal_core.cli.main import run; run(['explain', '--help'])",
        "from gridsal_core.cli.main import run; run(['--version'])",
        "from gridsal_core.cli.main import run; run(['explain', '--model', 'm', '--image', 'i'])",
    ],
)
def test_what_needs_no_network_does_not_import_torch(code: str) -> None:
    done = call(
        *(sys.executable, "-c"),
        f"{code}\nimport sys\nheavy = {HEAVY} & set(sys.modules)\nassert not heavy, heavy",
    )
    assert done.returncode == 0, done.stderr


def test_the_engine_imports_with_qt_blocked() -> None:
    done = call(sys.executable, "-c", IMPORT_EVERYTHING)
    assert done.returncode == 0, done.stderr


def test_help_can_be_read_where_there_is_no_lambda() -> None:
    assert GRIDSAL is not None
    done = subprocess.run(
        [GRIDSAL, "explain", "--help"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=os.environ | {"PYTHONIOENCODING": "ascii", "COLUMNS": "120"},
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "?, weight of the mask's sum" in done.stdout


@pytest.mark.parametrize("arguments", [["explain", "--help"], ["--help"], ["--version"]])
def test_a_reader_who_has_seen_enough_is_no_error(arguments: list[str]) -> None:
    assert GRIDSAL is not None
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [GRIDSAL, *arguments],
            stdout=writer,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
            check=False,
        )
    finally:
        os.close(writer)

    assert (done.returncode, done.stderr) == (0, "")


def test_a_reader_who_leaves_does_not_stop_the_work(scene: Scene, tmp_path: Path) -> None:
    assert GRIDSAL is not None
    reader, writer = os.pipe()
    os.close(reader)
    asked = ("--region", scene.region, "--mask-size", "2x3", "--steps", 4, "--device", "cpu")
    command = (GRIDSAL, "explain", "--model", scene.model, "--image", scene.image, *asked)
    try:
        done = subprocess.run(
            [str(part) for part in (*command, "--out", tmp_path / "data.npz")],
            stdout=writer,
            stderr=writer,
            timeout=120,
            check=False,
        )
    finally:
        os.close(writer)

    assert done.returncode == 0
    assert (tmp_path / "data.npz").exists()


def test_help_shows_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    said = capsys.readouterr().out
    for word in ("explain", "demo", "toy", "--model", "--images", "--version"):
        assert word in said


def test_help_shows_every_option_of_explain(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    assert run(["explain", "--help"]) == 0
    said = capsys.readouterr().out
    assert set(EXPLAIN_OPTIONS.split()) - set(said.split()) == set()


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    import gridsal_core

    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"gridsal {gridsal_core.__version__}\n"
