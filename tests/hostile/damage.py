"""Files that were whole once: cut off, with bits turned over, or full of something else."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Iterator

BITS_TURNED = (1, 8, 200)


def truncations(content: bytes, dice: random.Random, count: int) -> Iterator[bytes]:
    """Cut the end off: all of it, almost none, and in between."""
    yield b""
    yield content[:-1]
    for _ in range(count - 2):
        yield content[: dice.randrange(1, len(content))]


def flips(content: bytes, dice: random.Random, count: int) -> Iterator[bytes]:
    """Turn bits over, half of the time near the beginning, where the headers are."""
    for turn in range(count):
        damaged = bytearray(content)
        reach = min(len(content), 512) if turn % 2 == 0 else len(content)
        for _ in range(BITS_TURNED[turn % len(BITS_TURNED)]):
            damaged[dice.randrange(reach)] ^= 1 << dice.randrange(8)
        yield bytes(damaged)


def png_bomb(width: int, height: int) -> bytes:
    """Return a PNG of a few megabytes at most that unfolds to width x height black pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    press = zlib.compressobj(9)
    row = bytes(1 + width)
    body = b"".join(press.compress(row) for _ in range(height)) + press.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    )


def tiff_of(
    width: int, height: int, *, next_directory: int = 0, rows_per_strip: int | None = None
) -> bytes:
    """Return a TIFF whose header claims width x height grey pixels and that holds four bytes."""
    strip = height if rows_per_strip is None else rows_per_strip
    entries = [
        (256, 4, width),
        (257, 4, height),
        (258, 3, 8),
        (259, 3, 1),
        (262, 3, 1),
        (273, 4, 200),
        (277, 3, 1),
        (278, 4, strip),
        (279, 4, 4),
    ]
    body = struct.pack("<H", len(entries))
    for tag, kind, value in entries:
        body += struct.pack("<HHII", tag, kind, 1, value)
    return (b"II*\0" + struct.pack("<I", 8) + body + struct.pack("<I", next_directory)).ljust(
        200, b"\0"
    ) + b"\1\2\3\4"
