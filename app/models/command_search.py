"""Finding a command by a few letters of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# How well a word fits: as a whole at the start of a word, inside of one, or letter by letter.
AT_START, INSIDE, SCATTERED = 3.0, 2.0, 1.0
# What the title says counts more than the menu that it is in, and both more than the explanation.
IN_TITLE, IN_MENU, IN_TIP = 100.0, 10.0, 1.0

# What cannot be used now comes behind what can, where both fit as well.
UNUSABLE = 0.7


@dataclass(frozen=True)
class Command:
    """What the palette shows of an action.

    Parameters
    ----------
    name
        The action's name in the table.
    title, menu
        What it does, and the menu that it is in.
    shortcut
        Its keys; empty if it has none.
    tip
        What it is for; of a disabled one, why it cannot be used now.
    is_enabled
        Whether it can be used now.
    """

    name: str
    title: str
    menu: str
    shortcut: str
    tip: str
    is_enabled: bool


def found(commands: Sequence[Command], text: str, recent: Sequence[str]) -> tuple[Command, ...]:
    """Return the commands that fit all words of a text, the best first; of equals the recent ones.

    Without a text, all of them: the recent ones first, then in the order of the menus.
    """
    places = {name: place for place, name in enumerate(recent)}
    words = text.casefold().split()
    scored = [(fit(command, words), command) for command in commands]
    fitting = [(score, command) for score, command in scored if score is not None]
    # Sorting is stable: what is equal stays in the order of the menus.
    fitting.sort(key=lambda pair: (-pair[0], places.get(pair[1].name, len(places))))
    return tuple(command for _, command in fitting)


def fit(command: Command, words: Sequence[str]) -> float | None:
    """Return how well all the words fit, None if one of them does not."""
    total = 0.0
    for word in words:
        score = max(
            IN_TITLE * _fit(word, command.title.casefold(), is_scattered=True),
            IN_MENU * _fit(word, command.menu.casefold(), is_scattered=False),
            IN_TIP * _fit(word, command.tip.casefold(), is_scattered=False),
        )
        if score == 0:
            return None
        total += score
    return total if command.is_enabled else total * UNUSABLE


def _fit(word: str, text: str, *, is_scattered: bool) -> float:
    place = text.find(word)
    if place == 0 or f" {word}" in text:
        return AT_START
    if place > 0:
        return INSIDE
    return SCATTERED if is_scattered and _is_scattered(word, text) else 0.0


def _is_scattered(word: str, text: str) -> bool:
    """Whether all letters of the word are there in its order, the first at the start of a word."""
    starts = [
        i for i, letter in enumerate(text) if letter == word[0] and text[i - 1 : i] in ("", " ")
    ]
    return any(_is_subsequence(word, text[start:]) for start in starts)


def _is_subsequence(word: str, text: str) -> bool:
    letters = iter(text)
    return all(letter in letters for letter in word)
