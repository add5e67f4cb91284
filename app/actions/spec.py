"""One entry of the table of actions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ActionSpec:
    """One action. `group` makes those of one name exclude each other."""

    name: str
    menu: str
    text: str
    shortcut: str = ""
    tip: str = ""
    icon: str = ""
    group: str = ""
    checkable: bool = False
    separator_before: bool = False
