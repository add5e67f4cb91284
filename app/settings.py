"""What the window remembers between sessions, in one small file with a schema."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Literal

from platformdirs import user_config_path
from pydantic import BaseModel, ConfigDict, ValidationError

from gridsal_core.atomic import make_folder, write_atomic

FILE_NAME = "settings.json"
MAX_RECENT = 8

log = logging.getLogger(__name__)


class AppSettings(BaseModel):
    """The remembered settings. Assignment is checked, a misspelt field is an error."""

    model_config = ConfigDict(extra="ignore", validate_assignment=True)

    theme: Literal["light", "dark", "system"] = "system"
    recent_models: tuple[Path, ...] = ()
    recent_folders: tuple[Path, ...] = ()
    window_geometry: str = ""
    window_state: str = ""
    export_folder: Path | None = None
    brush_size: int = 20

    def remember_model(self, path: Path) -> None:
        """Put a network at the top of the recent ones."""
        self.recent_models = _on_top(path, self.recent_models)

    def remember_folder(self, path: Path) -> None:
        """Put an image folder at the top of the recent ones."""
        self.recent_folders = _on_top(path, self.recent_folders)


def settings_path() -> Path:
    """Where the file is; the environment variable GRIDSAL_CONFIG names another folder."""
    folder = os.environ.get("GRIDSAL_CONFIG")
    return (Path(folder) if folder else user_config_path("gridsal")) / FILE_NAME


def load_settings(path: Path) -> AppSettings:
    """Read the file. One that is damaged is put aside, not lost, and the defaults serve."""
    try:
        return AppSettings.model_validate_json(path.read_text("utf-8"))
    except FileNotFoundError:
        return AppSettings()
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        log.warning("The settings %s cannot be used (%s); the defaults serve.", path, error)
        if path.is_file():
            path.replace(path.with_suffix(".damaged.json"))
        return AppSettings()


def save_settings(settings: AppSettings, path: Path) -> None:
    """Write the file.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    make_folder(path.parent)
    text = settings.model_dump_json(indent=2)
    write_atomic(path, lambda file: file.write(text.encode("utf-8")))


def _on_top(path: Path, known: tuple[Path, ...]) -> tuple[Path, ...]:
    return (path, *(entry for entry in known if entry != path))[:MAX_RECENT]
