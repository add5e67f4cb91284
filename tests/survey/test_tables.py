"""The tables of a survey against sums written out pixel by pixel and draw by draw."""

from __future__ import annotations

import math
import shutil
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gridsal_core.errors import OutputError
from gridsal_core.regions import widened
from gridsal_core.statistics import ClassVotes
from gridsal_core.survey.bias import Pair, by_excess, by_flips
from gridsal_core.survey.bootstrap import (
    LEAST_IMAGES,
    Contrasts,
    Sampling,
    Shares,
    VoteSums,
    critical_value,
)
from gridsal_core.survey.difference import compare_surveys
from gridsal_core.survey.ledger import Group, Ledger
from gridsal_core.survey.results import Flips, Summary
from gridsal_core.survey.tables import GroupSums, Table, tabulate
from gridsal_core.types import ClassInfo, Scores
from tests.survey.conftest import SIZE, Ask, Town

FEW = Sampling(replicates=200, seed=3)
CLASSES = tuple(ClassInfo(name, (0, 0, 0)) for name in ("road", "tree", "sky"))


@pytest.fixture(scope="module")
def tables(surveyed: Path) -> tuple[Table, ...]:
    with Ledger.open(surveyed) as ledger:
        return tabulate(ledger, FEW)


def slow_reference(
    surveyed: Path, town: Town
) -> dict[tuple[Any, ...], dict[str, dict[str, list[float]]]]:
    """Count votes pixel by pixel: by group, then by image, of the map and of the baseline."""
    found: dict[tuple[Any, ...], dict[str, dict[str, list[float]]]] = defaultdict(dict)
    with Ledger.open(surveyed) as ledger:
        width = ledger.survey.baseline_width(SIZE)
        for each in ledger.summaries():
            maps = ledger.maps(each.identity)
            label = np.asarray(Image.open(town.labels / each.image))
            around = widened(maps.region, width)
            section = "parts" if each.kind in ("correct", "erroneous") else each.kind
            sums = found[section, each.class_index, each.true_class].setdefault(
                each.image, {"votes": [0.0] * 3, "baseline": [0.0] * 3}
            )
            saliency = maps.saliency
            for y in range(SIZE[0]):
                for x in range(SIZE[1]):
                    if not maps.region[y, x] and label[y, x] < 3:
                        sums["votes"][label[y, x]] += float(saliency[y, x])
                        sums["baseline"][label[y, x]] += float(around[y, x])
    return found


def test_tables_equal_a_slow_reference_from_the_stored_maps(
    surveyed: Path, town: Town, tables: tuple[Table, ...]
) -> None:
    reference = slow_reference(surveyed, town)
    rows = {(t.section, r.class_index, r.true_class): r for t in tables for r in t.rows}
    assert rows.keys() == reference.keys()
    for key, row in rows.items():
        by_image = reference[key]
        assert row.images == len(by_image)
        for kind in ("votes", "baseline"):
            votes = np.array([sums[kind] for sums in by_image.values()])
            drawn = np.array([FEW.weights(image) for image in by_image])
            shares = votes.sum(0) / votes.sum()
            found = [cell.share if kind == "votes" else cell.baseline for cell in row.cells]
            np.testing.assert_allclose([each.value for each in found], shares, rtol=1e-9)
            again = []
            for weights in drawn.T:
                total = (weights[:, None] * votes).sum(0)
                if total.sum() > 0:
                    again.append(total / total.sum())
            low, high = np.quantile(again, (0.025, 0.975), axis=0)
            np.testing.assert_allclose([each.low for each in found], low, atol=1e-9)
            np.testing.assert_allclose([each.high for each in found], high, atol=1e-9)
        for cell in row.cells:
            assert cell.excess.value == pytest.approx(cell.share.value - cell.baseline.value)


def test_simultaneous_intervals_equal_the_max_t_method_written_out(
    surveyed: Path, town: Town, tables: tuple[Table, ...]
) -> None:
    by_group = {k: v for k, v in slow_reference(surveyed, town).items() if k[0] == "confusions"}
    table = next(table for table in tables if table.section == "confusions")

    def drawn(images: dict[str, Any], kind: str) -> tuple[np.ndarray[Any, Any], Any]:
        votes = np.array([sums[kind] for sums in images.values()])
        sums = np.array([FEW.weights(image) for image in images]).T @ votes
        with np.errstate(invalid="ignore"):
            return votes.sum(0) / votes.sum(), sums / sums.sum(1, keepdims=True)

    def scaled(one: Any, other: Any) -> tuple[Any, Any, Any]:  # noqa: ANN401
        value, replicates = one[0] - other[0], one[1] - other[1]
        usable = ~np.isnan(replicates).any(1)
        error = replicates[usable].std(0, ddof=1)
        away = np.abs(replicates - value) / np.where(error > 1e-12, error, np.inf)
        return value, error, np.nan_to_num(away).max(1)

    tests = {}
    for key, images in by_group.items():
        _, predicted, true = key
        if len(images) < 5:
            continue
        tests[key, "excess"] = scaled(drawn(images, "votes"), drawn(images, "baseline"))
        correct = by_group.get(("confusions", true, true), {})
        if predicted != true and len(correct) >= 5:
            tests[key, "correct"] = scaled(drawn(images, "votes"), drawn(correct, "votes"))
    critical = np.quantile(np.max([away for _, _, away in tests.values()], axis=0), 0.95)

    assert table.critical == pytest.approx(critical)
    assert critical > 1.96
    tested = 0
    for row in table.rows:
        key = ("confusions", row.class_index, row.true_class)
        for index, cell in enumerate(row.cells):
            for name, contrast in (("excess", cell.excess), ("correct", cell.against_correct)):
                if (key, name) not in tests:
                    assert contrast is None or not contrast.is_significant
                    continue
                assert contrast is not None
                value, error, _ = (part[index] if part.ndim else part for part in tests[key, name])
                assert contrast.value == pytest.approx(value)
                assert contrast.low == pytest.approx(value - critical * error, abs=1e-9)
                assert contrast.high == pytest.approx(value + critical * error, abs=1e-9)
                excludes = contrast.low > 0 or contrast.high < 0
                assert contrast.is_significant == (excludes and error > 1e-12)
                tested += 1
    assert tested >= 6


def summary(image: str, votes: tuple[float, ...], **given: Any) -> Summary:  # noqa: ANN401 - fields
    values: dict[str, Any] = {
        "identity": f"{image}-{votes}",
        "image": image,
        "ordinal": 0,
        "kind": "predicted",
        "class_index": 0,
        "true_class": None,
        "size": SIZE,
        "region_pixels": 9,
        "votes": ClassVotes(votes, 0.0, "labels"),
        "baseline": ClassVotes((1.0, 1.0, 1.0), 0.0, "labels"),
        "scores": Scores(1, 0, 1),
        "residual": 0.0,
        "residual_without_context": 1.0,
        "verdict": "context",
        "init": 0.5,
        "steps": 3,
        "flips": None,
        "notes": (),
    }
    return Summary(**(values | given))


some_votes = st.tuples(*[st.integers(0, 9).map(float)] * 3)


@given(st.lists(some_votes, min_size=1, max_size=12), st.randoms())
def test_sums_do_not_depend_on_the_order_of_images(votes: list[Any], random: Any) -> None:  # noqa: ANN401
    results = [summary(f"{index}.png", each) for index, each in enumerate(votes)]
    shuffled = random.sample(results, len(results))
    found = []
    for order in (results, shuffled):
        sums = GroupSums(3, FEW)
        for each in order:
            sums.add(each)
        shares = sums.votes()
        found.append((shares.value, shares.replicates, sums.images, sums.items))
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)


@given(st.lists(some_votes, min_size=2, max_size=8))
def test_votes_of_one_image_are_drawn_together(votes: list[Any]) -> None:
    one, other = VoteSums(3, FEW), VoteSums(3, FEW)
    for each in votes:
        one.add("a.png", each)
    other.add("a.png", np.sum(votes, axis=0).tolist())
    np.testing.assert_array_equal(one.shares().value, other.shares().value)
    np.testing.assert_array_equal(one.shares().replicates, other.shares().replicates)


def test_the_same_images_are_drawn_every_time_and_about_once() -> None:
    sampling = Sampling(replicates=4000, seed=1)
    weights = sampling.weights("a.png")
    np.testing.assert_array_equal(weights, Sampling(replicates=4000, seed=1).weights("a.png"))
    assert weights.mean() == pytest.approx(1, abs=0.1)
    assert weights.var() == pytest.approx(1, abs=0.15)
    assert abs(np.corrcoef(weights, sampling.weights("b.png"))[0, 1]) < 0.06
    assert (weights != Sampling(replicates=4000, seed=2).weights("a.png")).any()


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    random = np.random.default_rng(0)
    truth, holds = np.array([0.5, 0.3, 0.2]), 0
    for trial in range(150):
        sums = VoteSums(3, Sampling(replicates=300, seed=trial))
        for image in range(40):
            sums.add(f"{image}", random.dirichlet(10 * truth).tolist())
        low, high = sums.shares().interval()
        holds += bool(low[0] <= truth[0] <= high[0])
    assert 0.88 <= holds / 150 <= 0.99


def test_of_equal_distributions_hardly_any_table_calls_a_difference_significant() -> None:
    random = np.random.default_rng(1)
    wrong = 0
    for trial in range(60):
        sampling = Sampling(replicates=200, seed=trial)
        tested = []
        for _ in range(6):  # rows of one table
            sums = VoteSums(4, sampling), VoteSums(4, sampling)
            for image in range(30):
                for each in sums:
                    each.add(f"{image}", random.dirichlet(np.full(4, 5.0)).tolist())
            tested.append(Contrasts.between(sums[0].shares(), sums[1].shares()))
        critical = critical_value(np.max([each.largest for each in tested], axis=0))
        wrong += any(each.is_significant(critical).any() for each in tested)
    # 3 of 60 are expected; separate intervals of 95 % would have failed in more than 30.
    assert wrong <= 10


def test_a_difference_that_all_images_show_is_significant() -> None:
    random = np.random.default_rng(2)
    one, other = VoteSums(3, FEW), VoteSums(3, FEW)
    for image in range(20):
        one.add(f"{image}", random.dirichlet((9.0, 3.0, 3.0)).tolist())
        other.add(f"{image}", random.dirichlet((3.0, 9.0, 3.0)).tolist())
    found = Contrasts.between(one.shares(), other.shares())
    critical = critical_value(found.largest)
    assert found.is_significant(critical).tolist() == [True, True, False]
    low, high = found.interval(critical)
    assert low[0] > 0
    assert high[1] < 0


def test_without_votes_there_is_no_distribution() -> None:
    empty = VoteSums(3, FEW).shares()
    assert np.isnan(empty.value).all()
    assert np.isnan(empty.interval()).all()
    some = Shares(np.array([1.0, 0, 0]), np.tile([1.0, 0, 0], (200, 1)))
    found = Contrasts.between(some, empty)
    assert not found.is_significant(2.0).any()
    assert math.isnan(critical_value(None))


def test_a_row_of_empty_maps_has_no_cells_and_one_of_few_images_no_marks(tmp_path: Path) -> None:
    sums = GroupSums(3, FEW)
    sums.add(summary("a.png", (0.0, 0.0, 0.0)))
    row = sums.row(Group("predicted", 0, None, 1))
    assert (row.items, row.images, row.cells, row.unlabelled_share) == (1, 1, (), 0.0)


def test_images_whose_maps_are_empty_do_not_make_a_row_testable() -> None:
    sums = GroupSums(3, FEW)
    for number in range(LEAST_IMAGES):
        sums.add(summary(f"{number}.png", (0.0, 0.0, 0.0)))
        sums.add(summary(f"{number}.png", (float(number > 0), 0.0, 0.0)))
    assert (sums.images, sums.is_testable) == (LEAST_IMAGES, False)
    sums.add(summary("last.png", (1.0, 0.0, 0.0)))
    assert sums.is_testable


def test_flips_are_counted_where_context_was_removed() -> None:
    nan = math.nan
    sums = GroupSums(3, FEW)
    sums.add(summary("a.png", (1.0, 2.0, 0.0), flips=Flips(0.9, 1, (0.6, 0.1, nan))))
    sums.add(summary("b.png", (1.0, 0.0, 0.0), flips=Flips(0.2, 0, (0.2, nan, nan))))
    sums.add(summary("c.png", (0.0, 0.0, 0.0), flips=Flips(nan, 0, (nan, nan, nan))))
    sums.add(summary("d.png", (3.0, 1.0, 0.0)))
    assert (sums.tried, sums.flipped) == (2, 1)
    estimates = (None, None)
    cells = [sums.cell(index, estimates) for index in range(3)]  # type: ignore[arg-type]
    assert [(cell.tried, cell.flipped) for cell in cells] == [(2, 1), (1, 0), (0, 0)]
    assert [each.image for each in cells[0].examples] == ["b.png", "d.png"]
    assert cells[0].examples[0].flip_share == 0.2
    assert [[each.image for each in cell.flip_examples] for cell in cells] == [["a.png"], [], []]


def test_the_bias_finder_ranks_by_excess_and_by_flips(tables: tuple[Table, ...]) -> None:
    pairs = by_excess(tables)
    keys = [(pair.cell.excess.is_significant, pair.cell.excess.value) for pair in pairs]
    assert keys == sorted(keys, reverse=True)
    assert all(pair.cell.excess.value > 0 for pair in pairs)
    flips = by_flips(tables)
    assert flips
    bounds = [pair.flips_at_least for pair in flips]
    assert bounds == sorted(bounds, reverse=True)
    for pair in flips:
        assert pair.flip_rate is not None
        assert 0 < pair.flips_at_least < pair.flip_rate <= 1


def test_examples_are_the_items_that_exceed_their_own_baseline_most(
    surveyed: Path, tables: tuple[Table, ...]
) -> None:
    pair: Pair = by_excess(tables)[0]
    with Ledger.open(surveyed) as ledger:
        everything = [
            (shares[pair.context] - around[pair.context], each.identity)
            for each in ledger.summaries(
                Group(pair.table.section, pair.row.class_index, pair.row.true_class, 0)
            )
            if (shares := each.votes.shares) and (around := each.baseline.shares)
        ]
    best = [identity for _, identity in sorted(everything, reverse=True)[:5]]
    assert [each.identity for each in pair.cell.examples] == best[: len(pair.cell.examples)]


def test_only_images_that_both_surveys_finished_alike_are_compared(
    surveyed: Path, tmp_path: Path
) -> None:
    for name, change in (
        ("unfinished", "DELETE FROM images WHERE image = 'street0.png'"),
        ("other", "UPDATE images SET content = 'x' WHERE image = 'street0.png'"),
    ):
        shutil.copytree(surveyed, tmp_path / name)
        with Ledger.open(tmp_path / name) as one, Ledger.open(surveyed) as other:
            one._connection.execute(change)
            pairs = [compare_surveys(one, other, FEW), compare_surveys(other, one, FEW)]
        for table, turned in zip(*pairs, strict=True):
            assert [row.items for row in table.rows] == [row.items[::-1] for row in turned.rows]
            for row in table.rows:
                assert row.items[0] == row.items[1]
                assert row.images[0] == row.images[1] < 7


def test_surveys_that_differ_in_more_than_the_network_are_not_compared(
    surveyed: Path, tmp_path: Path, town: Town, asked: Ask
) -> None:
    unlike = asked(given={"steps": 4}, min_pixels=13)
    with (
        Ledger.open(surveyed) as one,
        Ledger.begin(tmp_path / "out", unlike, str(town.images)) as other,
        pytest.raises(OutputError, match="differ in minimal size, settings too"),
    ):
        compare_surveys(one, other, FEW)


def test_a_survey_differs_in_nothing_from_itself(surveyed: Path) -> None:
    with Ledger.open(surveyed) as one, Ledger.open(surveyed) as other:
        tables = compare_surveys(one, other, FEW)
        count = one.item_count
    assert [table.section for table in tables] == ["predicted", "parts", "confusions"]
    assert sum(row.items[0] for table in tables for row in table.rows) == count
    for table in tables:
        for row in table.rows:
            assert row.items[0] == row.items[1]
            assert {each.value for each in row.contrasts} == {0.0}
            assert not any(each.is_significant for each in row.contrasts)
