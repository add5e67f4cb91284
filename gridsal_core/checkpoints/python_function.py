"""Networks that a Python function builds: its code runs, so only after somebody said yes."""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from gridsal_core.checkpoints.card import BuildCard, ModelCard, find_card, read_card
from gridsal_core.checkpoints.files import file_sha256, one_line
from gridsal_core.checkpoints.source import Opened, Source, without_card
from gridsal_core.checkpoints.state_dict import load_state, read_state_dict
from gridsal_core.errors import CheckpointError, TrustNeededError

if TYPE_CHECKING:
    from torch import nn

_DOTTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
# What the user's files imported, to be read anew the next time: they may have been changed.
_imported: list[str] = []


@dataclass(frozen=True)
class Function:
    """Where a function is: in a file, or in a module that can be imported."""

    name: str
    file: Path | None = None
    module: str = ""

    def __str__(self) -> str:
        return f"{self.file or self.module}:{self.name}"


def matches(source: Source) -> bool:
    """Whether it is `file.py:function` or `package.module:function`, or a file without function."""
    if source.path is not None:
        return source.path.is_file() and source.path.suffix == ".py"
    place, colon, name = source.text.rpartition(":")
    if not colon:
        return False
    return place.endswith(".py") or bool(name.isidentifier() and _DOTTED.fullmatch(place))


def load(source: Source) -> Opened:
    """Call the function, and put the weights into what it builds.

    Raises
    ------
    TrustNeededError
        If `trust_code` is not set; nothing was imported.
    CheckpointError
        If there is no such function, it fails, or the weights do not fit.
    """
    function = find_function(source.text, Path())
    card = source.card
    if card is None and source.weights and (beside := find_card(source.weights)):
        card = read_card(beside)
    arguments = {} if card is None or card.build is None else card.build.arguments
    return _opened(source, function, arguments, card, source.weights)


def load_with_weights(source: Source, card: ModelCard, build: BuildCard, weights: Path) -> Opened:
    """Open weights whose card names a function; a relative file is beside the card.

    Raises
    ------
    TrustNeededError
        If `trust_code` is not set; nothing was imported.
    CheckpointError
        If there is no such function, it fails, or the weights do not fit.
    """
    folder = (source.card_path or weights).parent
    function = find_function(build.architecture, folder)
    return _opened(source, function, build.arguments, card, weights)


def find_function(text: str, folder: Path) -> Function:
    """Read `file.py:function` or `package.module:function` without importing anything.

    Parameters
    ----------
    text
        A colon in the path itself, as after a drive, is no end of it.
    folder
        Where relative files are.

    Raises
    ------
    CheckpointError
        If it names no function, or nothing is there.
    """
    place, _, name = text.rpartition(":")
    if not text:
        raise CheckpointError(
            "The model card names no Python function; write architecture under [build], as in "
            "file.py:build."
        )
    if text.endswith(".py") or not name.isidentifier():
        raise CheckpointError(
            f"{text} does not say which function builds the network; add it, as in "
            f"{Path(text.rstrip(':')).name}:build."
        )
    if place.endswith(".py"):
        file = (folder / Path(place).expanduser()).resolve()
        if not file.is_file():
            raise CheckpointError(f"There is no file {file}; check the path before :{name}.")
        return Function(name, file=file)
    if not _DOTTED.fullmatch(place):
        raise CheckpointError(
            f"{text} names no Python function; write file.py:function or package.module:function."
        )
    top = place.partition(".")[0]
    # For the topmost name this only looks whether it is there; below it, it would import.
    if not _is_here(top) and top not in sys.modules and importlib.util.find_spec(top) is None:
        raise CheckpointError(
            f"There is no Python package {top}; install it, or give the file, as in "
            f"{top}.py:{name}."
        )
    return Function(name, module=place)


def _opened(
    source: Source,
    function: Function,
    arguments: Mapping[str, Any],
    card: ModelCard | None,
    weights: Path | None,
) -> Opened:
    if not source.trust_code:
        raise TrustNeededError(
            f"To open this network, the Python code of {function.file or function.module} has to "
            "run with all your rights on this computer; if you trust it, say yes in the window, or "
            "add --trust-code on the command line.",
            str(function),
        )
    # Before the code runs: a damaged file is told without it.
    state = None if weights is None else read_state_dict(weights)
    module = _call(function, arguments)
    notes: tuple[str, ...] = ()
    if state is None:
        notes = (f"No weights were given: those that {function.name} itself sets are used.",)
    else:
        load_state(module, state, str(function))
    notes += without_card(card)
    hashed = weights or function.file
    return Opened(
        module.cpu().eval(),
        card or ModelCard(name=function.name if weights is None else weights.stem),
        weights or Path(str(function)),
        sha256="" if hashed is None else file_sha256(hashed),
        notes=notes,
    )


def _call(function: Function, arguments: Mapping[str, Any]) -> nn.Module:
    """Import and call it; whatever its code raises becomes one sentence."""
    from torch import nn

    folder = Path.cwd() if function.file is None else function.file.parent
    try:
        with _importable(folder):
            found = getattr(_import(function), function.name, None)
            built = found(**arguments) if callable(found) else None
    # SystemExit: a script that was meant to be run ends with it.
    except (Exception, SystemExit) as error:
        raise CheckpointError(
            f"{function} failed with {type(error).__name__} ({one_line(error) or 'no message'})"
            f"{_line_of(error, function)}; correct it there."
        ) from error
    if not callable(found):
        raise CheckpointError(
            f"There is no function {function.name} in {function.file or function.module}; check "
            "its name."
        )
    if not isinstance(built, nn.Module):
        raise CheckpointError(
            f"{function} returned {type(built).__name__} and not a torch.nn.Module; return the "
            "network."
        )
    return built


def _import(function: Function) -> ModuleType:
    if function.file is None:
        return importlib.import_module(function.module)
    # A name of its own: a file called like a library must not take its place.
    name = f"gridsal_opened_{function.file.stem}"
    spec = importlib.util.spec_from_file_location(name, function.file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{function.file} is no Python file")
    module = importlib.util.module_from_spec(spec)
    # Dataclasses and pickles look their module up there.
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    """Let the code import its neighbours, as they are now."""
    while _imported:
        sys.modules.pop(_imported.pop(), None)
    importlib.invalidate_caches()
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        _imported.extend(
            name for name in set(sys.modules) - before if _is_neighbour(sys.modules[name], folder)
        )


def _is_neighbour(module: ModuleType, folder: Path) -> bool:
    file = getattr(module, "__file__", None)
    if not isinstance(file, str):
        return False
    path = Path(file)
    return path.is_relative_to(folder) and "site-packages" not in path.parts


def _is_here(name: str) -> bool:
    return (Path.cwd() / name).is_dir() or (Path.cwd() / f"{name}.py").is_file()


def _line_of(error: BaseException, function: Function) -> str:
    """Name the last line of the user's own code that was running."""
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        return f" in line {error.lineno} of {Path(error.filename).name}"
    frames = traceback.extract_tb(error.__traceback__)
    folder = None if function.file is None else function.file.parent
    own = [
        frame
        for frame in frames
        if not frame.filename.startswith("<")
        and (folder is None or Path(frame.filename).is_relative_to(folder))
        and Path(frame.filename) != Path(__file__)
        and "site-packages" not in frame.filename
        and "importlib" not in frame.filename
    ]
    return f" in line {own[-1].lineno} of {Path(own[-1].filename).name}" if own else ""
