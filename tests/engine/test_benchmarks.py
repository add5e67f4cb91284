"""The yardstick computes what the engine computes, and tables are printed and kept alike."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.case import peak, times
from benchmarks.growth import slope
from benchmarks.naive import naive_masks
from benchmarks.speed import PAPER_SIZE, Case, paper_case
from benchmarks.table import Column, Table
from gridsal_core import Request, Settings, explain
from tests.engine.networks import Convolutions, box, random_image, wrap

SIZE = (24, 32)
SETTINGS = Settings(mask_size=(4, 6), lam=0.02, steps=12, learning_rate=0.5, init=0.5)


@pytest.fixture
def case() -> Case:
    module = Convolutions(2, seed=2).eval()
    inputs = {"mean": [0.4, 0.5, 0.6], "std": [0.2, 0.3, 0.25], "divisor": 16}
    request = Request(random_image(*SIZE), box(SIZE, 6, 8, 16, 18), class_index=1)
    network = wrap(Convolutions(2, seed=2), inputs=inputs)
    return Case("small", module, network, request, SETTINGS, is_trained=True)


def test_the_naive_loop_ends_at_the_mask_of_the_engine(case: Case) -> None:
    *_, last = naive_masks(case.module, case.network, case.request, SETTINGS)
    found = explain(case.network, case.request, SETTINGS)
    assert 0 < float(last.mean()) < 1
    np.testing.assert_allclose(found.mask, last.numpy(), atol=1e-4)


def test_a_run_is_timed_against_it_and_the_masks_are_compared(case: Case) -> None:
    found = times(case, SETTINGS.steps)
    assert (found["network"], found["image"]) == ("small", "32x24")
    assert found["difference"] == pytest.approx(0, abs=1e-4)
    for name in ("naive", "ours", "floor", "run"):
        value = found[name]
        assert isinstance(value, float)
        assert value > 0


@pytest.mark.parametrize("is_naive", [True, False])
def test_the_memory_that_a_run_takes_is_measured(case: Case, is_naive: bool) -> None:
    longer = replace(case, settings=replace(SETTINGS, steps=3))
    assert peak(longer, is_naive=is_naive) >= 0


def test_the_papers_network_is_built_at_its_size() -> None:
    found = paper_case(0.08, 30)
    assert found.request.region.shape == PAPER_SIZE
    assert found.request.region.mean() == pytest.approx(0.08, abs=0.005)
    assert found.settings.mask_size == (16, 32)
    weights, own = found.module.state_dict(), found.network.module.state_dict()
    assert list(weights) == list(own)
    assert all((weights[name] == own[name]).all() for name in weights)


def test_a_slope_is_the_exponent_of_a_power() -> None:
    assert slope([1, 2, 4], [3, 6, 12]) == pytest.approx(1)
    assert slope([10, 100, 1000], [5, 5, 5]) == pytest.approx(0, abs=1e-9)


def test_a_table_is_printed_row_by_row_and_kept_for_json(
    capsys: pytest.CaptureFixture[str],
) -> None:
    columns = (Column("network", width=8), Column("ms", ".1f", 6), Column("diff", ".1e", 8))
    kept = Table("speed", "A step", columns, [("demo", 12.34, None), ("street", 5.0, 2e-5)])
    found = json.loads(json.dumps(kept.shown()))
    assert capsys.readouterr().out.splitlines()[1:] == [
        "A step",
        "network      ms     diff",
        "demo       12.3        -",
        "street      5.0  2.0e-05",
    ]
    assert found["rows"][1] == {"network": "street", "ms": 5.0, "diff": 2e-5}
