"""Every reader of a file that GridSal itself writes, or that describes what it is given.

Of each: how a good file is made, how it is damaged, and how it is read as the program reads it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import numpy as np
from hypothesis import strategies as st
from PIL import Image

from app.settings import AppSettings, RecentModel, load_settings, save_settings
from gridsal_core.checkpoints.card import ClassCard, ModelCard, read_card, write_card
from gridsal_core.datasets.labels import read_label_map
from gridsal_core.evaluation.cache import CountsCache
from gridsal_core.evaluation.counts import count_pixels
from gridsal_core.evaluation.predictions import PredictionsCache
from gridsal_core.evaluation.stamps import FileState, Stamp
from gridsal_core.figure.presets import BUILT_IN, read_presets, write_presets
from gridsal_core.figure.record_file import exhibit_of_record
from gridsal_core.frames import Frame
from gridsal_core.records import save_record
from gridsal_core.regions import read_region
from gridsal_core.session.archive import (
    explanation_name,
    read_result,
    read_result_thumbnail,
    read_session,
    write_document,
    write_session,
)
from gridsal_core.session.document import (
    NetworkEntry,
    PageEntry,
    PlaceEntry,
    RegionEntry,
    SessionDocument,
)
from gridsal_core.session.kept import kept_result
from gridsal_core.session.kept_file import read_kept, write_kept
from gridsal_core.settings import Settings
from gridsal_core.statistics import ClassVotes
from gridsal_core.survey.bootstrap import Sampling
from gridsal_core.survey.definition import Means, Survey
from gridsal_core.survey.examples import example_png
from gridsal_core.survey.ledger import LEDGER_NAME, Ledger
from gridsal_core.survey.results import Flips, Maps, Result, Summary
from gridsal_core.survey.schema import Contents, ImageState, packed, unpacked
from gridsal_core.survey.tables import tabulate
from gridsal_core.types import ClassInfo, Prediction, Scores
from tests.core.kept import CLASSES, made_explanation, save_picture
from tests.fuzz import damage

SIZE = (24, 32)
COLORS = (ClassInfo("a", (0, 0, 0)), ClassInfo("b", (255, 0, 0)), ClassInfo("c", (0, 0, 255)))
STAMP = Stamp(Frame.whole(SIZE), FileState(1, 2), None, None)

Damaged = Callable[[bytes], st.SearchStrategy[bytes]]


@dataclass(frozen=True)
class Reader:
    """How a file is made, damaged and read.

    Parameters
    ----------
    make
        Writes good files into a folder and returns the one that is to be damaged.
    read
        Reads it as the program does, to the end.
    change
        Damage that leaves the file in order as what it is.
    never_raises
        Whether damage is a miss, and not even a sentence.
    """

    make: Callable[[Path], Path]
    read: Callable[[Path], object]
    change: Damaged
    never_raises: bool = False


def _explained(folder: Path) -> tuple[SessionDocument, Path]:
    picture = save_picture(folder / "street.png")
    explanation = made_explanation(picture)
    kept = kept_result(explanation)
    unfinished = folder / "unfinished"
    (unfinished / "explanations").mkdir(parents=True)
    write_kept(explanation, unfinished / explanation_name(kept.identity))
    mask = np.zeros(SIZE, np.bool_)
    mask[3:7, 4:9] = True
    region = RegionEntry.of(Frame.whole(SIZE), mask, "painted")
    document = SessionDocument(
        networks=(NetworkEntry(source="/nets/net", name="net", sha256="ab" * 32),),
        open_network=0,
        folder=folder,
        current=PlaceEntry(image=picture, frame=Frame.whole(SIZE)),
        pages=(PageEntry(image=picture, page=0, class_index=1, regions=(region,)),),
        results=(kept,),
        settings=Settings(),
    )
    return document, unfinished


def _make_session(folder: Path) -> Path:
    document, unfinished = _explained(folder)
    write_session(document, folder / "work.gridsal", unfinished)
    return folder / "work.gridsal"


def _make_document(folder: Path) -> Path:
    document, unfinished = _explained(folder)
    write_document(document, unfinished)
    return unfinished / "session.json"


def _read_session(path: Path) -> None:
    document = read_session(path)
    for page in document.pages:
        for region in page.regions:
            region.mask()
    for kept in document.results:
        read_result_thumbnail(path, kept.identity)
        read_result(path, kept)


def _make_kept(folder: Path) -> Path:
    write_kept(made_explanation(save_picture(folder / "street.png")), folder / "kept.npz")
    return folder / "kept.npz"


def _make_record(folder: Path) -> Path:
    made = made_explanation(save_picture(folder / "street.png"))
    plain = tuple(ClassInfo(f"class {n}", info.color) for n, info in enumerate(CLASSES))
    save_record(replace(made, classes=plain), folder / "record.npz")
    return folder / "record.npz"


def _make_card(folder: Path) -> Path:
    card = ModelCard(
        name="net",
        classes=tuple(ClassCard(name=c.name, color="#0a0b0c") for c in COLORS),
        explain={"mask_size": [4, 4], "lam": 0.05, "perturbation": "constant:0.5"},
    )
    card = card.model_copy(update={"input": card.input.model_copy(update={"channels": 3})})
    write_card(ModelCard.model_validate(card.model_dump()), folder / "gridsal.toml")
    return folder / "gridsal.toml"


def _read_card(path: Path) -> None:
    read_card(path).class_infos(len(COLORS))


def _make_app_settings(folder: Path) -> Path:
    settings = AppSettings(
        recent_models=(RecentModel(source="/nets/net", weights=Path("/nets/w.pth")),),
        recent_folders=(folder,),
        recent_commands=("run",),
        window_state="AAA=",
        explain_preset="own",
        explain_settings=Settings(),
    )
    save_settings(settings, folder / "settings.json")
    return folder / "settings.json"


def _make_settings(folder: Path) -> Path:
    values = json.dumps(Settings(mask_size=(4, 5)).to_dict())
    (folder / "explain.json").write_text(values)
    return folder / "explain.json"


def _read_settings(path: Path) -> None:
    try:
        values = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return
    if isinstance(values, dict):
        Settings.from_dict(values).check_image(*SIZE)


def _make_presets(folder: Path) -> Path:
    write_presets(dict(list(BUILT_IN.items())[:2]), folder / "figures.json")
    return folder / "figures.json"


def _make_index_label(folder: Path) -> Path:
    pixels = np.random.default_rng(0).integers(0, 3, SIZE, np.uint8)
    label = Image.fromarray(pixels).convert("P")
    label.putpalette([0, 0, 0, 255, 0, 0, 0, 0, 255])
    label.save(folder / "a_label.png", transparency=1)
    return folder / "a_label.png"


def _make_deep_label(folder: Path) -> Path:
    pixels = np.random.default_rng(0).integers(0, 300, SIZE, np.uint16)
    Image.fromarray(pixels).save(folder / "deep_label.png")
    return folder / "deep_label.png"


def _make_color_label(folder: Path) -> Path:
    colors = np.array([info.color for info in COLORS], np.uint8)
    Image.fromarray(colors[np.random.default_rng(0).integers(0, 3, SIZE)]).save(folder / "c.png")
    return folder / "c.png"


def _make_cityscapes_label(folder: Path) -> Path:
    pixels = np.random.default_rng(0).integers(0, 3, SIZE, np.uint8)
    Image.fromarray(pixels).save(folder / "ulm_1_gtFine_labelIds.png")
    return folder / "ulm_1_gtFine_labelIds.png"


def _read_label(path: Path) -> None:
    read_label_map(path, SIZE, COLORS)


def _make_panoptic(folder: Path) -> Path:
    place = folder / "panoptic_val"
    place.mkdir()
    Image.fromarray(np.zeros((*SIZE, 3), np.uint8)).save(place / "x.png")
    described = {
        "categories": [{"id": n + 1, "name": info.name} for n, info in enumerate(COLORS)],
        "annotations": [
            {
                "file_name": "x.png",
                "image_id": 1,
                "segments_info": [{"id": 0, "category_id": 1}, {"id": 7, "category_id": 3}],
            }
        ],
    }
    (folder / "panoptic_val.json").write_text(json.dumps(described))
    return folder / "panoptic_val.json"


_turns = count(1)


def _read_panoptic(path: Path) -> None:
    # Of a file that was read the result is kept, until its time is another.
    os.utime(path, ns=(0, next(_turns)))
    read_label_map(path.with_name("panoptic_val") / "x.png", SIZE, COLORS)


def _make_region(folder: Path) -> Path:
    mask = np.zeros(SIZE, np.uint8)
    mask[4:9, 5:11] = 255
    Image.fromarray(mask).save(folder / "mask.png")
    return folder / "mask.png"


def _make_ledger(folder: Path) -> Path:
    survey = Survey(
        network="net",
        network_sha256="ab" * 32,
        card=json.dumps({"explain": {"lam": 0.1}}),
        classes=COLORS,
        kinds=("predicted",),
        means=Means(max_pixels=10**6, images=2, pixels=10**4),
    )
    images = save_picture(folder / "images.png").parent
    with Ledger.begin(folder / "survey", survey, str(images)) as ledger:
        results = [_result(number) for number in range(4)]
        states = [ImageState(f"{n}.png", "1", "c", 2, "") for n in range(2)]
        ledger.finish(results, states)
        ledger._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        ledger._connection.execute("PRAGMA journal_mode = DELETE")
    return folder / "survey" / LEDGER_NAME


def _result(number: int) -> Result:
    region = np.zeros(SIZE, np.bool_)
    region[4:9, 5 : 9 + number] = True
    votes = ClassVotes((1.0, 2.0, 0.5), 0.25, "prediction")
    summary = Summary(
        identity=f"{number:032x}",
        image=f"{number // 2}.png",
        ordinal=number % 2,
        kind="predicted",
        class_index=number % 2,
        true_class=None,
        size=SIZE,
        region_pixels=int(region.sum()),
        votes=votes,
        baseline=votes,
        scores=Scores(0.9, 0.2, 0.8),
        residual=0.1,
        residual_without_context=0.4,
        verdict="context",
        init=0.5,
        steps=3,
        flips=Flips(0.5, 2, (0.1, float("nan"), 0.3)),
        notes=("It was made smaller.",),
    )
    mask = np.full((4, 5), 0.5, np.float32)
    return Result(summary, Maps(region, mask, Settings(mask_size=(4, 5)), ""))


def _read_ledger(path: Path) -> None:
    with Ledger.open(path.parent) as ledger:
        list(ledger.states())
        known = [each.identity for each in ledger.summaries()]
        tabulate(ledger, Sampling(replicates=10))
        for identity in known:
            maps = ledger.maps(identity)
            maps.saliency.sum()
            example_png(ledger, path.parent, identity)


def _make_part(folder: Path) -> Path:
    contents = [Contents("0.png", frozenset({"one"})), Contents("1.png", frozenset())]
    states = [ImageState("0.png", "1", "c", 2)]
    made = packed(contents, [_result(number) for number in range(2)], states)
    (folder / "part.sqlite").write_bytes(made)
    return folder / "part.sqlite"


def _make_counts(folder: Path) -> Path:
    cache = CountsCache(folder / "counts.sqlite")
    prediction = np.zeros(SIZE, np.uint8)
    for name in ("a.png", "b.png"):
        cache.put("key", folder, name, STAMP, count_pixels(prediction, None, len(COLORS)))
    cache.close()
    return folder / "counts.sqlite"


def _read_counts(path: Path) -> None:
    cache = CountsCache(path)
    list(cache.folder("key", path.parent, len(COLORS)))
    cache.close()


def _make_predictions(folder: Path) -> Path:
    cache = PredictionsCache(folder / "predictions.sqlite")
    made = Prediction(np.zeros(SIZE, np.uint8), np.full(SIZE, 0.5, np.float32), ("note",))
    cache.put("key", b"a.png", STAMP, made)
    cache.close()
    return folder / "predictions.sqlite"


def _read_predictions(path: Path) -> None:
    cache = PredictionsCache(path)
    cache.get("key", b"a.png", STAMP, len(COLORS))
    cache.close()


READERS: dict[str, Reader] = {
    "session": Reader(_make_session, _read_session, damage.zip_changed),
    "session document": Reader(
        _make_document, lambda path: _read_session(path.parent), damage.json_changed
    ),
    "kept explanation": Reader(_make_kept, read_kept, damage.zip_changed),
    "data file": Reader(_make_record, exhibit_of_record, damage.zip_changed),
    "model card": Reader(_make_card, _read_card, damage.toml_changed),
    "settings of the window": Reader(
        _make_app_settings, load_settings, damage.json_changed, never_raises=True
    ),
    "settings": Reader(_make_settings, _read_settings, damage.json_changed),
    "figure presets": Reader(_make_presets, read_presets, damage.json_changed),
    "index label map": Reader(_make_index_label, _read_label, damage.png_changed),
    "16-bit label map": Reader(_make_deep_label, _read_label, damage.png_changed),
    "colour label map": Reader(_make_color_label, _read_label, damage.png_changed),
    "Cityscapes label map": Reader(_make_cityscapes_label, _read_label, damage.png_changed),
    "panoptic description": Reader(_make_panoptic, _read_panoptic, damage.json_changed),
    "region mask": Reader(_make_region, lambda p: read_region(p, SIZE), damage.png_changed),
    "survey": Reader(_make_ledger, _read_ledger, damage.database_changed),
    "part of a survey": Reader(
        _make_part, lambda path: unpacked(path.read_bytes()), damage.database_changed
    ),
    "counts": Reader(_make_counts, _read_counts, damage.database_changed, never_raises=True),
    "predictions": Reader(
        _make_predictions, _read_predictions, damage.database_changed, never_raises=True
    ),
}
