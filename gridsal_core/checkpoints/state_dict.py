"""Bare weights: read from any file they are saved in, unwrapped, and put into a module."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gridsal_core.checkpoints.archives import damaged, first_bytes
from gridsal_core.checkpoints.files import one_line
from gridsal_core.checkpoints.torch_files import check_torch_file
from gridsal_core.errors import CheckpointError

if TYPE_CHECKING:
    from torch import Tensor, nn

# Where training scripts keep the weights among other things, the likeliest first.
WRAPPERS = (
    "state_dict",
    "model_state_dict",
    "model_state",
    "model",
    "net",
    "network",
    "weights",
    "params",
    "state",
    "module",
    "ema",
    "ema_state_dict",
    "state_dict_ema",
    "model_ema",
)
# What wrappers of a network put before its names: DataParallel, Lightning, torch.compile, EMA.
PREFIXES = ("module.", "model.", "net.", "network.", "_orig_mod.", "ema_model.")
# What is kept beside a network in the same module, by its first word.
_BESIDE = re.compile(
    r"(.*loss.*|criterion.*|.*metrics?|.*(iou|dice|accuracy|f1|jaccard|confusion).*"
    r"|(train|val|valid|test)_.*|ema.*|.*teacher.*|.*discriminator.*|n_averaged|weights?"
    r"|class_weights?|mean|std|normalize.*|epoch|step)$",
    re.IGNORECASE,
)
MOST_NAMED = 10


def read_state_dict(path: Path) -> dict[str, Tensor]:
    """Read the weights of a file: tensors by name, without what training wrapped around them.

    Parameters
    ----------
    path
        What `torch.save` wrote, in any of its forms but the one before 2018, or safetensors.

    Raises
    ------
    CheckpointError
        If the file is damaged, holds objects whose making would run code, or holds no weights.
    """
    beginning = first_bytes(path)
    if path.suffix.lower() == ".safetensors" or beginning[8:10] == b'{"':
        content = _read_safetensors(path)
    else:
        check_torch_file(path)
        content = _read_torch(path)
    state = _plain_tensors(path, _unwrapped(content))
    if not state:
        raise CheckpointError(
            f"{path} holds no weights; save them with torch.save(model.state_dict(), ...)."
        )
    return strip_prefixes(state)


def strip_prefixes(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Take away the prefixes that all names share, and what lies beside the network.

    Where only a part of the names has a known prefix, the others are dropped if they are what
    Lightning modules keep beside a network: losses, metrics, averages.
    """
    stripped = dict(state)
    while (prefix := _common_prefix(stripped)) is not None:
        stripped = {
            name.removeprefix(prefix): tensor
            for name, tensor in stripped.items()
            if name.startswith(prefix)
        }
    return stripped


def load_state(module: nn.Module, state: Mapping[str, Tensor], described_by: str) -> None:
    """Put weights into a module, all of them or none.

    Parameters
    ----------
    module
        Not on the meta device.
    state
        Tensors by name; prefixes that one side has and the other has not are no difference.
    described_by
        What said how the module is built, to be named if that does not fit.

    Raises
    ------
    CheckpointError
        If names or shapes differ: how many, and the first ten of them.
    """
    expected = module.state_dict()
    named = fitted_names(expected, state)
    problems = differences(expected, named)
    if problems:
        counts = _counted(problems)
        first = "; ".join(problems[:MOST_NAMED])
        raise CheckpointError(
            f"The weights do not fit the network that {described_by} describes: {counts} "
            f"(first: {first}); correct {described_by} or take the weights that belong to it."
        )
    try:
        module.load_state_dict(named)
    except RuntimeError as error:
        raise CheckpointError(
            f"The weights do not fit the network that {described_by} describes "
            f"({one_line(error)}); correct {described_by}."
        ) from error


def differences(expected: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> tuple[str, ...]:
    """List what does not match, missing names first, then unexpected ones, then shapes."""
    missing = [
        f"missing {name}"
        for name in expected
        # torch counts from 0 where an old version did not save this.
        if name not in state and not name.endswith("num_batches_tracked")
    ]
    unexpected = [f"unexpected {name}" for name in state if name not in expected]
    shapes = [
        f"shape {name} is {tuple(state[name].shape)}, not {tuple(tensor.shape)}"
        for name, tensor in expected.items()
        if name in state and state[name].shape != tensor.shape
    ]
    return (*missing, *unexpected, *shapes)


def fitted_names(expected: Iterable[str], state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename weights to a module's names where only a prefix differs on either side."""
    wanted = list(expected)
    named = dict(state)
    if not wanted or set(wanted) == set(named):
        return named
    anchors = (wanted[0], *(wanted[0].removeprefix(prefix) for prefix in PREFIXES))
    best, most = named, len(set(wanted) & set(named))
    for anchor in dict.fromkeys(anchors):
        ours = wanted[0][: len(wanted[0]) - len(anchor)]
        theirs = [name[: len(name) - len(anchor)] for name in named if _ends(name, anchor)]
        for prefix in theirs:
            moved = {
                ours + name[len(prefix) :]: tensor
                for name, tensor in named.items()
                if name.startswith(prefix)
            }
            matched = len(set(wanted) & set(moved))
            if matched > most:
                best, most = moved, matched
    return best


def _ends(name: str, anchor: str) -> bool:
    return name == anchor or name.endswith(f".{anchor}")


def _counted(problems: tuple[str, ...]) -> str:
    kinds = [problem.partition(" ")[0] for problem in problems]
    told = {"missing": "missing", "unexpected": "unexpected", "shape": "of another shape"}
    return ", ".join(
        f"{kinds.count(kind)} {words}" for kind, words in told.items() if kind in kinds
    )


def _common_prefix(state: Mapping[str, Tensor]) -> str | None:
    for prefix in PREFIXES:
        inside = [name for name in state if name.startswith(prefix) and name != prefix]
        beside = [name for name in state if not name.startswith(prefix)]
        if (
            inside
            and len(inside) + len(beside) == len(state)
            and len(inside) > len(beside)
            and all(_BESIDE.match(name.partition(".")[0]) for name in beside)
        ):
            return prefix
    return None


def _unwrapped(content: object) -> Mapping[Any, Any]:
    """Find the mapping that holds the tensors."""
    from torch import Tensor

    def tensors(value: object) -> int:
        if not isinstance(value, Mapping):
            return 0
        return sum(isinstance(entry, Tensor) for entry in value.values())

    found: Mapping[Any, Any] = content if isinstance(content, Mapping) else {}
    # Some wrap twice; deeper than that is something else.
    for _ in range(4):
        inner: list[Mapping[Any, Any]] = [
            found[key] for key in WRAPPERS if isinstance(found.get(key), Mapping)
        ]
        best = next((value for value in inner if tensors(value)), None)
        if best is not None and tensors(best) >= tensors(found):
            return best
        if tensors(found) or not inner:
            return found
        found = inner[0]
    return found


def _plain_tensors(path: Path, content: Mapping[Any, Any]) -> dict[str, Tensor]:
    import torch

    state = {
        name: tensor.detach()
        for name, tensor in content.items()
        if isinstance(name, str) and isinstance(tensor, torch.Tensor)
    }
    for name, tensor in state.items():
        if tensor.layout is not torch.strided or tensor.is_quantized or tensor.is_meta:
            raise CheckpointError(
                f"{path} holds quantised or sparse weights ({name}), which have no gradient; "
                "save the network before it is quantised."
            )
    return state


def _read_torch(path: Path) -> object:
    import torch

    return _read(path, lambda: torch.load(path, map_location="cpu", weights_only=True))


def _read_safetensors(path: Path) -> object:
    from safetensors.torch import load_file

    if not first_bytes(path, 1):
        raise CheckpointError(f"{path} is empty; copy or save it again.")
    return _read(path, lambda: load_file(path))


def _read(path: Path, read: Callable[[], object]) -> object:
    """Call a library's reader; whatever it raises for a spoilt file becomes one sentence."""
    try:
        with warnings.catch_warnings():
            # What torch thinks of an odd version number helps nobody.
            warnings.simplefilter("ignore")
            return read()
    except MemoryError as error:
        raise CheckpointError(
            f"{path} does not fit into the memory; close other programs or take a smaller network."
        ) from error
    # Assertions, missing keys, its own errors: a file can make it stumble anywhere.
    except Exception as error:
        raise damaged(path, error) from error
