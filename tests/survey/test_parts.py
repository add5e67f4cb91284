"""What workers of a cluster leave for their driver, and options that do not fit; without Ray."""

from __future__ import annotations

from pathlib import Path

import pytest

from gridsal_core.cli.main import run
from gridsal_core.errors import DeviceError, OutputError
from gridsal_core.network import SegmentationNetwork
from gridsal_core.survey import cluster as on_ray
from gridsal_core.survey.cluster import Worker, collect
from gridsal_core.survey.data import Data
from gridsal_core.survey.definition import Survey
from gridsal_core.survey.engine import Progress, run_survey
from gridsal_core.survey.ledger import Ledger
from gridsal_core.survey.parts import Parts
from gridsal_core.survey.work import Block
from tests.survey.blocks import DEMO, OPENING, survey_of
from tests.survey.conftest import content


@pytest.fixture(scope="module")
def survey(demo_network: SegmentationNetwork) -> Survey:
    return survey_of(demo_network)


def test_what_workers_finished_for_a_driver_that_died_is_kept(
    tmp_path: Path,
    demo_network: SegmentationNetwork,
    survey: Survey,
    twelve: Data,
    alone: Path,
) -> None:
    store = f"file://{tmp_path / 'store'}"
    names = twelve.names[:2]
    worker = Worker(OPENING, survey, twelve.elsewhere, store)
    left = worker.work(Block(names, {name: frozenset() for name in names}))
    assert not isinstance(left, Exception)
    parts = Parts(store, survey)
    assert parts.names() == [left[0]]

    with Ledger.begin(tmp_path / "out", survey, str(twelve.folder)) as ledger:
        collect(ledger, parts)
        kept = ledger.item_count
        assert {state.image for state in ledger.states()} == set(names)
        seen: list[Progress] = []
        run_survey(demo_network, twelve, ledger, seen.append)
        assert ledger.item_count == kept + seen[-1].fresh
    assert kept > 0
    assert parts.names() == []
    assert content(tmp_path / "out") == content(alone)


def test_a_part_that_is_damaged_is_told(tmp_path: Path, survey: Survey, twelve: Data) -> None:
    parts = Parts(str(tmp_path / "store"), survey)
    parts.write(twelve.names[:2], b"no part at all")
    with (
        Ledger.begin(tmp_path / "out", survey, str(twelve.folder)) as ledger,
        pytest.raises(OutputError, match="damaged; delete the folder of the parts"),
    ):
        collect(ledger, parts)


def test_a_store_that_cannot_be_used_is_told(survey: Survey) -> None:
    with pytest.raises(OutputError, match=r"nonsense://there cannot be used.*fsspec URL"):
        Parts("nonsense://there", survey)


class TestTheCommand:
    def words(self, twelve: Data, out: Path, *more: str) -> list[str]:
        place = ["--model", str(DEMO.model), "--data", str(twelve.folder), "--out", str(out)]
        return ["survey", *place, "--steps", "3", "--quiet", *more]

    @pytest.mark.parametrize(
        ("more", "told"),
        [
            (("--engine", "spark"), "The engine 'spark' is unknown; give local or ray."),
            (("--jobs", "0"), "--jobs is 0; give 1 to 1,024."),
            (("--address", "there:1"), "--address and --store belong to --engine ray"),
        ],
    )
    def test_options_that_do_not_fit_are_told(
        self,
        more: tuple[str, ...],
        told: str,
        twelve: Data,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        assert run(self.words(twelve, tmp_path / "out", *more)) == 2
        assert told in capsys.readouterr().err

    def test_without_ray_it_says_what_to_install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(on_ray, "find_spec", lambda name: None)
        with pytest.raises(DeviceError, match=r'pip install "gridsal\[cluster\]"'):
            on_ray.check_ray()
