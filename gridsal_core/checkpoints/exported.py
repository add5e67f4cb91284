"""Programs that `torch.export.save` wrote (`.pt2`)."""

from __future__ import annotations

from pathlib import Path

from gridsal_core.checkpoints.archives import damaged
from gridsal_core.checkpoints.exported_archive import is_program, read_contents
from gridsal_core.checkpoints.files import file_sha256
from gridsal_core.checkpoints.sizes import completed
from gridsal_core.checkpoints.source import Opened, Source, without_card

ENDING = ".pt2"


def matches(source: Source) -> bool:
    """Whether the source is meant as such a program, damaged or not."""
    path = source.path
    return path is not None and path.is_file() and (path.suffix == ENDING or is_program(path))


def load(source: Source) -> Opened:
    """Open the program.

    Raises
    ------
    CheckpointError
        If it is damaged, calls what it may not, or does not fit its card.
    """
    from gridsal_core.checkpoints.exported_graph import parse_program
    from gridsal_core.checkpoints.exported_module import ProgramModule
    from gridsal_core.checkpoints.traced import TracedNetwork

    path = source.path or Path()
    contents = read_contents(path)
    try:
        program = parse_program(contents.program)
        module = ProgramModule(program, contents.tensors)
    # Whatever a graph raises that is not one; what it may not do was told already.
    except (LookupError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise damaged(path, f"{type(error).__name__}: {error}") from error
    network = TracedNetwork(module, program.shape, dtype=program.dtype)
    card = completed(source.card, program.shape, source.card_path)
    return Opened(
        network,
        card,
        path,
        sha256=file_sha256(path),
        notes=(*without_card(source.card), *program.notes, *program.shape.notes()),
        trial_size=program.shape.trial_size(),
    )
