"""What docs/guide.md names is there: commands, their keys, files and headings."""

from __future__ import annotations

import re
from pathlib import Path

from app.actions import SPECS
from app.actions.spec import ActionSpec

DOCS = Path(__file__).resolve().parents[1] / "docs"
GUIDE = (DOCS / "guide.md").read_text("utf-8")


def command(spec: ActionSpec) -> str:
    return f"{spec.menu} > {spec.text}".replace("&", "").rstrip("…")


SHORTCUTS = {command(spec): spec.shortcut for spec in SPECS}


def test_the_commands_it_names_are_in_the_menus() -> None:
    named = {found.rstrip("…") for found in re.findall(r"\*(\w+ > [^*]+)\*", GUIDE)}
    assert named
    assert named - SHORTCUTS.keys() == set()


def test_the_keys_it_gives_with_a_command_are_its_own() -> None:
    given = re.findall(r"\*(\w+ > [^*]+)\* \(([^)]+)\)", GUIDE)
    assert given
    assert {name: key for name, key in given if SHORTCUTS[name.rstrip("…")] != key} == {}


def test_the_files_and_headings_it_points_to_are_there() -> None:
    for file, heading in re.findall(r"\]\(([^)#]*)#?([^)]*)\)", GUIDE):
        target = DOCS / file if file else DOCS / "guide.md"
        assert target.exists(), file
        if heading:
            titles = re.findall(r"^#+ (.+)$", target.read_text("utf-8"), re.MULTILINE)
            assert heading in {title.lower().replace(" ", "-") for title in titles}
