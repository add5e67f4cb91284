"""What a result says in words: two starts, verdicts, and explanations that were stopped."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridsal_core import Explanation, Settings, Snapshot, explain, explain_steps
from gridsal_core.perturbation import ConstantColor
from gridsal_core.reading import read_explanation
from tests.engine.networks import FarColumns, OwnPixel, far_request, wrap

CHOSEN = Settings(
    mask_size=(3, 6), lam=0.02, steps=60, learning_rate=0.5, perturbation=ConstantColor("black")
)
# From half the brightness the network sees nothing, and no gradient leads back.
STEEP = wrap(FarColumns(start=12, gain=60, threshold=0.8))
NEVER = 10_000


def stopped_after(count: int, chosen: Settings) -> tuple[list[Snapshot], Explanation]:
    """Ask STEEP, and stop it after `count` steps."""
    seen: list[Snapshot] = []
    steps = explain_steps(STEEP, far_request(), chosen, stop=lambda: len(seen) >= count)
    while True:
        try:
            seen.append(next(steps))
        except StopIteration as finished:
            return seen, finished.value


def test_auto_keeps_the_start_with_the_lower_objective() -> None:
    half, one, auto = (
        explain(STEEP, far_request(), replace(CHOSEN, init=init)) for init in (0.5, 1.0, "auto")
    )

    assert half.mask.max() == 0
    assert one.residual < 0.1 < half.residual
    assert auto.init == 1.0
    np.testing.assert_allclose(auto.mask, one.mask, atol=1e-5)
    np.testing.assert_allclose(auto.losses, one.losses, atol=1e-5)


def test_auto_keeps_the_papers_start_where_both_end_alike() -> None:
    result = explain(wrap(OwnPixel()), far_request(), replace(CHOSEN, init="auto"))
    assert result.init == 0.5


def test_auto_shows_the_start_that_is_ahead() -> None:
    last = list(explain_steps(STEEP, far_request(), replace(CHOSEN, init="auto")))[-1]
    assert last.mask.max() > 0.5


def test_an_empty_map_that_lost_the_class_is_not_converged() -> None:
    result = explain(STEEP, far_request(), replace(CHOSEN, init=0.5))

    reading = read_explanation(result)

    assert result.mask.max() == 0
    assert reading.verdict == "not converged"
    assert "No context" not in reading.headline + reading.detail
    assert "missing" in reading.detail


def test_an_empty_map_that_kept_the_class_needed_no_context() -> None:
    reading = read_explanation(explain(wrap(OwnPixel()), far_request(), CHOSEN))

    assert reading.verdict == "no context"
    assert reading.headline == "No context was needed."


def test_a_map_that_kept_the_class_needed_context() -> None:
    assert read_explanation(explain(STEEP, far_request(), CHOSEN)).verdict == "context"


def test_a_map_that_did_not_keep_the_class_is_partial() -> None:
    network = wrap(FarColumns(12, gain=4, threshold=0.5))
    result = explain(network, far_request(), replace(CHOSEN, lam=0.08, init=1.0, steps=200))

    assert result.mask.max() > 0.2
    assert result.residual > 0.15
    assert read_explanation(result).verdict == "partial"


RESULT = explain(STEEP, far_request(), replace(CHOSEN, steps=1))


@given(
    strongest=st.floats(0, 1, width=32),
    residual=st.floats(0, 1),
    without=st.floats(0, 1),
    image=st.floats(0, 1),
    method=st.sampled_from(["context", "grid"]),
    stopped=st.booleans(),
)
@settings(deadline=None)
def test_every_verdict_says_what_holds_of_the_numbers(
    strongest: float, residual: float, without: float, image: float, method: str, stopped: bool
) -> None:
    saliency = np.zeros_like(RESULT.saliency)
    saliency[0, -1] = strongest
    result = replace(
        RESULT,
        saliency=saliency,
        residual=residual,
        residual_without_context=without,
        stopped=stopped,
        scores=replace(RESULT.scores, image=image),
        settings=Settings.from_dict({"method": method}),
    )

    verdict = read_explanation(result).verdict

    seen, empty = image >= 0.05, strongest < 0.05
    kept, kept_alone = residual <= 0.1 * image, without <= 0.1 * image
    judged = seen and not kept_alone and not stopped
    assert (verdict == "class not seen") == (not seen)
    assert (verdict == "stopped") == (seen and not kept_alone and stopped)
    assert (verdict == "not converged") == (judged and empty and not kept)
    assert (verdict == "partial") == (judged and not empty and not kept)
    assert (verdict == "context") == (judged and not empty and kept)


def test_a_map_that_is_still_full_where_no_context_was_needed_says_so() -> None:
    result = explain(wrap(OwnPixel()), far_request(), replace(CHOSEN, steps=1, init=1.0))

    reading = read_explanation(result)

    assert result.mask.max() > 0.5
    assert reading.verdict == "no context"
    assert "more steps" in reading.detail


@pytest.mark.parametrize("init", [1.0, "auto"])
def test_a_stopped_explanation_keeps_what_there_is(init: float) -> None:
    seen, result = stopped_after(5, replace(CHOSEN, init=init))

    assert result.stopped
    assert len(seen) == result.steps == len(result.losses) == len(result.score_history) == 5
    np.testing.assert_array_equal(result.mask, seen[-1].mask)
    np.testing.assert_array_equal(result.losses, seen[-1].losses)
    assert result.mask.max() > 0.5
    assert "Stopped after 5 of 60 steps." in read_explanation(result).detail


def test_a_stop_at_the_last_step_is_no_stop() -> None:
    seen, result = stopped_after(60, CHOSEN)

    assert len(seen) == 60
    assert not result.stopped
    assert "Stopped" not in read_explanation(result).detail


def test_snapshots_tell_the_whole_story_so_far_and_are_not_changed_later() -> None:
    seen, result = stopped_after(NEVER, replace(CHOSEN, init=1.0, steps=4))

    for count, snapshot in enumerate(seen, start=1):
        assert (snapshot.step, snapshot.steps) == (count, 4)
        np.testing.assert_array_equal(snapshot.losses, result.losses[:count])
        np.testing.assert_array_equal(snapshot.scores, result.score_history[:count])
    assert seen[0].mask.max() > seen[-1].mask.max() or seen[0].mask.min() > seen[-1].mask.min()
    assert seen[0].scores[0] == pytest.approx(result.scores.image)
