"""A module that is lent out in one state, and given back as it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn


class Lending:
    """Holds a module in eval mode with frozen parameters while anyone has it.

    Borrowers may overlap in any order, as two explanations drawn in turn do: the last one that
    leaves gives the module back.
    """

    def __init__(self, module: nn.Module) -> None:
        self._module = module
        self._borrowers = 0

    @contextmanager
    def borrowed(self) -> Iterator[None]:
        """Have the module; its modes and flags come back with the last borrower."""
        module = self._module
        if self._borrowers == 0:
            self._modes = [(part, part.training) for part in module.modules()]
            self._flags = [(weight, weight.requires_grad) for weight in module.parameters()]
            module.eval()
            # One by one: a script module has no requires_grad_ of its own.
            for weight in module.parameters():
                weight.requires_grad_(False)
        self._borrowers += 1
        try:
            yield
        finally:
            self._borrowers -= 1
            if self._borrowers == 0:
                for part, mode in self._modes:
                    part.training = mode
                for weight, flag in self._flags:
                    weight.requires_grad_(flag)
