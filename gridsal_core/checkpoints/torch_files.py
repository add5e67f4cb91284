"""Files of `torch.save`, told apart and looked over before torch reads them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from gridsal_core.checkpoints.archives import (
    ZIP_START,
    check_archive,
    damaged,
    first_bytes,
    read_member,
)
from gridsal_core.checkpoints.pickle_scan import Scan, scan_pickle
from gridsal_core.errors import CheckpointError

# What torch.save wrote before it wrote zip archives (torch 1.6) begins with this pickled number.
OLD_START = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
PICKLE_STARTS = tuple(b"\x80" + bytes([protocol]) for protocol in range(2, 6))
LFS_START = b"version https://"
# The description of the largest networks takes some hundreds of kilobytes.
LARGEST_PICKLE = 32 * 2**20
_ITEM_BYTES = {
    "DoubleStorage": 8,
    "LongStorage": 8,
    "ComplexFloatStorage": 8,
    "ComplexDoubleStorage": 16,
    "FloatStorage": 4,
    "IntStorage": 4,
    "HalfStorage": 2,
    "BFloat16Storage": 2,
    "ShortStorage": 2,
}


def check_torch_file(path: Path) -> None:
    """Refuse what is not a harmless, whole file of `torch.save`.

    Raises
    ------
    CheckpointError
        If it holds objects of classes, claims more than it holds, or is damaged.
    """
    beginning = first_bytes(path, 512)
    if not beginning:
        raise CheckpointError(f"{path} is empty or cannot be read; copy or save it again.")
    if beginning.startswith(ZIP_START):
        _check_zip(path)
    elif beginning.startswith(OLD_START):
        _check_old(path)
    elif beginning[257:262] == b"ustar":
        raise CheckpointError(
            f"{path} was written by a torch older than 0.4, which this one does not read safely; "
            "load it there and save it again with torch.save(model.state_dict(), ...)."
        )
    elif beginning.startswith(LFS_START):
        raise CheckpointError(
            f"{path} is only a pointer of Git LFS; fetch the file itself with git lfs pull."
        )
    else:
        _refuse_other(path, beginning)


def refusal(path: Path, what: str) -> CheckpointError:
    """Return the error for a file whose opening would run code that came with it."""
    return CheckpointError(
        f"{path} holds pickled Python objects ({what}), which GridSal never unpickles because that "
        "can run any code; where you trust the file, load it with the program that wrote it and "
        f"save {CONVERSION}, or TorchScript or safetensors."
    )


CONVERSION = (
    'only the weights with torch.save(network.state_dict(), "weights.pth"), or of a checkpoint of '
    "training the entry that holds them"
)


def _check_zip(path: Path) -> None:
    members = {member.filename: member for member in check_archive(path)}
    pickles = [name for name in members if name.count("/") == 1 and name.endswith("/data.pkl")]
    if len(pickles) != 1:
        raise CheckpointError(
            f"{path} is a zip archive, but not one of torch.save; save the weights with "
            "torch.save(model.state_dict(), ...)."
        )
    if members[pickles[0]].file_size > LARGEST_PICKLE:
        raise refusal(path, "too many to be weights")
    scan = _scanned(path, read_member(path, pickles[0]))
    root = pickles[0].partition("/")[0]
    check_storages(path, scan, members, f"{root}/data")


def check_storages(
    path: Path, scan: Scan, members: Mapping[str, zipfile.ZipInfo], folder: str
) -> None:
    """Compare what a pickle claims of its storages with the members that hold them.

    Raises
    ------
    CheckpointError
        If there is less.
    """
    for key, storage in scan.storages.items():
        member = members.get(f"{folder}/{key}")
        claimed = storage.numel * _ITEM_BYTES.get(storage.kind, 1)
        if member is None or member.file_size < claimed:
            there = 0 if member is None else member.file_size
            raise damaged(path, f"{there:,} of {claimed:,} bytes of a tensor are there")


def _scanned(path: Path, data: bytes) -> Scan:
    try:
        scan = scan_pickle(data)
    except ValueError as error:
        raise damaged(path, error) from error
    _judge(path, scan)
    return scan


def _judge(path: Path, scan: Scan) -> None:
    if scan.foreign is not None:
        raise refusal(path, f"first of all {str(scan.foreign)[:120]}")
    if scan.wrong:
        raise damaged(path, scan.wrong)


def _check_old(path: Path) -> None:
    """Look over the form of before torch 1.6: five pickles, then each storage with its length."""
    file = io.BytesIO(first_bytes(path, LARGEST_PICKLE))
    try:
        # Magic number, protocol, properties of the computer; then the object itself.
        for _ in range(3):
            _judge(path, scan_pickle(file))
        scan = scan_pickle(file)
        _judge(path, scan)
        _judge(path, scan_pickle(file))
    except ValueError as error:
        raise damaged(path, error) from error
    left = path.stat().st_size - file.tell()
    claimed = sum(
        8 + storage.numel * _ITEM_BYTES.get(storage.kind, 1) for storage in scan.storages.values()
    )
    if claimed > left:
        raise damaged(path, f"{left:,} of {claimed:,} bytes of its tensors are there")


def _refuse_other(path: Path, beginning: bytes) -> None:
    if beginning.startswith(PICKLE_STARTS):
        try:
            scan = scan_pickle(first_bytes(path, LARGEST_PICKLE))
        except ValueError as error:
            raise damaged(path, error) from error
        first = scan.globals_[0] if scan.globals_ else "a plain pickle"
        raise refusal(path, f"first of all {str(first)[:120]}")
    raise CheckpointError(
        f"{path} is damaged or was not written by torch.save; copy it again, or save the weights "
        "with torch.save(model.state_dict(), ...)."
    )
