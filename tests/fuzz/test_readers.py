"""Whatever is in a file, a reader returns, or raises one of our errors, with one sentence.

GRIDSAL_FUZZ sets how many damaged files of each kind and damage are read: `make torture` asks for
many, and without it there are few.
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from gridsal_core.errors import GridSalError
from tests.fuzz.damage import bytes_changed
from tests.fuzz.network_readers import NETWORK_READERS
from tests.fuzz.readers import READERS, Reader

EXAMPLES = int(os.environ.get("GRIDSAL_FUZZ", "15"))
LONGEST_SENTENCE = 1500


@pytest.fixture
def file(reader: Reader, tmp_path: Path) -> Path:
    return reader.make(tmp_path)


def each_reader() -> pytest.MarkDecorator:
    every = READERS | NETWORK_READERS
    return pytest.mark.parametrize("reader", every.values(), ids=every.keys())


@each_reader()
def test_a_good_file_is_read(reader: Reader, file: Path) -> None:
    reader.read(file)


@each_reader()
@pytest.mark.parametrize("damage", ["bytes", "values"])
def test_a_damaged_file_ends_in_a_sentence_at_most(reader: Reader, damage: str, file: Path) -> None:
    whole = file.read_bytes()
    changes = bytes_changed(whole) if damage == "bytes" else reader.change(whole)

    @settings(max_examples=EXAMPLES, database=None, suppress_health_check=list(HealthCheck))
    @given(changes)
    def read(content: bytes) -> None:
        file.write_bytes(content)
        said = refusal(reader, file)
        assert said == "" or not reader.never_raises
        assert "\n" not in said
        assert len(said) < LONGEST_SENTENCE

    read()


def refusal(reader: Reader, file: Path) -> str:
    """Read a file and return what is said of it; nothing if it was taken."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            reader.read(file)
    except GridSalError as error:
        return str(error)
    return ""
