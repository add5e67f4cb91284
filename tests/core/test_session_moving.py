"""A session on another machine: one answer for a folder moves everything that lay under it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gridsal_core.session.document import NetworkEntry, PageEntry, PlaceEntry, SessionDocument
from gridsal_core.session.kept import kept_result
from gridsal_core.session.moving import MissingFolder, MissingNetwork, first_missing, moved
from tests.core.kept import made_explanation, queued, save_picture

OLD = Path("/nowhere/data/street")


def session() -> SessionDocument:
    kept = replace(kept_result(made_explanation(None)), image_path=OLD / "train" / "b.png")
    return SessionDocument(
        networks=(NetworkEntry(source="/nowhere/nets/net.py:build", name="net"),),
        open_network=0,
        folder=OLD / "val",
        current=PlaceEntry(image=OLD / "val" / "a.png"),
        pages=(PageEntry(image=OLD / "val" / "a.png"),),
        results=(kept,),
        queue=(queued("ab" * 16, OLD / "val" / "q.png"),),
    )


def test_the_image_folder_is_missed_first_and_names_its_images() -> None:
    assert first_missing(session(), frozenset()) == MissingFolder(
        OLD / "val", (OLD / "val" / "a.png", OLD / "val" / "q.png")
    )


def test_one_answer_moves_what_lay_beside_it_too(tmp_path: Path) -> None:
    for name in ("val/a.png", "train/b.png"):
        (tmp_path / "street" / name).parent.mkdir(parents=True)
        save_picture(tmp_path / "street" / name)

    there = moved(session(), OLD / "val", tmp_path / "street" / "val")

    assert there.folder == tmp_path / "street" / "val"
    assert there.current is not None
    assert there.current.image == there.pages[0].image == there.folder / "a.png"
    assert there.queue[0].image == there.folder / "q.png"
    assert there.results[0].image_path == tmp_path / "street" / "train" / "b.png"
    assert first_missing(there, frozenset()) == MissingNetwork(Path("/nowhere/nets/net.py"), "net")


def test_what_is_not_there_either_is_asked_for_by_itself(tmp_path: Path) -> None:
    (tmp_path / "val").mkdir()
    there = moved(session(), OLD / "val", tmp_path / "val")
    assert first_missing(there, frozenset()) == MissingFolder(
        OLD / "train", (OLD / "train" / "b.png",)
    )


def test_what_the_user_does_without_is_not_asked_for_again(tmp_path: Path) -> None:
    left_out = frozenset({OLD / "val", OLD / "train", Path("/nowhere/nets/net.py")})
    assert first_missing(session(), left_out) is None


def test_a_network_keeps_its_function(tmp_path: Path) -> None:
    there = moved(session(), Path("/nowhere/nets/net.py"), tmp_path / "other.py")
    assert there.networks[0].source == f"{tmp_path}/other.py:build"


def test_a_network_that_is_known_by_name_is_never_missed() -> None:
    named = NetworkEntry(source="torchvision:fcn_resnet50", name="fcn")
    assert first_missing(SessionDocument(networks=(named,)), frozenset()) is None
