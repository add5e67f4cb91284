"""Unfinished sessions: each window holds its own, and takes over only what nobody holds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gridsal_core.errors import OutputError
from gridsal_core.frames import Frame
from gridsal_core.session.archive import read_result, write_document, write_session
from gridsal_core.session.document import PageEntry, RegionEntry, SessionDocument
from gridsal_core.session.finished import forget_finished, write_finished
from gridsal_core.session.kept import kept_result
from gridsal_core.session.unfinished import Unfinished, abandoned_sessions
from tests.core.kept import made_explanation, queued

HOLD = """
import sys
from pathlib import Path
from gridsal_core.session.unfinished import Unfinished
held = Unfinished.create(Path(sys.argv[1]))
print(held.path, flush=True)
sys.stdin.read()
"""


def some_work(**values: object) -> SessionDocument:
    region = made_explanation(None).request.region
    entry = RegionEntry.of(Frame.whole((13, 17)), region, "painted")
    page = PageEntry(image=Path("/a.png"), regions=(entry,))
    return SessionDocument(pages=(page,)).model_copy(update=values)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "sessions"


def test_one_that_is_held_is_nobody_elses(root: Path) -> None:
    held = Unfinished.create(root)
    write_document(some_work(), held.path)
    assert Unfinished.claim(held.path) is None
    assert abandoned_sessions(root) == ()


def test_one_that_was_released_is_found_once(root: Path) -> None:
    held = Unfinished.create(root)
    write_document(some_work(), held.path)
    held.release()
    (found,) = abandoned_sessions(root)
    assert found.document == some_work()
    assert found.folder.path == held.path
    assert abandoned_sessions(root) == (), "two windows that start at once do not share it"


def test_a_process_that_is_killed_lets_go(root: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    path = Path(process.stdout.readline().strip())
    write_document(some_work(), path)
    assert abandoned_sessions(root) == ()
    process.kill()
    process.wait()
    process.stdout.close()
    assert [each.folder.path for each in abandoned_sessions(root)] == [path]


@pytest.mark.parametrize("is_saved", [False, True])
def test_one_without_anything_to_be_missed_is_put_away(
    root: Path, tmp_path: Path, is_saved: bool
) -> None:
    held = Unfinished.create(root)
    document, file = SessionDocument(), tmp_path / "a.gridsal"
    if is_saved:
        document = some_work(is_saved=True, file=file)
        write_session(document, file, held.path)
    write_document(document, held.path)
    held.release()
    assert abandoned_sessions(root) == ()
    assert not held.path.exists()


@pytest.mark.parametrize("content", [None, b"", b"half of a file"])
def test_one_whose_file_is_gone_or_damaged_is_offered(
    root: Path, tmp_path: Path, content: bytes | None
) -> None:
    held, file = Unfinished.create(root), tmp_path / "a.gridsal"
    if content is not None:
        file.write_bytes(content)
    write_document(some_work(is_saved=True, file=file), held.path)
    held.release()
    assert len(abandoned_sessions(root)) == 1


def test_one_that_cannot_be_read_is_left_alone(root: Path) -> None:
    held = Unfinished.create(root)
    (held.path / "session.json").write_text("{")
    held.release()
    assert abandoned_sessions(root) == ()
    assert held.path.exists()


def test_a_run_that_ended_right_before_the_kill_is_among_the_results(root: Path) -> None:
    held = Unfinished.create(root)
    write_document(some_work(is_saved=True, file=root), held.path)
    identity = "ab" * 16
    write_finished(made_explanation(None), identity, held.path)
    held.release()
    (found,) = abandoned_sessions(root)
    (kept,) = found.document.results
    assert kept.identity == identity
    assert not found.document.is_saved, "the file lacks it"
    assert found.document.pages == some_work().pages
    explained = read_result(found.folder.path, kept)
    np.testing.assert_array_equal(explained.mask, made_explanation(None).mask)


def test_it_is_found_where_not_even_a_document_was_written(root: Path) -> None:
    held = Unfinished.create(root)
    write_finished(made_explanation(None), "ab" * 16, held.path)
    held.release()
    (found,) = abandoned_sessions(root)
    assert len(found.document.results) == 1


def test_what_was_found_is_not_asked_any_more(root: Path) -> None:
    held = Unfinished.create(root)
    identities = ["ab" * 16, "cd" * 16]
    write_document(some_work(queue=tuple(map(queued, identities))), held.path)
    write_finished(made_explanation(None), identities[0], held.path)
    held.release()
    (found,) = abandoned_sessions(root)
    assert [kept.identity for kept in found.document.results] == identities[:1]
    assert [each.identity for each in found.document.queue] == identities[1:]


def test_requests_that_wait_are_work(root: Path) -> None:
    held = Unfinished.create(root)
    write_document(SessionDocument(queue=(queued("ab" * 16),)), held.path)
    held.release()
    assert len(abandoned_sessions(root)) == 1


def test_what_a_document_knows_or_nobody_wants_is_not_found_twice(root: Path) -> None:
    held = Unfinished.create(root)
    explanation = made_explanation(None)
    known = kept_result(explanation, "cd" * 16)
    for identity in (known.identity, "ab" * 16):
        write_finished(explanation, identity, held.path)
    forget_finished(held.path, ["ab" * 16])
    write_document(some_work().model_copy(update={"results": (known,)}), held.path)
    held.release()
    (found,) = abandoned_sessions(root)
    assert found.document.results == (known,)


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"identity": 3}', b"\xff"])
def test_a_damaged_entry_costs_nothing_else(root: Path, damage: bytes) -> None:
    held = Unfinished.create(root)
    for identity in ("ab" * 16, "cd" * 16):
        write_finished(made_explanation(None), identity, held.path)
    (held.path / "explanations" / f"{'ab' * 16}.json").write_bytes(damage)
    held.release()
    (found,) = abandoned_sessions(root)
    assert [kept.identity for kept in found.document.results] == ["cd" * 16]


def test_a_folder_that_is_gone_is_told_and_not_made_anew(root: Path) -> None:
    held = Unfinished.create(root)
    held.discard()
    with pytest.raises(OutputError):
        write_finished(made_explanation(None), "ab" * 16, held.path)
    assert not held.path.exists()


def test_without_a_place_to_write_it_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert abandoned_sessions(tmp_path / "file") == ()
    with pytest.raises(OutputError):
        Unfinished.create(tmp_path / "file")
