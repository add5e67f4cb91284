"""The file of a session: what was kept comes back, and nothing else is taken for one."""

from __future__ import annotations

import io
import json
import os
import struct
import zipfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gridsal_core.arrays import BoolArray
from gridsal_core.errors import GridSalError, OutputError, SessionError
from gridsal_core.frames import Box, Frame
from gridsal_core.session.archive import (
    read_result,
    read_session,
    unpack_session,
    write_document,
    write_session,
)
from gridsal_core.session.document import (
    NetworkEntry,
    PageEntry,
    PlaceEntry,
    QueuedEntry,
    RegionEntry,
    SessionDocument,
    document_bytes,
    parse_document,
)
from gridsal_core.session.kept import KeptResult, kept_result
from gridsal_core.session.kept_file import write_kept
from gridsal_core.settings import Settings
from gridsal_core.types import ClassInfo, Scores
from tests.core.kept import made_explanation, save_picture

texts = st.text(max_size=12)
paths = st.one_of(
    st.text("abcß漢 .-_", min_size=1, max_size=8).map(lambda name: Path("/data") / name),
    st.just(Path(os.fsdecode(b"/data/\xff"))),
)
finite = st.floats(allow_nan=False)
hashes = st.sampled_from(["", "ab" * 32])


@st.composite
def frames(draw: st.DrawFn) -> Frame:
    height, width = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    top, left = draw(st.integers(0, height - 1)), draw(st.integers(0, width - 1))
    bottom, right = draw(st.integers(top + 1, height)), draw(st.integers(left + 1, width))
    size = draw(st.integers(1, bottom - top)), draw(st.integers(1, right - left))
    return Frame((height, width), Box(top, left, bottom, right), size)


@st.composite
def regions(draw: st.DrawFn) -> tuple[Frame, BoolArray]:
    frame = draw(frames())
    return frame, draw(hnp.arrays(bool, frame.size))


@st.composite
def kept_results(draw: st.DrawFn) -> KeptResult:
    return KeptResult(
        identity=draw(st.uuids()).hex,
        created=draw(st.datetimes(timezones=st.just(UTC))),
        image_path=draw(st.none() | paths),
        page=draw(st.integers(0, 9)),
        frame=draw(st.none() | frames()),
        class_index=draw(st.integers(0, 9)),
        class_info=ClassInfo(draw(texts), (1, 2, 255)),
        origin=draw(st.sampled_from(["painted", "file", "correct part"])),
        region_pixels=draw(st.integers(1, 10**9)),
        settings=Settings(lam=draw(st.floats(0, 1e9)), steps=draw(st.integers(1, 100))),
        network=draw(texts),
        network_sha256=draw(hashes),
        scores=Scores(draw(finite), draw(finite), draw(st.just(float("inf")) | finite)),
        verdict=draw(st.sampled_from(["context", "no context", "stopped"])),
        is_stopped=draw(st.booleans()),
        true_class=draw(st.none() | st.integers(0, 9)),
        true_info=draw(st.none() | st.builds(ClassInfo, texts, st.just((3, 0, 9)))),
        note=draw(texts),
        tags=tuple(sorted(draw(st.sets(texts, max_size=3)))),
    )


@st.composite
def queued_entries(draw: st.DrawFn) -> QueuedEntry:
    return QueuedEntry(
        identity=draw(st.uuids()).hex,
        image=draw(paths),
        page=draw(st.integers(0, 3)),
        allow_large=draw(st.booleans()),
        region=RegionEntry.of(*draw(regions()), "erroneous part"),
        class_index=draw(st.integers(0, 9)),
        class_info=ClassInfo(draw(texts), (0, 2, 255)),
        true_class=draw(st.none() | st.integers(0, 9)),
        settings=Settings(lam=draw(st.floats(0, 1e9))),
        network=draw(texts),
        network_sha256=draw(hashes),
        failure=draw(texts),
    )


@st.composite
def documents(draw: st.DrawFn) -> SessionDocument:
    networks = draw(
        st.lists(
            st.builds(
                NetworkEntry,
                source=st.sampled_from(["/nets/a", "torchvision:fcn_resnet50"]),
                weights=st.none() | paths,
                name=texts,
                sha256=hashes,
                card_sha256=hashes,
            ),
            max_size=2,
        )
    )
    asked = [RegionEntry.of(*region, "painted") for region in draw(st.lists(regions(), max_size=2))]
    pages = st.builds(
        PageEntry,
        image=paths,
        page=st.integers(0, 3),
        class_index=st.none() | st.integers(0, 20),
        regions=st.just(tuple(asked)),
    )
    return SessionDocument(
        networks=tuple(networks),
        open_network=len(networks) - 1 if networks else None,
        folder=draw(st.none() | paths),
        label_pattern=draw(texts),
        current=draw(st.none() | st.builds(PlaceEntry, image=paths, frame=st.none() | frames())),
        pages=tuple(draw(st.lists(pages, max_size=2))),
        results=tuple(draw(st.lists(kept_results(), max_size=3, unique_by=lambda k: k.identity))),
        queue=tuple(draw(st.lists(queued_entries(), max_size=2, unique_by=lambda q: q.identity))),
        compared=tuple(draw(st.lists(st.none() | st.uuids().map(lambda u: u.hex), max_size=4))),
        shown_page=draw(texts),
        settings=draw(st.none() | st.builds(Settings, momentum=st.floats(0, 0.99))),
        window_state="AAA=",
        file=draw(st.none() | paths),
        is_saved=draw(st.booleans()),
    )


@given(documents())
@settings(max_examples=30)
def test_a_document_comes_back_as_it_was(document: SessionDocument) -> None:
    assert parse_document(document_bytes(document), "it") == document


@given(regions())
@settings(max_examples=60)
def test_a_region_comes_back_pixel_by_pixel(region: tuple[Frame, BoolArray]) -> None:
    np.testing.assert_array_equal(RegionEntry.of(*region, "painted").mask(), region[1])


def test_a_path_of_windows_is_cut_at_its_own_separators() -> None:
    plain = json.loads(document_bytes(SessionDocument())) | {"folder": "C:\\data\\street"}
    folder = parse_document(json.dumps(plain).encode(), "it").folder
    assert folder is not None
    assert folder.name == "street"


@pytest.fixture
def unfinished(tmp_path: Path) -> tuple[Path, SessionDocument]:
    """The folder of an unfinished session with two explanations, and its document."""
    folder = tmp_path / "unfinished"
    (folder / "explanations").mkdir(parents=True)
    results = []
    for seed in range(2):
        picture = save_picture(tmp_path / f"{seed}.png", seed=seed)
        explanation = made_explanation(picture, seed=seed)
        kept = kept_result(explanation)
        write_kept(explanation, folder / "explanations" / f"{kept.identity}.npz")
        results.append(kept)
    document = SessionDocument(results=tuple(results), folder=tmp_path)
    write_document(document, folder)
    return folder, document


@pytest.fixture
def saved(unfinished: tuple[Path, SessionDocument]) -> Path:
    folder, document = unfinished
    path = folder.parent / "work.gridsal"
    write_session(document, path, folder)
    return path


def test_folder_and_file_are_read_alike(
    unfinished: tuple[Path, SessionDocument], saved: Path
) -> None:
    folder, document = unfinished
    assert read_session(folder) == read_session(saved) == document
    for kept in document.results:
        one, other = read_result(folder, kept), read_result(saved, kept.identity)
        np.testing.assert_array_equal(one.mask, other.mask)
        np.testing.assert_array_equal(one.request.image, other.request.image)


def test_a_session_can_be_written_over_itself(
    unfinished: tuple[Path, SessionDocument], saved: Path
) -> None:
    document = unfinished[1].model_copy(update={"results": unfinished[1].results[1:]})
    write_session(document, saved, saved)
    assert read_session(saved) == document
    assert read_result(saved, document.results[0]).steps == 7
    with pytest.raises(SessionError, match=r"missing in work\.gridsal"):
        read_result(saved, unfinished[1].results[0])


def test_a_session_that_was_unpacked_is_whole(
    unfinished: tuple[Path, SessionDocument], saved: Path, tmp_path: Path
) -> None:
    there = tmp_path / "there"
    there.mkdir()
    unpack_session(unfinished[1], saved, there)
    saved.unlink()
    for kept in unfinished[1].results:
        assert read_result(there, kept).steps == 7


def test_a_failed_save_leaves_the_old_file(
    unfinished: tuple[Path, SessionDocument], saved: Path
) -> None:
    folder, document = unfinished
    before = saved.read_bytes()
    (folder / "explanations" / f"{document.results[1].identity}.npz").unlink()
    with pytest.raises(SessionError, match="missing in unfinished"):
        write_session(document, saved, folder)
    assert saved.read_bytes() == before
    with pytest.raises(OutputError):
        write_session(SessionDocument(), folder.parent / "no" / "x.gridsal", folder)


def zipped(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def bomb() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("session.json", b" " * 50_000_000)
    return file.getvalue()


def oversized() -> bytes:
    """Say of a stored member that it is larger than the file."""
    data = zipped(**{"session.json": b"{}"})
    sizes = struct.pack("<II", 2, 2)
    return data.replace(sizes, struct.pack("<II", 10**9, 10**9))


def plain(**change: object) -> bytes:
    return json.dumps(json.loads(document_bytes(SessionDocument())) | change).encode()


def of(document: bytes) -> bytes:
    return zipped(**{"session.json": document})


A_RESULT = {"identity": "../../etc/passwd"}
HOSTILE = {
    "empty": b"",
    "no zip": b"hello" * 100,
    "pickle": b"\x80\x04\x95",
    "bomb": bomb(),
    "oversized": oversized(),
    "cut off": of(plain())[:-30],
    "leads out": zipped(**{"../../x": b"", "session.json": plain()}),
    "absolute": zipped(**{"/etc/passwd": b"", "session.json": plain()}),
    "a stranger": zipped(**{"run.py": b"", "session.json": plain()}),
    "no document": zipped(),
    "no JSON": of(b"{"),
    "deep": of(b"[" * 100_000),
    "a list": of(b"[]"),
    "no version": of(b"{}"),
    "true version": of(plain(version=True)),
    "unknown key": of(plain(evil=1)),
    "wrong type": of(plain(pages=3)),
    "identity leads out": of(plain(results=[A_RESULT])),
    "request leads out": of(plain(queue=[A_RESULT])),
    "compared leads out": of(plain(compared=["../../etc/passwd"])),
    "network is none": of(plain(open_network=4)),
    "huge region": of(
        plain(
            pages=[
                {
                    "image": "/a.png",
                    "regions": [
                        {
                            "frame": [[2**30] * 2, [0, 0, 2**30, 2**30], [2**30] * 2],
                            "origin": "painted",
                            "box": [0, 0, 2**30, 2**30],
                            "bits": "",
                        }
                    ],
                }
            ]
        )
    ),
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_is_no_session_is_refused_in_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "strange.gridsal"
    path.write_bytes(content)
    with pytest.raises(SessionError, match=r"strange\.gridsal is ") as caught:
        read_session(path)
    assert "\n" not in str(caught.value)


def test_one_of_a_newer_version_asks_for_an_update(tmp_path: Path) -> None:
    path = tmp_path / "new.gridsal"
    path.write_bytes(of(plain(version=3, more="things")))
    with pytest.raises(SessionError, match=r"saved by a newer GridSal .* update GridSal"):
        read_session(path)


def test_one_of_the_first_version_opens_without_what_that_did_not_know(tmp_path: Path) -> None:
    picture = save_picture(tmp_path / "a.png")
    document = SessionDocument(results=(kept_result(made_explanation(picture)),))
    old = json.loads(document_bytes(document)) | {"version": 1}
    for key in ("true_class", "true_info"):
        del old["results"][0][key]
    for key in ("queue", "compared", "shown_page"):
        del old[key]
    read = parse_document(json.dumps(old).encode(), "it")
    assert read.version == SessionDocument().version
    assert read.results[0].true_info is None
    assert read.queue == ()
    assert read.results[0].scores == document.results[0].scores


def test_one_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SessionError, match="There is no session at"):
        read_session(tmp_path / "gone.gridsal")
    with pytest.raises(SessionError, match="is no session of GridSal"):
        read_session(tmp_path)


def test_one_that_lacks_an_explanation_is_not_complete(tmp_path: Path) -> None:
    kept = kept_result(made_explanation(None))
    path = tmp_path / "half.gridsal"
    path.write_bytes(of(document_bytes(SessionDocument(results=(kept,)))))
    with pytest.raises(SessionError, match=r"half\.gridsal is not complete"):
        read_session(path)


def test_a_region_that_inflates_beyond_its_box_is_refused() -> None:
    import base64
    import zlib

    bits = base64.b64encode(zlib.compress(bytes(10**6))).decode()
    frame = Frame.whole((4, 4))
    entry = RegionEntry(frame=frame, origin="painted", box=(0, 0, 4, 4), bits=bits)
    with pytest.raises(SessionError, match="damaged"):
        entry.mask()


@given(at=st.floats(0, 1), byte=st.integers(0, 255))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_damage_ends_in_anything_but_a_sentence(saved: Path, at: float, byte: int) -> None:
    whole = saved.read_bytes()
    place = min(int(at * len(whole)), len(whole) - 1)
    broken = saved.with_name("broken.gridsal")
    broken.write_bytes(whole[:place] + bytes([byte]) + whole[place + 1 :])
    with suppress(GridSalError):
        for kept in read_session(broken).results:
            read_result(broken, kept)


def test_times_without_a_zone_are_refused() -> None:
    kept = kept_result(made_explanation(None))
    document = json.loads(document_bytes(SessionDocument(results=(kept,))))
    document["results"][0]["created"] = datetime(2026, 1, 1).isoformat()
    with pytest.raises(SessionError, match="the time has no zone"):
        parse_document(json.dumps(document).encode(), "it")
