"""The remembered settings: what was kept comes back, and no file stops the window."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from app.settings import AppSettings, RecentModel, load_settings, save_settings
from gridsal_core.perturbation import Blur
from gridsal_core.settings import Settings


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "settings.json"


def test_settings_come_back_as_they_were(file: Path) -> None:
    kept = AppSettings(
        theme="dark",
        brush_size=7,
        smart_tolerance=0,
        window_state="AAA=",
        export_folder=Path("/e"),
        device="cuda:1",
        explain_preset="own",
        explain_settings=Settings(lam=0.1, mask_size=(3, 4), perturbation=Blur(3)),
        recent_sessions=(Path("/s/street.gridsal"),),
    )
    kept.remember_model(RecentModel(source="/nets/größer"))
    kept.remember_model(RecentModel(source="net.py:build", weights=Path("/nets/w.pt")))
    kept.remember_folder(Path("/pictures"))

    save_settings(kept, file)

    assert load_settings(file) == kept


@pytest.mark.parametrize("pattern", ["", "../labels/{stem}.png", os.fsdecode(b"../\xff/{stem}")])
def test_what_was_saved_is_read_again_without_a_word(
    file: Path, caplog: pytest.LogCaptureFixture, pattern: str
) -> None:
    kept = AppSettings(label_pattern=pattern)

    save_settings(kept, file)

    assert load_settings(file) == kept
    assert not caplog.records


def test_names_that_are_no_text_come_back_byte_for_byte(file: Path) -> None:
    folder = Path(os.fsdecode(b"/data/dir\xff"))
    kept = AppSettings(export_folder=folder)
    kept.remember_model(RecentModel(source=str(folder), weights=folder))
    kept.remember_folder(folder)

    save_settings(kept, file)

    again = load_settings(file)
    assert again.recent_models == (RecentModel(source=str(folder), weights=folder),)
    assert again.recent_folders == (folder,)
    assert os.fsencode(str(again.export_folder)) == b"/data/dir\xff"


def test_networks_remembered_as_plain_paths_are_still_known(file: Path) -> None:
    file.write_text(json.dumps({"recent_models": ["/nets/größer"]}))

    assert load_settings(file).recent_models == (RecentModel(source="/nets/größer"),)


def test_without_a_file_the_defaults_serve(file: Path) -> None:
    assert load_settings(file) == AppSettings()


@pytest.mark.parametrize(
    "wrong",
    [
        {"brush_size": "broad"},
        {"brush_size": 10**30},
        {"brush_size": -3},
        {"smart_tolerance": 101},
        {"theme": "pink"},
        {"recent_models": [1]},
        {"recent_models": [""]},
        {"recent_models": [{"weights": "/w.pt"}]},
        {"recent_folders": "one"},
        {"export_folder": 5},
        {"window_geometry": "\udcff"},
        {"window_state": None},
        {"label_pattern": 7},
        {"device": "the fastest"},
        {"explain_preset": "best"},
        {"explain_settings": {"lam": "much"}},
        {"recent_sessions": 3},
    ],
    ids=str,
)
def test_a_wrong_field_gets_its_default_and_the_others_are_kept(
    file: Path, wrong: dict[str, object]
) -> None:
    right = {"theme": "dark", "brush_size": 9, "recent_models": ["/net"], "export_folder": "/e"}
    file.write_text(json.dumps(right | wrong))

    loaded = load_settings(file)

    assert loaded == AppSettings.model_validate(
        {name: value for name, value in right.items() if name not in wrong}
    )


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b'{"theme": "da', b"\xff\xfe", b"[1]", b"null", b"[" * 100_000],
    ids=["empty", "brace", "cut off", "no text", "list", "null", "deep"],
)
def test_a_damaged_file_is_put_aside(file: Path, content: bytes) -> None:
    file.write_bytes(content)

    assert load_settings(file) == AppSettings()
    assert not file.exists()
    assert (file.parent / "settings.damaged.json").read_bytes() == content


def test_a_damaged_file_that_cannot_be_put_aside_stays(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError("read-only")

    # As root may write everywhere, a read-only folder alone would refuse nothing.
    monkeypatch.setattr(Path, "replace", refused)
    file.write_bytes(b"{")

    assert load_settings(file) == AppSettings()
    assert file.read_bytes() == b"{"


def test_a_folder_in_place_of_the_file_is_no_reason_to_stop(file: Path) -> None:
    file.mkdir()
    assert load_settings(file) == AppSettings()
