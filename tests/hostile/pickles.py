"""Pickles that would leave a mark if anything executed them, under every name a checkpoint has."""

from __future__ import annotations

import io
import pickle
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch

ENDINGS = (".pt", ".pth", ".ckpt", ".bin", ".safetensors", ".ts", ".pt2", ".onnx")
PROTOCOLS = (0, 2, 4)


class Payload:
    """Calls a function when it is unpickled."""

    def __init__(self, function: Callable[..., object], *arguments: object) -> None:
        self._call = (function, arguments)

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self._call


def payloads(mark: Path) -> tuple[Payload, ...]:
    """Return objects that write the file `mark` in five ways when they are unpickled."""
    code = f"open({str(mark)!r}, 'w').close()"
    return (
        Payload(exec, code),
        Payload(eval, f"__import__('pathlib').Path({str(mark)!r}).touch()"),
        Payload(open, str(mark), "w"),
        Payload(subprocess.call, ["touch", str(mark)]),
        Payload(shutil.copy, __file__, str(mark)),
    )


def wrappings(payload: Payload) -> Iterator[bytes]:
    """Wrap a payload as programs save things: plainly, and as torch does and did."""
    for protocol in PROTOCOLS:
        yield pickle.dumps({"state_dict": payload}, protocol)
    for is_zip in (True, False):
        buffer = io.BytesIO()
        content = {"weight": torch.zeros(2), "hyper_parameters": payload}
        torch.save(content, buffer, _use_new_zipfile_serialization=is_zip)
        yield buffer.getvalue()


def hidden_in_archive(archive: bytes, payload: Payload, member: str) -> bytes:
    """Return a zip archive in which a pickled payload took the place of a member."""
    evil = pickle.dumps(payload, 2)
    return rewritten(archive, lambda name, content: evil if name.endswith(member) else content)


def rewritten(archive: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """Return a zip archive with other contents, of which at least one must differ."""
    source, target = zipfile.ZipFile(io.BytesIO(archive)), io.BytesIO()
    differs = False
    with zipfile.ZipFile(target, "w") as changed:
        for entry in source.infolist():
            before = source.read(entry)
            after = change(entry.filename, before)
            differs = differs or after != before
            changed.writestr(entry, after)
    if not differs:
        raise AssertionError("nothing in the archive was changed, so it is not hostile")
    return target.getvalue()


class WritesWhenRun(torch.nn.Module):
    """TorchScript that writes a file when it runs."""

    __constants__ = ("mark",)

    def __init__(self, mark: str) -> None:
        super().__init__()
        self.mark = mark

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        torch.save(x, self.mark)
        return x


class WritesWhenLoaded(torch.nn.Module):
    """TorchScript that writes a file when it is loaded."""

    __constants__ = ("mark",)

    def __init__(self, mark: str) -> None:
        super().__init__()
        self.mark = mark

    @torch.jit.export
    def __getstate__(self) -> tuple[int, bool]:
        return (1, self.training)

    @torch.jit.export
    def __setstate__(self, state: tuple[int, bool]) -> None:
        self.training = state[1]
        torch.save(torch.zeros(1), self.mark)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x


def script_bytes(module: torch.nn.Module) -> bytes:
    """Return a module as a TorchScript file."""
    buffer = io.BytesIO()
    scripted: Any = torch.jit.script(module)
    torch.jit.save(scripted, buffer)
    return buffer.getvalue()
