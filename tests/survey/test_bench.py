"""What the window needs of a survey: to go on, what is behind a cell, a result as it was."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gridsal_core.errors import CheckpointError, ImageError, OutputError
from gridsal_core.network import SegmentationNetwork
from gridsal_core.reading import read_explanation
from gridsal_core.survey.begin import begin_survey, resume_survey
from gridsal_core.survey.behind import CellPlace, explanations_behind
from gridsal_core.survey.data import Data
from gridsal_core.survey.engine import run_survey
from gridsal_core.survey.examples import example_picture
from gridsal_core.survey.ledger import Ledger
from gridsal_core.survey.restored import restored_explanation
from gridsal_core.survey.tables import tabulate
from tests.engine.networks import Convolutions, wrap
from tests.survey.conftest import QUICK, Town, content


def another() -> SegmentationNetwork:
    network = wrap(Convolutions(3, seed=2), 3)
    network.sha256 = "b" * 64
    return network


def test_a_survey_goes_on_from_its_folder_alone(
    tmp_path: Path, network: SegmentationNetwork, town: Town
) -> None:
    asked = {"min_pixels": 12}
    whole, halted = tmp_path / "whole", tmp_path / "halted"
    with begin_survey(
        network, town.data, whole, ("predicted", "correct"), QUICK, **asked
    ) as ledger:
        run_survey(network, town.data, ledger)
    with begin_survey(
        network, town.data, halted, ("predicted", "correct"), QUICK, **asked
    ) as ledger:
        assert not run_survey(network, town.data, ledger, stop=lambda: ledger.item_count > 3)
    data, ledger = resume_survey(network, halted)
    with ledger:
        assert (data.names, data.labels) == (town.data.names, str(town.labels))
        assert run_survey(network, data, ledger)
    ours, theirs = content(halted), content(whole)
    assert ours == theirs


def test_it_does_not_go_on_with_another_network(
    tmp_path: Path, network: SegmentationNetwork, town: Town
) -> None:
    begin_survey(network, town.data, tmp_path / "out", ("predicted",), QUICK).close()
    with pytest.raises(CheckpointError, match="open that one"):
        resume_survey(another(), tmp_path / "out")


def test_nor_without_knowing_where_its_labels_are(
    network: SegmentationNetwork, surveyed: Path
) -> None:
    with pytest.raises(OutputError, match="label maps"):
        resume_survey(network, surveyed)


def test_labels_in_the_usual_places_need_not_be_named(
    tmp_path: Path, network: SegmentationNetwork, town: Town
) -> None:
    shutil.copytree(town.images.parent, tmp_path / "town")
    data = Data(tmp_path / "town" / "images", "")
    assert data.label("street0.png", 3) == tmp_path / "town" / "labels" / "street0.png"
    with begin_survey(network, data, tmp_path / "out", ("confusions",), QUICK) as ledger:
        assert (ledger.survey.source, ledger.labels) == ("labels", "")


def test_the_explanations_behind_a_cell_begin_with_its_examples(surveyed: Path) -> None:
    with Ledger.open(surveyed) as ledger:
        for table in tabulate(ledger):
            for row in table.rows:
                for context, cell in enumerate(row.cells):
                    place = CellPlace(table.section, row.class_index, row.true_class, context)
                    found = explanations_behind(ledger, place)
                    shares = [
                        each.votes.shares
                        for group in ledger.groups()
                        if (group.section, group.class_index, group.true_class)
                        == (table.section, row.class_index, row.true_class)
                        for each in ledger.summaries(group)
                    ]
                    assert len(found) == sum(s is not None and s[context] > 0 for s in shares)
                    best = [each.excess for each in cell.examples]
                    assert [each.excess for each in found[: len(best)]] == pytest.approx(best)
                    flipping = explanations_behind(ledger, replace(place, by_flips=True))
                    assert {each.identity for each in flipping} == {each.identity for each in found}
                    most = [each.flip_share for each in cell.flip_examples]
                    assert [each.flip_share for each in flipping[: len(most)]] == most


def test_a_result_is_an_explanation_again(
    network: SegmentationNetwork, surveyed: Path, town: Town
) -> None:
    with Ledger.open(surveyed) as ledger:
        for summary in list(ledger.summaries())[::9]:
            again = restored_explanation(network, ledger, summary.identity, town.images)
            np.testing.assert_array_equal(again.mask, ledger.maps(summary.identity).mask)
            assert again.request.image_path == town.images / summary.image
            assert again.request.true_class == summary.true_class
            assert read_explanation(again).verdict == summary.verdict
            inside = again.request.region
            np.testing.assert_array_equal(again.perturbed[inside], again.request.image[inside])
            assert int(again.prediction.class_map[inside][0]) == summary.class_index
            scores = _score(network, again.perturbed, summary.class_index)[inside]
            assert scores.mean() == pytest.approx(summary.scores.perturbed, abs=1e-5)


def test_but_not_of_another_network_or_without_its_image(
    tmp_path: Path, network: SegmentationNetwork, surveyed: Path, town: Town
) -> None:
    with Ledger.open(surveyed) as ledger:
        identity = next(ledger.summaries()).identity
        with pytest.raises(CheckpointError, match="open that one"):
            restored_explanation(another(), ledger, identity, town.images)
        with pytest.raises(ImageError):
            restored_explanation(network, ledger, identity, tmp_path)
        assert example_picture(ledger, tmp_path, identity) is None
        picture = example_picture(ledger, town.images, identity)
        assert picture is not None
        assert picture.shape == (180, 240, 3)


def _score(network: SegmentationNetwork, image: np.ndarray, index: int) -> np.ndarray:
    import torch

    batch = torch.from_numpy(image.transpose(2, 0, 1).copy()).unsqueeze(0)
    with torch.no_grad(), network.borrowed():
        outputs = network.outputs(batch)
        scores = network.class_scores(outputs, torch.tensor([index]), "probability")
    return scores[0].numpy()
