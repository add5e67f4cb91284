"""A network whose answers are no numbers: it is said, and nothing is made of them."""

from __future__ import annotations

import pytest
from torch import Tensor

from gridsal_core import Settings, explain
from gridsal_core.errors import CheckpointError
from gridsal_core.methods import Method
from tests.engine.networks import FarColumns, far_request, wrap


class NoNumbers(FarColumns):
    """Answers with NaN once any of the image is perturbed."""

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = super().forward(x)
        return out * (float("nan") if x.min() < 0.45 else 1.0)


@pytest.mark.parametrize("method", ["context", "grid"])
def test_it_is_told_at_the_step_where_it_happens(method: Method) -> None:
    request = far_request()
    request.image[:, 12:] = 0.5
    settings = Settings(method=method, mask_size=(3, 6), steps=4, init=0.5)
    with pytest.raises(CheckpointError, match=r"At step 1 .* no numbers \(NaN\)"):
        explain(wrap(NoNumbers(12)), request, settings)
