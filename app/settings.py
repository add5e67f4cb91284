"""What the window remembers between sessions, in one small file with a schema."""

from __future__ import annotations

import json
import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from platformdirs import user_config_path, user_data_path
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationError,
    model_validator,
)

from gridsal_core.atomic import make_folder, write_atomic
from gridsal_core.pipes import is_pipe
from gridsal_core.session.fields import StoredSettings

FILE_NAME = "settings.json"
MAX_RECENT = 8

T = TypeVar("T")

log = logging.getLogger(__name__)


def _as_path(value: object) -> object:
    # Pydantic takes no text with bytes that are none; a folder's name may hold some.
    return Path(value) if isinstance(value, str) else value


StoredPath = Annotated[Path, BeforeValidator(_as_path)]


def _as_text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("it is no text")
    return value


def _as_text_or_nothing(value: object) -> str:
    return "" if value == "" else _as_text(value)


StoredText = Annotated[str, PlainValidator(_as_text)]
StoredTextOrNothing = Annotated[str, PlainValidator(_as_text_or_nothing)]
Base64 = Annotated[str, Field(pattern=r"^[A-Za-z0-9+/=]*$")]


class RecentModel(BaseModel):
    """A network that was opened: a full path or a name, and the file of weights named besides."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    source: StoredText
    weights: StoredPath | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_path(cls, value: object) -> object:
        # So it was written before names could be opened.
        return {"source": value} if isinstance(value, str) else value

    @property
    def title(self) -> str:
        """What a menu calls it."""
        path = Path(self.source)
        text = f"{path.name}   ({path.parent})" if path.is_absolute() else self.source
        return text if self.weights is None else f"{text}   with {self.weights.name}"


class AppSettings(BaseModel):
    """The remembered settings. Assignment is checked, a misspelt field is an error."""

    model_config = ConfigDict(
        extra="ignore", validate_assignment=True, arbitrary_types_allowed=True
    )

    theme: Literal["light", "dark", "system"] = "system"
    recent_models: tuple[RecentModel, ...] = ()
    recent_folders: tuple[StoredPath, ...] = ()
    # What to do next is said until the first explanation, or until it is dismissed.
    shows_hints: bool = True
    # Names of actions that were run from the command palette, the last one first.
    recent_commands: tuple[StoredText, ...] = ()
    recent_sessions: tuple[StoredPath, ...] = ()
    recent_surveys: tuple[StoredPath, ...] = ()
    # Where label maps are, as in `../labels/{stem}.png`; empty: the usual places.
    label_pattern: StoredTextOrNothing = ""
    window_geometry: Base64 = ""
    window_state: Base64 = ""
    export_folder: StoredPath | None = None
    image_layout: Literal["list", "grid"] = "list"
    # The window's own range is narrower; this one is what a spin box can be given.
    brush_size: Annotated[int, Field(ge=1, le=10_000)] = 20
    smart_tolerance: Annotated[int, Field(ge=0, le=100)] = 20
    device: Annotated[str, Field(pattern=r"^[a-z0-9:]{1,20}$")] = "auto"
    # The preset of the settings, and the settings themselves where they are the user's own.
    explain_preset: Literal["suggested", "fast", "street", "toy", "own"] = "suggested"
    explain_settings: StoredSettings | None = None

    def remember_model(self, model: RecentModel) -> None:
        """Put a network at the top of the recent ones."""
        self.recent_models = _on_top(model, self.recent_models)

    def remember_folder(self, path: Path) -> None:
        """Put an image folder at the top of the recent ones."""
        self.recent_folders = _on_top(path, self.recent_folders)

    def remember_command(self, name: str) -> None:
        """Put an action at the top of those that the command palette shows first."""
        self.recent_commands = _on_top(name, self.recent_commands)

    def remember_session(self, path: Path) -> None:
        """Put a session at the top of the recent ones."""
        self.recent_sessions = _on_top(path, self.recent_sessions)

    def remember_survey(self, path: Path) -> None:
        """Put a survey's folder at the top of the recent ones."""
        self.recent_surveys = _on_top(path, self.recent_surveys)


def settings_path() -> Path:
    """Where the file is; the environment variable GRIDSAL_CONFIG names another folder."""
    folder = os.environ.get("GRIDSAL_CONFIG")
    return (Path(folder) if folder else user_config_path("gridsal")) / FILE_NAME


def data_folder() -> Path:
    """Where unfinished sessions are; the environment variable GRIDSAL_DATA names another folder.

    With other settings (GRIDSAL_CONFIG) comes another place for data too.
    """
    folder, config = os.environ.get("GRIDSAL_DATA"), os.environ.get("GRIDSAL_CONFIG")
    if folder or config:
        return Path(folder) if folder else Path(config or "") / "data"
    return user_data_path("gridsal")


def load_settings(path: Path) -> AppSettings:
    """Read the file; whatever is in it, the window opens.

    A field that is wrong gets its default, the others are kept. A file that is damaged as a whole
    is put aside where that is possible, not lost, and the defaults serve.
    """
    if is_pipe(path):
        log.warning("The settings %s are a pipe and no file; the defaults serve.", path)
        return AppSettings()
    try:
        values = json.loads(path.read_text("utf-8"))
        if not isinstance(values, dict):
            raise ValueError("it holds no settings")
    except FileNotFoundError:
        return AppSettings()
    except (OSError, ValueError, RecursionError) as error:
        log.warning("The settings %s cannot be used (%s); the defaults serve.", path, error)
        with suppress(OSError):
            if path.is_file():
                path.replace(path.with_suffix(".damaged.json"))
        return AppSettings()
    try:
        return AppSettings.model_validate(values)
    except ValidationError as error:
        wrong = {str(fault["loc"][0]) for fault in error.errors(include_input=False)}
        log.warning("Wrong in the settings %s: %s; defaults serve.", path, ", ".join(sorted(wrong)))
        return AppSettings.model_validate({k: v for k, v in values.items() if k not in wrong})


def save_settings(settings: AppSettings, path: Path) -> None:
    """Write the file.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    make_folder(path.parent)
    # JSON's escapes keep the bytes of a name that are no text, which UTF-8 cannot.
    text = json.dumps(settings.model_dump(), indent=2, ensure_ascii=True, default=str)
    write_atomic(path, lambda file: file.write(text.encode("ascii")))


def _on_top(newest: T, known: tuple[T, ...]) -> tuple[T, ...]:
    return (newest, *(entry for entry in known if entry != newest))[:MAX_RECENT]
