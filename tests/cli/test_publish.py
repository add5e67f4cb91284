"""`gridsal figure`, `gridsal export`, `gridsal report`: what they write, what they refuse."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gridsal_core import Explanation, Request, Settings, load_network, read_image
from gridsal_core import explain as compute
from gridsal_core.regions import read_region
from gridsal_core.session import SessionDocument, kept_result, write_kept, write_session
from gridsal_core.session.document import NetworkEntry
from gridsal_core.session.export import write_table
from gridsal_core.types import ClassInfo, RegionOrigin
from tests.cli.conftest import SIZE, Ask, Scene

HOSTILE = '<script>alert("1")</script><img src=http://evil.example/x onerror=alert(1)>'
QUICK = Settings(mask_size=(3, 4), steps=3, init=0.5)


@pytest.fixture(scope="module")
def session(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three results: the correct and the erroneous part by one method, and one by another."""
    folder = tmp_path_factory.mktemp("session")
    network = load_network(str(scene.model), "cpu")
    image, region = read_image(scene.image), read_region(scene.region, SIZE)

    def made(origin: RegionOrigin, settings: Settings = QUICK) -> Explanation:
        true = 2 if origin == "erroneous part" else 1
        request = Request(image, region, 1, origin, scene.image, true_class=true)
        found = compute(network, request, settings)
        names = (*found.classes[:1], ClassInfo(HOSTILE, (0, 255, 0)), *found.classes[2:])
        return replace(found, classes=names)

    found = [
        made("correct part"),
        made("erroneous part"),
        made("correct part", replace(QUICK, method="grid")),
    ]
    (folder / "explanations").mkdir()
    kept = [kept_result(each) for each in found]
    kept[0] = replace(kept[0], note=f"=1+1 {HOSTILE}\nsecond line", tags=("rider",))
    for each, explanation in zip(kept, found, strict=True):
        write_kept(explanation, folder / "explanations" / f"{each.identity}.npz")
    entry = NetworkEntry(source=str(scene.model), name="net", sha256=network.sha256)
    document = SessionDocument(networks=(entry,), results=tuple(kept))
    write_session(document, folder / "work.gridsal", folder)
    return folder / "work.gridsal"


class TestFigure:
    @pytest.mark.parametrize(
        ("options", "panels"),
        [
            (("--results", "1"), 3),
            (("--results", "rider"), 3),
            (("--results", "1-2"), 3),
            (("--kind", "methods", "--results", "1,3"), 3),
            (("--kind", "what-if", "--results", "1", "--change", "remove,keep"), 6),
            (("--kind", "sheet"), 3),
        ],
    )
    def test_every_kind_is_drawn_from_a_session(
        self, ask: Ask, session: Path, tmp_path: Path, options: tuple[str, ...], panels: int
    ) -> None:
        out = tmp_path / "figure.svg"
        answer = ask("figure", session, *options, "--size", "180mm", "--out", out, "--no-color-bar")
        assert answer.status == 0, answer.err
        text = out.read_text("utf-8")
        assert text.count("<image ") == panels
        assert 'width="510.2' in text
        assert "<script" not in text

    def test_size_look_and_preset_are_as_asked(
        self, ask: Ask, session: Path, tmp_path: Path
    ) -> None:
        out, look = tmp_path / "figure.png", tmp_path / "look.json"
        look.write_text('{"color_map": "viridis", "dpi": 100, "small_print": false}')
        common = ("figure", session, "--results", 1, "--out", out, "--preset", look)
        answer = ask(*common, "--size", "120x90mm", "--caption", "none", "--letters", "A")
        assert answer.status == 0, answer.err
        assert Image.open(out).size == (472, 354)

    def test_data_files_are_drawn_without_the_perturbed_image(
        self, ask: Ask, explain: Ask, scene: Scene, tmp_path: Path
    ) -> None:
        data, out = tmp_path / "a.npz", tmp_path / "a.svg"
        assert explain("--region", scene.region, "--out", data).status == 0
        answer = ask("figure", data, data, "--out", out)
        assert answer.status == 0, answer.err
        assert "region: file" in out.read_text("utf-8").replace("\N{NO-BREAK SPACE}", " ")
        assert (
            "leave its panel out"
            in ask("figure", data, "--panels", "perturbed", "--out", out).sentence
        )

    @pytest.mark.parametrize("damage", [b"", b"PK\x03\x04", b"x" * 99])
    def test_a_damaged_data_file_is_told(self, ask: Ask, tmp_path: Path, damage: bytes) -> None:
        (tmp_path / "a.npz").write_bytes(damage)
        answer = ask("figure", tmp_path / "a.npz", "--out", tmp_path / "a.png")
        assert "is damaged or no data file" in answer.sentence

    def test_an_archive_with_pickles_or_other_shapes_is_told(
        self, ask: Ask, explain: Ask, scene: Scene, tmp_path: Path
    ) -> None:
        data = tmp_path / "a.npz"
        assert explain("--region", scene.region, "--out", data).status == 0
        with np.load(data) as file:
            whole = dict(file)
        for change in (
            {"mask": np.array([{}], object)},
            {"saliency": whole["saliency"][:3]},
            {"class_index": np.int64(99)},
            {"settings": np.array("[1]")},
            {"region": np.zeros(SIZE, np.bool_)},
        ):
            np.savez(data, **{**whole, **change})
            assert ask("figure", data, "--out", tmp_path / "a.png").sentence.endswith(".")

    @pytest.mark.parametrize(
        ("options", "told"),
        [
            (("--results", "9"), "no result '9'"),
            (("--results", ""), "No result is named"),
            (("--kind", "poster"), "choose single, pair"),
            (("--size", "a4"), "write it as 180mm"),
            (("--preset", "nobody"), "There is no preset"),
            (("--panels", "sky"), "choose image"),
            (("--out", "a.jpg"), ".png, .svg or .pdf"),
            (("--kind", "single"), "holds one explanation"),
            (("--font", "No Such Face"), "not installed"),
            (("--size", "20x20mm"), "larger"),
        ],
    )
    def test_what_makes_no_sense_is_refused(
        self, ask: Ask, session: Path, tmp_path: Path, options: tuple[str, ...], told: str
    ) -> None:
        answer = ask("figure", session, "--out", tmp_path / "a.png", *options)
        assert told in answer.sentence

    def test_what_is_no_session_is_told(self, ask: Ask, tmp_path: Path) -> None:
        (tmp_path / "a.gridsal").write_bytes(b"nothing")
        for command in ("figure", "report", "export"):
            out = tmp_path / ("a.png" if command == "figure" else "a.json")
            assert "a.gridsal" in ask(command, tmp_path / "a.gridsal", "--out", out).sentence


class TestExport:
    def test_a_table_has_one_row_for_each_result(
        self, ask: Ask, session: Path, tmp_path: Path
    ) -> None:
        out = tmp_path / "a.csv"
        assert ask("export", session, "--out", out).status == 0
        with out.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        assert [row["region"] for row in rows] == ["correct part", "erroneous part", "correct part"]
        assert rows[0]["note"].startswith("'=1+1 <script>")
        assert [row["true_class_index"] for row in rows] == ["1", "2", "1"]
        assert rows[1]["true_class"] == "sky"
        assert rows[2]["method"] == "grid"
        assert rows[0]["mask_size"] == "3x4"

    def test_a_document_and_archives_hold_all_of_it(
        self, ask: Ask, session: Path, scene: Scene, tmp_path: Path
    ) -> None:
        assert ask("export", session, "--out", tmp_path / "a.json").status == 0
        records = json.loads((tmp_path / "a.json").read_text())["results"]
        assert records[0]["tags"] == ["rider"]
        assert records[0]["image"] == str(scene.image)
        assert records[0]["settings"]["steps"] == 3
        out = tmp_path / "archives"
        answer = ask("export", session, "--format", "npz", "--out", out, "--results", "2-3")
        assert answer.status == 0, answer.err
        files = sorted(out.iterdir())
        assert [file.name.split("_")[-1] for file in files] == ["context.npz", "grid.npz"]
        with np.load(files[0]) as archive:
            assert archive["mask"].shape == (3, 4)

    def test_no_results_make_an_empty_table(self, tmp_path: Path) -> None:
        write_table([], tmp_path / "a.csv")
        assert (tmp_path / "a.csv").exists()

    def test_other_formats_are_refused(self, ask: Ask, session: Path, tmp_path: Path) -> None:
        answer = ask("export", session, "--out", tmp_path / "a.xlsx")
        assert "choose npz, csv or json" in answer.sentence


class Page(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.ids: set[str] = set()
        self.handlers: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name in ("src", "href"):
                self.addresses.append(value or "")
            if name == "id":
                self.ids.add(value or "")
            if name.startswith("on"):
                self.handlers.append(name)


class TestReport:
    @pytest.fixture
    def text(self, ask: Ask, session: Path, tmp_path: Path) -> str:
        out = tmp_path / "report.html"
        answer = ask("report", session, "--out", out, "--title", HOSTILE)
        assert answer.status == 0, answer.err
        return out.read_text("utf-8")

    def test_nothing_in_it_runs_or_leads_outside(self, text: str) -> None:
        page = Page(text)
        assert "script" not in page.tags
        assert page.handlers == []
        assert page.tags.count("img") == 3
        for address in page.addresses:
            assert address.startswith(("data:image/png;base64,", "#"))
            assert not address.startswith("#") or address[1:] in page.ids
        style = re.search(r"<style>(.*?)</style>", text, re.S)
        assert style is not None
        assert "url(" not in style[1]
        assert "@import" not in style[1]
        assert "default-src 'none'" in text

    def test_it_tells_all_of_each_result(self, text: str) -> None:
        assert text.count("<article") == 3
        assert "second line" in text
        assert "rider" in text
        assert "&lt;script&gt;" in text
        assert "prefers-color-scheme: dark" in text
        assert ", erroneous part, truly " in text
        assert ", correct part, truly " not in text
        for word in ("Contents", "Summary", "Provenance", "SHA-256", "erroneous part"):
            assert word in text

    def test_a_missing_image_is_told_and_found_where_it_is_now(
        self, ask: Ask, session: Path, scene: Scene, tmp_path: Path
    ) -> None:
        new = tmp_path / "moved"
        away = scene.image.parent.with_name("away")
        scene.image.parent.rename(away)
        try:
            out = tmp_path / "a.html"
            assert scene.image.name in ask("report", session, "--out", out).sentence
            new.symlink_to(away, target_is_directory=True)
            answer = ask("report", session, "--out", out, "--images", new)
            assert answer.status == 0, answer.err
        finally:
            away.rename(scene.image.parent)
