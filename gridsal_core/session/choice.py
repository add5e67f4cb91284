"""Choosing results of a session in words: by number, identity or tag."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from gridsal_core.errors import RequestError
from gridsal_core.session.kept import KeptResult

_SHORTEST_IDENTITY: Final = 4
_RANGE: Final = re.compile(r"(\d{1,9})-(\d{1,9})")


def choose_results(results: Sequence[KeptResult], text: str) -> list[KeptResult]:
    """Return the results that `text` names, each once, in the order in which it names them.

    Parameters
    ----------
    results
        Of a session, oldest first.
    text
        `all`, or words with commas between: a number from 1, a range such as 2-5, the beginning of
        an identity, or a tag.

    Raises
    ------
    RequestError
        If a word names none, or there is no result at all.
    """
    if not results:
        raise RequestError("The session holds no result; run an explanation first.")
    if text.strip().casefold() == "all":
        return list(results)
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not words:
        raise RequestError("No result is named; give numbers, identities, tags, or all.")
    chosen: dict[str, KeptResult] = {}
    for word in words:
        chosen |= {kept.identity: kept for kept in _named(results, word)}
    return list(chosen.values())


def _named(results: Sequence[KeptResult], word: str) -> Sequence[KeptResult]:
    tagged = [kept for kept in results if word in kept.tags]
    if tagged:
        return tagged
    found = _RANGE.fullmatch(word)
    first, last = (word, word) if found is None else found.groups()
    if first.isascii() and first.isdigit() and 1 <= int(first) <= int(last) <= len(results):
        return results[int(first) - 1 : int(last)]
    if len(word) >= _SHORTEST_IDENTITY:
        alike = [kept for kept in results if kept.identity.startswith(word.casefold())]
        if len(alike) == 1:
            return alike
    raise RequestError(
        f"The session has no result {word!r}; it has 1 to {len(results)}, "
        "which can also be named by identity or tag."
    )
