"""Running a survey: what is done, how it is interrupted, and that nothing is done twice."""

from __future__ import annotations

import os
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from gridsal_core import Request, explain
from gridsal_core.errors import OutputError
from gridsal_core.grid_saliency import explain_many_steps
from gridsal_core.images import read_image
from gridsal_core.network import SegmentationNetwork
from gridsal_core.survey import work
from gridsal_core.survey.data import Data
from gridsal_core.survey.engine import run_survey, survey_steps
from gridsal_core.survey.ledger import LEDGER_NAME, Ledger
from gridsal_core.whatif import what_if
from tests.engine.networks import Convolutions, wrap
from tests.survey.conftest import Ask, Town, blocky, content


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Count the requests of every batch that is begun."""
    begun: list[int] = []

    def count(network: Any, requests: Any, settings: Any) -> Any:  # noqa: ANN401 - as it is
        begun.append(len(requests))
        return explain_many_steps(network, requests, settings)

    with monkeypatch.context() as patch:
        patch.setattr(work, "explain_many_steps", count)
        yield begun


def test_each_result_is_what_a_single_explanation_says(
    surveyed: Path, town: Town, network: SegmentationNetwork
) -> None:
    with Ledger.open(surveyed) as ledger:
        results = [(each, ledger.maps(each.identity)) for each in ledger.summaries()]

    assert len(results) > 40
    assert {each.kind for each, _ in results} == {
        "predicted",
        "correct",
        "erroneous",
        "confusions",
    }
    for summary, maps in results[::9]:
        image = read_image(town.images / summary.image)
        request = Request(image, maps.region, summary.class_index)
        alone = explain(network, request, maps.settings)
        np.testing.assert_allclose(maps.mask, alone.mask, atol=1e-5)
        np.testing.assert_allclose(maps.saliency, alone.saliency, atol=1e-5)
        assert summary.scores.image == pytest.approx(alone.scores.image, abs=1e-5)
        assert summary.residual == pytest.approx(alone.residual, abs=1e-5)
        assert summary.region_pixels == maps.region.sum()


def test_flips_are_those_of_removing_the_salient_context(
    surveyed: Path, town: Town, network: SegmentationNetwork
) -> None:
    with Ledger.open(surveyed) as ledger:
        results = [(each, ledger.maps(each.identity)) for each in ledger.summaries()]
    tried = 0
    for summary, maps in results[::7]:
        assert summary.flips is not None
        request = Request(read_image(town.images / summary.image), maps.region, summary.class_index)
        explanation = explain(network, request, maps.settings)
        label = np.asarray(Image.open(town.labels / summary.image))
        salient = (explanation.saliency >= 0.5) & ~maps.region
        if not salient.any():
            assert np.isnan(summary.flips.share)
            continue
        removed = what_if(network, explanation, "painted", salient)
        assert summary.flips.share == pytest.approx(removed.share_flipped, abs=1e-6)
        for index, share in enumerate(summary.flips.by_class):
            of_class = salient & (label == index)
            if of_class.sum() < 0.1 * salient.sum():
                assert np.isnan(share)
                continue
            tried += 1
            removed = what_if(network, explanation, "painted", of_class)
            assert share == pytest.approx(removed.share_flipped, abs=1e-6)
    assert tried > 5


def test_a_survey_that_is_stopped_anywhere_goes_on_to_the_same_result(
    surveyed: Path,
    tmp_path: Path,
    town: Town,
    network: SegmentationNetwork,
    asked: Ask,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    random = np.random.default_rng(4)
    folder = tmp_path / "out"
    fresh, stops = 0, 0
    with counted(monkeypatch) as begun:
        while True:
            with Ledger.begin(folder, asked(), str(town.images)) as ledger:
                steps = survey_steps(network, town.data, ledger)
                budget = int(random.integers(1, 25))
                drawn = list(islice(steps, budget))
                steps.close()
                fresh += drawn[-1].fresh
                if len(drawn) < budget:
                    break
                stops += 1

    assert stops >= 5
    assert content(folder) == content(surveyed)
    with Ledger.open(folder) as ledger:
        assert ledger.item_count == fresh  # no item was finished twice
    assert sum(begun) > fresh  # and some batches were given up


def test_a_finished_survey_has_nothing_left_to_do(
    surveyed: Path,
    tmp_path: Path,
    town: Town,
    network: SegmentationNetwork,
    asked: Ask,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(surveyed, folder)
    with (
        Ledger.begin(folder, asked(), str(town.images)) as ledger,
        counted(monkeypatch) as begun,
    ):
        seen = list(survey_steps(network, town.data, ledger))
    assert begun == []
    assert (seen[-1].images, seen[-1].images_total, seen[-1].fresh) == (7, 7, 0)


def test_requests_on_images_of_one_size_share_batches(
    tmp_path: Path,
    town: Town,
    network: SegmentationNetwork,
    asked: Ask,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with (
        Ledger.begin(tmp_path / "out", asked(("predicted",)), str(town.images)) as ledger,
        counted(monkeypatch) as begun,
    ):
        run_survey(network, town.data, ledger)
        assert sum(begun) == ledger.item_count
        assert max(begun) == 4
        assert len(begun) < ledger.item_count / 2


def test_progress_counts_and_reckons(
    tmp_path: Path, town: Town, network: SegmentationNetwork, asked: Ask
) -> None:
    with Ledger.begin(tmp_path / "out", asked(), str(town.images)) as ledger:
        seen = list(survey_steps(network, town.data, ledger))
        count = ledger.item_count
    assert seen[0].images == 0
    assert seen[0].left is None
    assert (seen[-1].images, seen[-1].items, seen[-1].fresh) == (7, count, count)
    assert seen[-1].left == 0
    assert seen[-1].rate > 0
    images = [progress.images for progress in seen]
    assert images == sorted(images)
    assert all(each.left is not None and each.left >= 0 for each in seen if 0 < each.images < 7)


def test_an_image_that_was_written_to_is_surveyed_anew_and_others_are_not(
    tmp_path: Path, town: Town, network: SegmentationNetwork, asked: Ask
) -> None:
    images, labels = tmp_path / "images", tmp_path / "labels"
    shutil.copytree(town.images, images)
    shutil.copytree(town.labels, labels)
    data, folder = Data(images, str(labels)), tmp_path / "out"
    with Ledger.begin(folder, asked(), str(images)) as ledger:
        run_survey(network, data, ledger)
        before = {each.identity: each.image for each in ledger.summaries()}
    pixels = np.rint(255 * blocky(99)).astype(np.uint8)
    Image.fromarray(pixels).save(images / "street2.png")

    with Ledger.begin(folder, asked(), str(images)) as ledger:
        run_survey(network, data, ledger)
        after = {each.identity: each.image for each in ledger.summaries()}

    def others(found: dict[str, str]) -> set[str]:
        return {identity for identity, image in found.items() if image != "street2.png"}

    assert others(before) == others(after)
    assert "street2.png" in after.values()
    assert not set(before) & set(after) - others(before)


def test_results_of_images_that_are_gone_still_count_and_that_is_said(
    tmp_path: Path, town: Town, network: SegmentationNetwork, asked: Ask
) -> None:
    images, folder = tmp_path / "images", tmp_path / "out"
    shutil.copytree(town.images, images)
    with Ledger.begin(folder, asked(("predicted",)), str(images)) as ledger:
        run_survey(network, Data(images), ledger)
        before = ledger.item_count
        (images / "street3.png").unlink()
        notes: list[str] = []
        assert run_survey(network, Data(images), ledger, lambda p: notes.extend(p.notes))
        assert ledger.item_count == before
    told = "1 surveyed image is no longer in"
    assert [note.startswith(told) for note in notes] == [True]


def test_two_runs_do_not_work_on_one_folder(
    tmp_path: Path, town: Town, network: SegmentationNetwork, asked: Ask
) -> None:
    folder = tmp_path / "out"
    survey = asked(("predicted",))
    with (
        Ledger.begin(folder, survey, str(town.images)) as ledger,
        Ledger.begin(folder, survey, str(town.images)) as other,
    ):
        steps = survey_steps(network, town.data, ledger)
        next(steps)
        with pytest.raises(OutputError, match="Another process is at work on the survey in"):
            run_survey(network, town.data, other)
        assert other.item_count == 0, "it can be read meanwhile"
        steps.close()
        assert run_survey(network, town.data, other)
    assert not list(folder.glob("*.lock"))


class Dazzled(Convolutions):
    """Gives no numbers for an image whose first pixel is white."""

    def forward(self, x: Tensor) -> Tensor:
        is_white = x[:, :, :1, :1].amin((1, 2, 3), keepdim=True) > 0.99
        return torch.where(is_white, torch.nan, super().forward(x))


def test_an_image_on_which_scores_are_no_numbers_costs_its_own_results_alone(
    asked: Ask, tmp_path: Path
) -> None:
    images, network = tmp_path / "images", wrap(Dazzled(3, seed=1), 3)
    images.mkdir()
    for number in range(3):
        pixels = np.rint(200 * blocky(number)).astype(np.uint8)
        pixels[0, 0] = 255 if number == 1 else 0
        Image.fromarray(pixels).save(images / f"street{number}.png")
    notes: list[str] = []

    with Ledger.begin(tmp_path / "out", asked(("predicted",)), str(images)) as ledger:
        is_done = run_survey(network, Data(images), ledger, lambda p: notes.extend(p.notes))
        states = {state.image: state for state in ledger.states()}
        found = Counter(each.image for each in ledger.summaries())

    assert is_done
    assert set(found) == {"street0.png", "street2.png"}
    assert all(found[name] == states[name].items for name in found)
    assert [name for name, state in states.items() if state.note] == ["street1.png"]
    assert notes == [states["street1.png"].note]
    assert notes[0].startswith("street1.png: ")
    assert "not finite numbers" in notes[0]


def test_an_image_that_cannot_be_used_is_noted_and_tried_again(
    tmp_path: Path, town: Town, network: SegmentationNetwork, asked: Ask
) -> None:
    images, folder = tmp_path / "images", tmp_path / "out"
    shutil.copytree(town.images, images)
    whole = (images / "street3.png").read_bytes()
    (images / "street3.png").write_bytes(whole[: len(whole) // 2])
    shutil.copy(images / "street0.png", images / "street9.png")  # has no label map
    data = Data(images, str(town.labels))

    notes: list[str] = []
    with Ledger.begin(folder, asked(), str(images)) as ledger:
        run_survey(network, data, ledger, lambda progress: notes.extend(progress.notes))
        bad = {state.image: state.note for state in ledger.states() if state.note}
    assert sorted(bad) == ["street3.png", "street9.png"]
    assert bad["street9.png"] == "street9.png has no label map."
    assert sorted(notes) == sorted(bad.values())

    (images / "street3.png").write_bytes(whole)
    with Ledger.begin(folder, asked(), str(images)) as ledger:
        run_survey(network, data, ledger)
        assert [state.image for state in ledger.states() if state.note] == ["street9.png"]
        assert any(each.image == "street3.png" for each in ledger.summaries())


@pytest.mark.skipif(sys.platform != "linux", reason="names are text elsewhere")
def test_label_maps_that_are_gone_for_a_while_take_no_result_away(
    tmp_path: Path, town: Town, network: SegmentationNetwork, asked: Ask, surveyed: Path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(surveyed, out)
    found = [row for row in content(surveyed) if len(row) > 4]
    gone = Data(town.images, str(tmp_path))
    with Ledger.begin(out, asked(), str(town.images)) as ledger:
        ledger._connection.execute("UPDATE images SET stamp = 'another'")
        assert run_survey(network, gone, ledger)
        assert all("no label map" in state.note for state in ledger.states())
    assert [row for row in content(out) if len(row) > 4] == found

    with Ledger.begin(out, asked(), str(town.images)) as ledger:
        assert run_survey(network, town.data, ledger)
    assert content(out) == content(surveyed)


def test_where_images_and_label_maps_are_is_kept_up_to_date(
    tmp_path: Path, town: Town, asked: Ask
) -> None:
    first, then = tmp_path / "first", tmp_path / "then"
    shutil.copytree(town.labels.parent, first)
    out = tmp_path / "out"
    Ledger.begin(out, asked(), str(first / "images"), str(first / "labels")).close()
    with pytest.raises(OutputError, match=f"of the label maps in {first / 'labels'}"):
        Ledger.begin(out, asked(), str(first / "images"), str(tmp_path))
    first.rename(then)
    with Ledger.begin(out, asked(), str(then / "images"), str(then / "labels")) as ledger:
        assert (ledger.place, ledger.labels) == (str(then / "images"), str(then / "labels"))


def test_a_name_that_is_no_text_is_surveyed_as_any_other(
    tmp_path: Path, town: Town, network: SegmentationNetwork, asked: Ask
) -> None:
    images = tmp_path / "images"
    images.mkdir()
    shutil.copy(town.images / "street0.png", images / os.fsdecode(b"street\xff.png"))
    survey = asked(("predicted",), source="prediction")
    with Ledger.begin(tmp_path / "out", survey, str(images)) as ledger:
        run_survey(network, Data(images), ledger)
        assert {each.image for each in ledger.summaries()} == {"street\\udcff.png"}
        assert [state.note for state in ledger.states()] == [""]


def test_large_images_are_worked_on_at_a_scale_that_fits(
    tmp_path: Path, town: Town, network: SegmentationNetwork, asked: Ask
) -> None:
    survey = asked(("predicted", "confusions"), scale=0.5, min_pixels=6)
    with Ledger.begin(tmp_path / "out", survey, str(town.images)) as ledger:
        run_survey(network, town.data, ledger)
        results = list(ledger.summaries())
        maps = ledger.maps(results[0].identity)
    assert {each.size for each in results} == {(12, 16)}
    assert maps.saliency.shape == (12, 16)
    assert maps.frame == "[[24, 32], [0, 0, 24, 32], [12, 16]]"


def test_without_label_maps_context_counts_by_the_prediction(
    tmp_path: Path, town: Town, network: SegmentationNetwork, asked: Ask
) -> None:
    survey = asked(("predicted",), source="prediction")
    with Ledger.begin(tmp_path / "out", survey, str(town.images)) as ledger:
        run_survey(network, Data(town.images), ledger)
        for each in ledger.summaries():
            seen = network.predict(read_image(town.images / each.image)).class_map
            maps = ledger.maps(each.identity)
            for index, votes in enumerate(each.votes.weights):
                expected = maps.saliency[~maps.region & (seen == index)].sum(dtype=float)
                assert votes == pytest.approx(expected, abs=1e-9)


def test_a_survey_of_other_images_or_settings_is_refused(
    surveyed: Path, town: Town, asked: Ask, tmp_path: Path
) -> None:
    with pytest.raises(OutputError, match=r"other settings \(steps: 3 there, 4 now\)"):
        Ledger.begin(surveyed, asked(given={"steps": 4}), str(town.images))
    with pytest.raises(OutputError, match="a survey with another requests"):
        Ledger.begin(surveyed, asked(("predicted",)), str(town.images))
    with pytest.raises(OutputError, match=f"of the images in {town.images}"):
        Ledger.begin(surveyed, asked(), str(tmp_path))
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match="holds something else"):
        Ledger.begin(tmp_path, asked(), str(town.images))


def test_a_ledger_that_is_damaged_or_none_is_told_in_a_sentence(
    surveyed: Path, tmp_path: Path, asked: Ask
) -> None:
    with pytest.raises(OutputError, match="holds no survey"):
        Ledger.open(tmp_path)
    file = tmp_path / LEDGER_NAME
    file.write_bytes(b"not a data base at all" * 100)
    with pytest.raises(OutputError, match="is no survey"):
        Ledger.open(tmp_path)
    file.write_bytes((surveyed / LEDGER_NAME).read_bytes()[:6000])
    with pytest.raises(OutputError, match=r"is no survey|damaged"), Ledger.open(tmp_path) as found:
        list(found.summaries())
    file.write_bytes(b"")  # killed before anything was written
    with Ledger.begin(tmp_path, asked(), "images") as ledger:
        assert ledger.item_count == 0


def test_damaged_results_are_refused(surveyed: Path, tmp_path: Path) -> None:
    shutil.copytree(surveyed, tmp_path / "copy")
    with Ledger.open(tmp_path / "copy") as ledger:
        identity = next(ledger.summaries()).identity
        for column, value in (("region", b"x"), ("mask", b"x"), ("settings", "[]")):
            old = ledger._connection.execute(f"SELECT {column} FROM items").fetchone()[0]  # noqa: S608 - ours
            ledger._connection.execute(f"UPDATE items SET {column} = ?", (value,))  # noqa: S608 - ours
            with pytest.raises(OutputError, match="damaged"):
                ledger.maps(identity)
            ledger._connection.execute(f"UPDATE items SET {column} = ?", (old,))  # noqa: S608 - ours
        ledger._connection.execute("UPDATE items SET votes = x'00'")
        with pytest.raises(OutputError, match="damaged"):
            list(ledger.summaries())
