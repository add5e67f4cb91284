"""Figures' looks under a name: those that come along, and those that a user saved."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from platformdirs import user_config_path

from gridsal_core.atomic import make_folder, write_atomic
from gridsal_core.errors import SettingsError
from gridsal_core.figure.spec import FigureSpec
from gridsal_core.pipes import is_pipe

FILE_NAME: Final = "figure_presets.json"
MOST_BYTES: Final = 1_000_000
LONGEST_NAME: Final = 60

BUILT_IN: Final[Mapping[str, FigureSpec]] = MappingProxyType(
    {
        "Whole pixels": FigureSpec(),
        "Paper, one column": FigureSpec(
            width=85, dpi=300, font_size=7, letters="(a)", contour_width=0.8, small_print=False
        ),
        "Paper, two columns": FigureSpec(
            width=180, dpi=300, font_size=8, letters="(a)", contour_width=0.8, small_print=False
        ),
        "Slide, 16:9": FigureSpec(
            width=1920, height=1080, unit="px", dpi=150, font_size=14, small_print=False
        ),
    }
)
"""Looks that come along; saved ones may not take their names."""


def presets_path() -> Path:
    """Where saved presets are; the environment variable GRIDSAL_CONFIG names another folder."""
    folder = os.environ.get("GRIDSAL_CONFIG")
    return (Path(folder) if folder else user_config_path("gridsal")) / FILE_NAME


def read_presets(path: Path) -> dict[str, FigureSpec]:
    """Read saved presets by name; of a file that is not there none.

    Raises
    ------
    SettingsError
        If the file is damaged, or holds a figure that is not possible.
    """
    if not path.exists():
        return {}
    values = _read_json(path)
    if not isinstance(values, dict):
        raise SettingsError(f"{path.name} holds no presets of figures; move it away.")
    return {str(name): FigureSpec.from_dict(spec) for name, spec in values.items()}


def write_presets(presets: Mapping[str, FigureSpec], path: Path) -> None:
    """Write all saved presets.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    make_folder(path.parent)
    text = json.dumps({name: spec.to_dict() for name, spec in presets.items()}, indent=2)
    write_atomic(path, lambda file: file.write(text.encode("ascii")))


def check_preset_name(name: str) -> str:
    """Return the name without outer space.

    Raises
    ------
    SettingsError
        If it is empty, too long, or that of a preset that comes along.
    """
    plain = " ".join(name.split())
    if not plain or len(plain) > LONGEST_NAME:
        raise SettingsError(f"Give the preset a name of 1 to {LONGEST_NAME} characters.")
    if plain in BUILT_IN:
        raise SettingsError(f"The preset {plain!r} comes along; save yours under another name.")
    return plain


def find_preset(text: str) -> FigureSpec:
    """Return the preset of that name, built in or saved, or the one in that JSON file.

    Raises
    ------
    SettingsError
        If there is none, or the file is no preset.
    """
    saved = read_presets(presets_path())
    known = {**saved, **BUILT_IN}
    for name, spec in known.items():
        if name.casefold() == text.casefold():
            return spec
    path = Path(text)
    if path.suffix.lower() == ".json":
        if not path.exists():
            raise SettingsError(f"The preset {path} does not exist; check its name and folder.")
        return FigureSpec.from_dict(_read_json(path))
    raise SettingsError(
        f"There is no preset {text!r}; choose {', '.join(known)}, or name a JSON file."
    )


def _read_json(path: Path) -> object:
    if is_pipe(path):
        raise SettingsError(f"The presets {path} are a pipe and no file; give a JSON file.")
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise ValueError("it is too large")
        found: object = json.loads(data)
    except (OSError, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is damaged"
        raise SettingsError(
            f"The presets {path} cannot be read ({reason}); mend the file or move it away."
        ) from error
    return found
