"""TorchScript archives: their code is read before torch runs any of it."""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from gridsal_core.checkpoints.archives import check_archive, damaged, member_names, read_member
from gridsal_core.checkpoints.card import ModelCard
from gridsal_core.checkpoints.files import file_sha256
from gridsal_core.checkpoints.pickle_scan import scan_pickle
from gridsal_core.checkpoints.source import Opened, Source, without_card
from gridsal_core.checkpoints.torch_files import LARGEST_PICKLE, check_storages
from gridsal_core.errors import CheckpointError, TrustNeededError

if TYPE_CHECKING:
    from torch import nn

ENDINGS = (".ts", ".torchscript")
# Operators that read or write files, start processes or leave the interpreter. TorchScript finds
# an operator by its bare name, as a function or a method, so the word alone counts.
_REACHING_OUT = re.compile(
    rb"\b(save|from_file|load|_load\w*|fopen|open|rpc_\w+|remote|system|_set_\w*hook\w*"
    rb"|set_num_threads|_test_\w+|_export_\w+|_dump\w*|_record_function\w*)\b"
)
_OPERATORS = re.compile(rb"\bops\s*\.\s*(\w+)")
_SAFE_OPERATORS = {b"aten", b"prim", b"torchvision", b"quantized", b"prepacked", b"mkldnn"}
_CLASSES = re.compile(rb"torch\s*\.\s*classes\s*\.\s*(\w+)")
_SAFE_CLASSES = {b"quantized", b"xnnpack"}
# What torch itself writes never hides a name.
_HIDDEN = re.compile(rb"\b[gh][ea][ts]attr\s*\(\s*((torch|ops)\b|[^,()]*,\s*[\"'][^\"']*\\)")
_LARGEST_CODE = 64 * 2**20
_UNKNOWN_OPERATOR = re.compile(r"Unknown builtin op: ([\w:.]+)|Unknown type name '?([\w.]+)")


def matches(source: Source) -> bool:
    """Whether the source is a TorchScript archive, which its contents tell."""
    path = source.path
    if path is None or not path.is_file():
        return False
    names = member_names(path)
    return path.suffix.lower() in ENDINGS or any(_is_constants(name) for name in names)


def load(source: Source) -> Opened:
    """Open the archive.

    Raises
    ------
    TrustNeededError
        If its code reaches out of the network and `trust_code` is not set; nothing was run.
    CheckpointError
        If it is damaged, needs operators that are not here, or has no gradient.
    """
    from torch import nn

    path = source.path or Path()
    code = _checked_code(path, source.trust_code)
    _check_device(path, code)
    module, notes = _loaded(path, b"mkldnn" in code)
    card = source.card or ModelCard(name=path.stem)
    _check_gradient(path, module, card)
    notes += without_card(source.card)
    # A script does not know all that a module does, as requires_grad_; one around it does.
    return Opened(nn.Sequential(module), card, path, sha256=file_sha256(path), notes=notes)


def _is_constants(name: str) -> bool:
    return name.count("/") == 1 and name.endswith("/constants.pkl")


def _checked_code(path: Path, trust_code: bool) -> bytes:
    """Return the code of an archive in which nothing is to be feared."""
    members = check_archive(path)
    names = {member.filename for member in members}
    if not any(_is_constants(name) for name in names):
        raise CheckpointError(
            f"{path} is not a TorchScript archive; save it with torch.jit.save(script, ...)."
        )
    if any(name.lower().endswith("model.json") for name in names):
        raise CheckpointError(
            f"{path} was written by a torch older than 1.2; save it again with torch.jit.save."
        )
    code = b"\n".join(_code(path, members))
    found = _reaching_out(code)
    if found and not trust_code:
        raise TrustNeededError(
            f"The TorchScript code in {path} uses {found}, which can reach files or programs of "
            "this computer; if you trust it, say yes in the window, or add --trust-code on the "
            "command line.",
            f"{found} in {path}",
        )
    _check_pickles(path, members)
    return code


def _code(path: Path, members: tuple[zipfile.ZipInfo, ...]) -> list[bytes]:
    # torch looks names up without regard to case.
    code = [member for member in members if member.filename.lower().endswith(".py")]
    if sum(member.file_size for member in code) > _LARGEST_CODE:
        raise damaged(path, "too much code for a network")
    return [read_member(path, member.filename) for member in code]


def _reaching_out(code: bytes) -> str:
    """Name the first thing that is not computing; empty if there is nothing."""
    if (word := _REACHING_OUT.search(code)) or (word := _HIDDEN.search(code)):
        return word.group(0).decode("ascii", "replace")
    for pattern, safe, told in (
        (_OPERATORS, _SAFE_OPERATORS, "ops"),
        (_CLASSES, _SAFE_CLASSES, "torch.classes"),
    ):
        for found in pattern.finditer(code):
            if found.group(1) not in safe:
                return f"{told}.{found.group(1).decode('ascii', 'replace')}"
    return ""


def _check_pickles(path: Path, members: tuple[zipfile.ZipInfo, ...]) -> None:
    by_name = {member.filename: member for member in members}
    for name in by_name:
        folder, _, last = name.rpartition("/")
        if last not in ("data.pkl", "constants.pkl") or "/" in folder:
            continue
        if by_name[name].file_size > LARGEST_PICKLE:
            raise damaged(path, f"{last} is too large")
        try:
            scan = scan_pickle(read_member(path, name))
        except ValueError as error:
            raise damaged(path, error) from error
        if scan.wrong:
            raise damaged(path, scan.wrong)
        check_storages(path, scan, by_name, f"{folder}/{last.removesuffix('.pkl')}")


def _check_device(path: Path, code: bytes) -> None:
    import torch

    if b'torch.device("cuda' in code and not torch.cuda.is_available():
        raise CheckpointError(
            f"{path} was traced on a GPU, which is written into its code, and there is none here; "
            "trace it again on the CPU, with torch.jit.trace(model.cpu(), ...)."
        )


def _loaded(path: Path, is_optimized: bool) -> tuple[nn.Module, tuple[str, ...]]:
    import torch

    # torch gives it no types.
    read: Callable[..., nn.Module] = torch.jit.load
    try:
        with warnings.catch_warnings():
            # That torch recommends torch.export by now is no news to whoever has this file.
            warnings.simplefilter("ignore")
            module = read(str(path), map_location="cpu")
    # Its own errors, those of the code it reads, and assertions.
    except Exception as error:
        if is_optimized:
            raise CheckpointError(
                f"{path} was optimized for inference, which torch cannot read back; save the "
                "script before optimize_for_inference."
            ) from error
        unknown = _UNKNOWN_OPERATOR.search(str(error))
        if unknown is None:
            raise damaged(path, error) from error
        raise CheckpointError(
            f"{path} needs {unknown.group(1) or unknown.group(2)}, which torch "
            f"{torch.__version__} does not have; install the package it comes from, or save "
            "the network without it."
        ) from error
    if not hasattr(module, "forward"):
        raise CheckpointError(f"{path} has no forward; save the network itself.")
    types = {weight.dtype for weight in module.parameters() if weight.is_floating_point()}
    notes: tuple[str, ...] = ()
    if types - {torch.float32}:
        kept = ", ".join(sorted(str(kind).removeprefix("torch.") for kind in types))
        notes = (f"The weights are {kept}; the network computes in float32.",)
        module = module.float()
    # A script that was frozen while it was trained has no such switch, and eval says nothing.
    return module.eval(), notes


def _check_gradient(path: Path, module: nn.Module, card: ModelCard) -> None:
    """Refuse a network whose output does not depend on the image as far as gradients know.

    What does not run on this small image is told by the trial run, which knows the sizes.
    """
    import torch

    from gridsal_core.model_output import parts

    height, width = card.input.size or (64, 96)
    image = torch.zeros((1, card.input.channels, height, width), requires_grad=True)
    try:
        output = module(image)
    except (RuntimeError, ValueError, TypeError, LookupError, AssertionError, torch.jit.Error):
        return
    held = [part for _, part in parts(output) if isinstance(part, torch.Tensor)]
    if held and not any(part.is_floating_point() for part in held):
        raise CheckpointError(
            f"{path} gives labels and not scores, which saliency needs; save the network again "
            "without argmax or threshold at its end."
        )
    if not any(part.requires_grad for part in held):
        raise CheckpointError(
            f"{path} computes without gradients, which saliency needs; save it again without "
            "torch.no_grad, and not optimized for inference or quantised."
        )
