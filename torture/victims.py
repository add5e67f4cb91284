"""Programs that are killed: they print what they have finished, line by line.

`python -m torture.victims save|export FOLDER SEED` writes for ever; the window's victim is
`python -m torture.victims window FOLDER SEED`.
"""

from __future__ import annotations

import json
import random
import sys
from itertools import count
from pathlib import Path

from gridsal_core.figure.presets import BUILT_IN, write_presets
from gridsal_core.session.archive import explanation_name, write_document, write_session
from gridsal_core.session.document import SessionDocument
from gridsal_core.session.kept import KeptResult, kept_result
from gridsal_core.session.kept_file import write_kept
from gridsal_core.session.unfinished import Unfinished
from tests.core.kept import made_explanation, save_picture


def save(folder: Path, dice: random.Random) -> None:
    """Keep results, autosave after each, and save now and then: the newest number is printed."""
    picture = folder / "street.png"
    if not picture.exists():
        save_picture(picture, 240, 320)
    explanations = [made_explanation(picture, seed=seed) for seed in range(3)]
    unfinished = Unfinished.create(folder / "sessions").path
    results: list[KeptResult] = []
    tell(folder=str(unfinished))
    for number in count(1):
        explanation = dice.choice(explanations)
        kept = kept_result(explanation)
        write_kept(explanation, unfinished / explanation_name(kept.identity))
        results = [*results, kept][-8:]
        document = SessionDocument(results=tuple(results), label_pattern=str(number))
        tell(begun=number)
        write_document(document, unfinished)
        tell(autosaved=number)
        if number % 3 == 0:
            write_session(document, folder / "work.gridsal", unfinished)
            tell(saved=number)


def export(folder: Path, dice: random.Random) -> None:
    """Write data files, presets and figures over themselves."""
    from gridsal_core.figure import save_figure
    from gridsal_core.records import save_record

    picture = folder / "street.png"
    if not picture.exists():
        save_picture(picture, 120, 160)
    explanation = made_explanation(picture)
    for number in count(1):
        save_record(explanation, folder / "record.npz")
        write_presets(dict(list(BUILT_IN.items())[: dice.randrange(1, 4)]), folder / "figures.json")
        save_figure(explanation, folder / "figure.png")
        tell(exported=number)


def tell(**words: object) -> None:
    """Print a line at once."""
    print(json.dumps(words), flush=True)


def main() -> None:
    """Be a victim."""
    kind, folder, seed = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    dice = random.Random(seed)  # noqa: S311 - to be repeated
    if kind == "window":
        from torture.window_victim import work

        work(folder, dice)
    else:
        {"save": save, "export": export}[kind](folder, dice)


if __name__ == "__main__":
    main()
