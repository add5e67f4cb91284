"""How a file is damaged: bytes anywhere, and values where a reader trusts that they make sense."""

from __future__ import annotations

import io
import json
import sqlite3
import struct
import tomllib
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import tomli_w
from hypothesis import strategies as st

PNG_SIGNATURE = 8
STRANGE: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, -1, 1, 2**31, 2**63, -(2**63), 10**30]),
    st.sampled_from([float("nan"), float("inf"), -float("inf"), 1e308, -0.0, 0.5]),
    st.text(max_size=8),
    st.sampled_from(["", "/", "..", "\0", "\ud800", "auto", "1e999", "constant:", "#gggggg"]),
    st.just([]),
    st.just({}),
    st.lists(st.integers(-3, 300), max_size=4),
    st.just([[[[]]]]),
    st.dictionaries(st.text(max_size=4), st.integers(), max_size=2),
)


@st.composite
def bytes_changed(draw: st.DrawFn, whole: bytes) -> bytes:
    """Other bytes at some places, half of the time near the beginning; or less, or more."""
    data = bytearray(whole)
    reach = len(data) if draw(st.booleans()) else min(len(data), 64)
    for _ in range(draw(st.integers(0, 6))):
        data[draw(st.integers(0, reach - 1))] = draw(st.integers(0, 255))
    match draw(st.sampled_from(["keep", "keep", "cut", "grow", "move"])):
        case "cut":
            del data[draw(st.integers(0, len(data) - 1)) :]
        case "grow":
            data += draw(st.binary(max_size=40))
        case "move":
            at = draw(st.integers(0, len(data) - 1))
            data[at:at] = data[: draw(st.integers(0, 40))]
    return bytes(data)


@st.composite
def values_changed(draw: st.DrawFn, values: Any) -> Any:  # noqa: ANN401  # what JSON holds
    """Plain values with one of them, at any depth, replaced, taken away or with a stranger."""
    if not isinstance(values, (dict, list)) or not values or draw(st.integers(0, 4)) == 0:
        return draw(STRANGE)
    changed = dict(values) if isinstance(values, dict) else list(values)
    keys = list(values) if isinstance(values, dict) else list(range(len(values)))
    key = draw(st.sampled_from(keys))
    match draw(st.sampled_from(["change", "change", "change", "drop", "add"])):
        case "drop":
            del changed[key]
        case "add":
            if isinstance(changed, dict):
                changed[draw(st.text(max_size=5))] = draw(STRANGE)
            else:
                changed.append(draw(STRANGE))
        case _:
            changed[key] = draw(values_changed(values[key]))
    return changed


@st.composite
def json_changed(draw: st.DrawFn, whole: bytes) -> bytes:
    """JSON that is in order as JSON."""
    return json.dumps(draw(values_changed(json.loads(whole)))).encode("ascii")


@st.composite
def toml_changed(draw: st.DrawFn, whole: bytes) -> bytes:
    """TOML that is in order as TOML, where the values can be written as such."""
    changed = draw(values_changed(tomllib.loads(whole.decode())))
    try:
        return tomli_w.dumps(changed).encode("utf-8", "surrogatepass")
    except (AttributeError, TypeError, ValueError):
        return draw(bytes_changed(whole))


@st.composite
def array_changed(draw: st.DrawFn, whole: bytes) -> bytes:
    """A .npy file: text in an array of bytes, or another array in its place."""
    array = np.load(io.BytesIO(whole), allow_pickle=False)
    if array.dtype == np.uint8 and array.ndim == 1 and bytes(array[:1]) == b"{":
        array = np.frombuffer(draw(json_changed(array.tobytes())), np.uint8)
    elif array.dtype.kind == "U" and str(array).startswith("{"):
        array = np.array(draw(json_changed(str(array).encode())).decode())
    else:
        kind = draw(st.sampled_from(["u1", "i8", "f4", "f8", "U3", "?", "c8"]))
        shape = draw(st.lists(st.integers(0, 5), max_size=3))
        array = draw(
            st.sampled_from(
                [np.zeros(shape, kind), array[..., None], array.T, array.astype(kind)]
                if array.dtype.kind != "U"
                else [np.zeros(shape, kind)]
            )
        )
        if array.dtype.kind == "f" and array.size:
            array = array.copy()
            array.flat[0] = draw(st.sampled_from([np.nan, np.inf, -1.0, 1e30]))
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


@st.composite
def zip_changed(draw: st.DrawFn, whole: bytes) -> bytes:
    """An archive that is in order as such, with something else in one of its members."""
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        members = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    name = draw(st.sampled_from(sorted(members)))
    match draw(st.sampled_from(["change", "change", "change", "drop", "rename"])):
        case "drop":
            del members[name]
        case "rename":
            members[draw(st.text("ab/.", max_size=6)) or "x"] = members.pop(name)
        case _:
            members[name] = draw(member_changed(name, members[name]))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", draw(st.sampled_from([0, 8]))) as archive:
        for each, content in members.items():
            archive.writestr(each, content)
    return file.getvalue()


@st.composite
def member_changed(draw: st.DrawFn, name: str, content: bytes) -> bytes:
    """What a member of an archive holds, changed as its ending asks for."""
    changes = {".json": json_changed, ".npy": array_changed, ".npz": zip_changed}
    change = changes.get(Path(name).suffix)
    if change is None or draw(st.integers(0, 3)) == 0:
        return draw(bytes_changed(content)) if content else draw(st.binary(max_size=9))
    return draw(change(content))


@st.composite
def png_changed(draw: st.DrawFn, whole: bytes) -> bytes:
    """A PNG whose checksums are right, with other bytes in one of its chunks."""
    chunks, at = [], PNG_SIGNATURE
    while at < len(whole):
        (length,) = struct.unpack(">I", whole[at : at + 4])
        chunks.append((whole[at + 4 : at + 8], whole[at + 8 : at + 8 + length]))
        at += 12 + length
    place = draw(st.integers(0, len(chunks) - 1))
    kind, body = chunks[place]
    if body:
        chunks[place] = kind, draw(bytes_changed(body))
    if draw(st.integers(0, 4)) == 0:
        chunks.insert(place, (draw(st.sampled_from([b"PLTE", b"tRNS", b"IDAT", b"eXIf"])), body))
    return whole[:PNG_SIGNATURE] + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


@st.composite
def database_changed(draw: st.DrawFn, whole: bytes) -> bytes:
    """A database that is in order as such, with other values in a column of a table."""
    database = sqlite3.connect(":memory:")
    database.deserialize(whole)
    tables = [
        row[0]
        for row in database.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        )
    ]
    table = draw(st.sampled_from(sorted(tables)))
    columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
    column = draw(st.sampled_from(columns))
    old = draw(
        st.sampled_from(
            [row[0] for row in database.execute(f"SELECT {column} FROM {table}")]  # noqa: S608
            or [None]
        )
    )
    new = draw(cell_changed(old))
    try:
        database.execute(
            f"UPDATE OR IGNORE {table} SET {column} = ? WHERE {column} IS ?",  # noqa: S608
            (new, old),
        )
    except (sqlite3.Error, OverflowError, UnicodeEncodeError):
        database.execute(f"DELETE FROM {table}")  # noqa: S608
    database.commit()
    changed = database.serialize()
    database.close()
    return changed


@st.composite
def cell_changed(draw: st.DrawFn, old: object) -> Any:  # noqa: ANN401  # what SQLite holds
    """Another value for a cell."""
    if isinstance(old, str) and old[:1] in ("{", "[") and draw(st.booleans()):
        return draw(json_changed(old.encode())).decode()
    if isinstance(old, bytes) and old and draw(st.booleans()):
        return draw(bytes_changed(old))
    new = draw(STRANGE)
    return new if isinstance(new, (str, int, float, type(None))) else json.dumps(new)
