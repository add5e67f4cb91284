"""Atomic writing: the old file or the new one, nothing between and nothing left."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

import pytest

from gridsal_core.atomic import check_writable, write_atomic
from gridsal_core.errors import OutputError


def hello(file: BinaryIO) -> None:
    file.write(b"hello")


def half_then_fail(file: BinaryIO) -> None:
    file.write(b"hal")
    raise RuntimeError("the cable was pulled")


def onto_a_full_disk(file: BinaryIO) -> None:
    with open("/dev/full", "wb", buffering=0) as full:
        full.write(b"x")


def test_a_new_file_is_written_and_nothing_else(tmp_path: Path) -> None:
    write_atomic(tmp_path / "a.bin", hello)
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]
    assert (tmp_path / "a.bin").read_bytes() == b"hello"


def test_a_new_file_has_the_usual_permissions(tmp_path: Path) -> None:
    (tmp_path / "usual").touch()
    write_atomic(tmp_path / "a.bin", hello)
    assert (tmp_path / "a.bin").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_a_replaced_file_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old and longer")
    path.chmod(0o640)
    write_atomic(path, hello)
    assert path.read_bytes() == b"hello"
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_link_keeps_pointing_where_it_did(tmp_path: Path) -> None:
    real = tmp_path / "real.bin"
    real.write_bytes(b"old")
    link = tmp_path / "link.bin"
    link.symlink_to(real)
    write_atomic(link, hello)
    assert link.is_symlink()
    assert real.read_bytes() == b"hello"


def test_a_writer_that_fails_leaves_the_old_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    with pytest.raises(RuntimeError, match="cable"):
        write_atomic(path, half_then_fail)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"a\.bin cannot be saved: No space left on device; free"):
        write_atomic(tmp_path / "a.bin", onto_a_full_disk)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.EDQUOT, "free some space or choose another folder"),
        (errno.EROFS, "choose another place"),
        (errno.EIO, "choose another place"),
        (errno.ENAMETOOLONG, "give it a shorter name"),
    ],
)
def test_the_advice_fits_what_went_wrong(tmp_path: Path, number: int, advice: str) -> None:
    def fail(file: BinaryIO) -> None:
        raise OSError(number, os.strerror(number))

    with pytest.raises(OutputError) as error:
        write_atomic(tmp_path / "a.bin", fail)
    assert str(error.value) == f"a.bin cannot be saved: {os.strerror(number)}; {advice}."


class TestChecking:
    def test_a_place_that_can_be_written_stays_as_it_was(self, tmp_path: Path) -> None:
        (tmp_path / "old.bin").write_bytes(b"old")
        check_writable(tmp_path / "old.bin")
        check_writable(tmp_path / "new.bin")
        assert [path.name for path in tmp_path.iterdir()] == ["old.bin"]
        assert (tmp_path / "old.bin").read_bytes() == b"old"

    def test_what_cannot_be_written_is_told_as_when_it_is_written(self, tmp_path: Path) -> None:
        for path in (tmp_path, tmp_path / "gone" / "a.bin", tmp_path / ("n" * 300)):
            with pytest.raises(OutputError) as early:
                check_writable(path)
            with pytest.raises(OutputError) as late:
                write_atomic(path, hello)
            assert str(early.value) == str(late.value)

    @pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="there is no /proc here")
    def test_a_folder_that_looks_writable_and_is_not(self) -> None:
        with pytest.raises(OutputError, match=r"x\.png cannot be saved: .*; choose another"):
            check_writable(Path("/proc/x.png"))


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"a\.bin cannot be saved: .*gone does not exist; create"):
        write_atomic(tmp_path / "gone" / "a.bin", hello)


def test_a_file_in_place_of_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"a\.bin cannot be saved: .*file .*exist"):
        write_atomic(tmp_path / "file" / "a.bin", hello)


def test_a_folder_in_place_of_the_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError, match="folder is a folder; give the name of a file"):
        write_atomic(tmp_path / "folder", hello)
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_folder_that_may_not_be_written_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        if os.access(tmp_path, os.W_OK):
            pytest.skip("this user may write everywhere")
        with pytest.raises(OutputError, match=r"a\.bin cannot be saved: .* may not be written"):
            write_atomic(tmp_path / "a.bin", hello)
    finally:
        tmp_path.chmod(0o700)


def test_messages_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(OutputError) as error:
        write_atomic(tmp_path / "gone" / "a.bin", hello)
    assert "\n" not in str(error.value)


KILLED = """
import os, signal, sys
from pathlib import Path
from gridsal_core.atomic import write_atomic
def die(file):
    file.write(b"half")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
write_atomic(Path(sys.argv[1]), die)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="nobody is killed like that here")
def test_what_a_killed_process_left_is_taken_away_by_the_next_write(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "a.bin")], check=False)
    (left,) = tmp_path.iterdir()
    assert left.read_bytes() == b"half"
    write_atomic(tmp_path / "b.bin", hello)
    assert [path.name for path in tmp_path.iterdir()] == ["b.bin"]


def test_what_another_is_writing_is_left_alone(tmp_path: Path) -> None:
    def write_another(file: BinaryIO) -> None:
        write_atomic(tmp_path / "other.bin", hello)
        hello(file)

    write_atomic(tmp_path / "a.bin", write_another)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.bin", "other.bin"]
