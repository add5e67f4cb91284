"""The files of a survey: tables, pictures and the page."""

from __future__ import annotations

import csv
import importlib.util
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gridsal_core.errors import OutputError
from gridsal_core.network import SegmentationNetwork
from gridsal_core.survey import files
from gridsal_core.survey.bootstrap import Sampling
from gridsal_core.survey.engine import run_survey
from gridsal_core.survey.ledger import Ledger
from gridsal_core.survey.picture import spelt
from gridsal_core.survey.report import write_difference, write_report
from gridsal_core.survey.tables import Table
from tests.engine.networks import Convolutions, wrap
from tests.survey.conftest import Ask, Town

FEW = Sampling(replicates=200)
HAS_PYARROW = importlib.util.find_spec("pyarrow") is not None
Written = tuple[Path, tuple[Table, ...]]


def read(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


@pytest.fixture(scope="module")
def written(surveyed: Path, town: Town, tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("written") / "out"
    shutil.copytree(surveyed, folder)
    with Ledger.open(folder) as ledger:
        return folder, write_report(ledger, town.images, sampling=FEW)


def test_every_cell_of_the_tables_is_a_line(written: Written) -> None:
    folder, tables = written
    lines = read(folder / "shares.csv")
    cells = [cell for table in tables for row in table.rows for cell in row.cells]
    assert len(lines) == len(cells) > 30
    for line, cell in zip(lines, cells, strict=True):
        assert float(line["share"]) == cell.share.value  # not a digit is lost
        assert float(line["excess"]) == pytest.approx(cell.excess.value)
        has_test = line["excess_low"] != ""
        assert line["excess_significant"] in (("yes", "no") if has_test else ("",))


def test_every_request_is_a_line(written: Written, surveyed: Path) -> None:
    lines = read(written[0] / "items.csv")
    with Ledger.open(surveyed) as ledger:
        results = list(ledger.summaries())
    assert [line["identity"] for line in lines] == [each.identity for each in results]
    for line, each in zip(lines, results, strict=True):
        votes = [float(line[f"votes class {index}"]) for index in range(3)]
        assert votes == list(each.votes.weights)
        assert line["verdict"] == each.verdict
        assert (line["true_class"] == "") == (each.true_class is None)


def test_pictures_are_drawn_in_three_formats(written: Written) -> None:
    folder, _ = written
    for name in ("figure6", "table1", "parts"):
        with Image.open(folder / f"{name}.png") as picture:
            assert np.asarray(picture.convert("L")).std() > 10
        assert b"<svg" in (folder / f"{name}.svg").read_bytes()
        assert (folder / f"{name}.pdf").read_bytes().startswith(b"%PDF")


def test_the_report_needs_no_other_file_and_runs_nothing(written: Written) -> None:
    page = (written[0] / "report.html").read_text("utf-8")
    assert not re.findall(r"<(?:script|link|iframe|object)", page)
    sources = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert sources
    assert all(source.startswith("data:image/") for source in sources)
    assert page.count("<h2>") >= 5
    assert "Bias finder" in page
    assert "street0.png" in page


def test_a_report_of_moved_images_does_without_pictures(written: Written, tmp_path: Path) -> None:
    with Ledger.open(written[0]) as ledger:
        shutil.copytree(written[0], tmp_path / "copy")
    with Ledger.open(tmp_path / "copy") as ledger:
        write_report(ledger, tmp_path / "gone", sampling=FEW)
    assert "data:image/png" not in (tmp_path / "copy" / "report.html").read_text("utf-8")


def test_names_are_no_markup(
    tmp_path: Path, town: Town, network: SegmentationNetwork, asked: Ask
) -> None:
    survey = asked(("predicted",))
    named = type(survey)(**(vars(survey) | {"network": "<script>alert(1)</script>"}))
    with Ledger.begin(tmp_path / "out", named, str(town.images)) as ledger:
        run_survey(network, town.data, ledger)
        write_report(ledger, town.images, sampling=FEW)
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert "<script" not in page


def test_a_survey_without_requests_says_so(
    tmp_path: Path, town: Town, network: SegmentationNetwork, asked: Ask
) -> None:
    survey = asked(("predicted",), min_pixels=10_000)
    with Ledger.begin(tmp_path / "out", survey, str(town.images)) as ledger:
        run_survey(network, town.data, ledger)
        assert write_report(ledger, town.images, sampling=FEW) == ()
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert "No region was large enough" in page


def test_two_networks_on_the_same_images(
    surveyed: Path, tmp_path: Path, town: Town, asked: Ask
) -> None:
    other = wrap(Convolutions(3, seed=8), 3)
    survey = asked()
    survey = type(survey)(**(vars(survey) | {"network": "the other"}))
    with Ledger.begin(tmp_path / "b", survey, str(town.images)) as ledger:
        run_survey(other, town.data, ledger)
    with Ledger.open(surveyed) as one, Ledger.open(tmp_path / "b") as two:
        write_difference(one, two, tmp_path / "out", sampling=FEW)
        write_report(two, town.images, sampling=FEW)
    lines = read(tmp_path / "out" / "differences.csv")
    assert lines
    for line in lines:
        difference = float(line["share_a"]) - float(line["share_b"])
        assert float(line["difference"]) == pytest.approx(difference)
    shares = {
        (line["class"], line["context_class"]): line["share"]
        for line in read(tmp_path / "b" / "shares.csv")
        if line["section"] == "predicted"
    }
    for line in lines:
        if line["section"] == "predicted":
            assert line["share_b"] == shares[line["requests"], line["context_class"]]
    assert "the other" in (tmp_path / "out" / "report.html").read_text("utf-8")
    assert (tmp_path / "out" / "difference_figure6.png").is_file()


def test_surveys_of_other_classes_cannot_be_compared(
    surveyed: Path, tmp_path: Path, town: Town, asked: Ask, network: SegmentationNetwork
) -> None:
    survey = asked(("predicted",), source="prediction")
    fewer = type(survey)(**(vars(survey) | {"classes": survey.classes[:2]}))
    for name, definition, told in (
        ("b", survey, "counts by label maps"),
        ("c", fewer, "have other classes"),
        ("d", asked(), "no kind of request"),
    ):
        with (
            Ledger.begin(tmp_path / name, definition, str(town.images)) as two,
            Ledger.open(surveyed) as one,
            pytest.raises(OutputError, match=told),
        ):
            write_difference(one, two, tmp_path / "out")


def test_parquet_without_pyarrow_is_told_in_a_sentence(
    surveyed: Path, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "find_spec", lambda _name: None)
    with Ledger.open(surveyed) as ledger, pytest.raises(OutputError, match=r"gridsal\[parquet\]"):
        write_report(ledger, town.images, parquet=True, sampling=FEW)


@pytest.mark.skipif(not HAS_PYARROW, reason="pyarrow is not installed")
def test_parquet_holds_what_csv_holds(surveyed: Path, tmp_path: Path, town: Town) -> None:
    import pyarrow.parquet

    shutil.copytree(surveyed, tmp_path / "copy")
    with Ledger.open(tmp_path / "copy") as ledger:
        write_report(ledger, town.images, parquet=True, sampling=FEW)
    for name in ("items", "shares", "bias"):
        lines = read(tmp_path / "copy" / f"{name}.csv")
        records = pyarrow.parquet.read_table(tmp_path / "copy" / f"{name}.parquet").to_pylist()
        assert len(lines) == len(records)
        for line, record in zip(lines, records, strict=True):
            assert line.keys() == record.keys()
            for column, value in record.items():
                if value is None:
                    assert line[column] == ""
                elif isinstance(value, bool):
                    assert line[column] == ("yes" if value else "no")
                else:
                    assert type(value)(line[column]) == value


def test_shares_are_spelt_as_in_the_paper() -> None:
    assert [spelt(value) for value in (0.314, 1.0, 0.004, -0.2, float("nan"))] == [
        ".31",
        "1.00",
        "",
        "−.20",
        "–",
    ]
