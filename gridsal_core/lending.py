"""A module that is lent out in one state, and given back as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from torch import Tensor, nn

from gridsal_core.folding import FoldedCopy, folded_copy


class Lending:
    """Holds a module in eval mode with frozen parameters while anyone has it.

    Borrowers may overlap in any order, as two explanations drawn in turn do: the last one that
    leaves gives the module back.
    """

    def __init__(self, module: nn.Module) -> None:
        self._module = module
        self._borrowers = 0
        self._folded: FoldedCopy | None = None
        self._is_foldable = True

    @property
    def fastest(self) -> nn.Module:
        """What computes: of a module that is lent, its folded copy if there is one."""
        folded = self._folded
        # While nobody has it, the module may be in another mode than eval, or be trained.
        if folded is None or self._borrowers == 0 or not folded.is_current:
            return self._module
        return folded.module

    @property
    def is_sped_up(self) -> bool:
        """Whether batch norms are folded, of the weights as they are now."""
        return self._folded is not None and self._folded.is_current

    @property
    def state(self) -> tuple[nn.Module, tuple[int, ...]]:
        """What computes, and how often each of its tensors was written to.

        The answers stay the same as long as this does.
        """
        module = self.fastest
        return module, tuple(each._version for each in (*module.parameters(), *module.buffers()))

    def speed_up(self, probe: Callable[[], Tensor], element: int | str) -> None:
        """Fold the batch norms if that changes no answer; see `folded_copy`. Call it while lent."""
        if self._is_foldable and not self.is_sped_up:
            self._folded = folded_copy(self._module, probe(), element)
            self._is_foldable = self._folded is not None

    def slow_down(self) -> None:
        """Forget the folded copy, of a module that goes elsewhere."""
        self._folded = None

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
