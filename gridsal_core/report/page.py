"""The page of a report: HTML whose every word is escaped, with its pictures inside."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from pathlib import Path
from typing import BinaryIO, Final

from gridsal_core.atomic import write_atomic
from gridsal_core.errors import RequestError
from gridsal_core.methods import METHOD_INFOS
from gridsal_core.report.entry import ReportEntry
from gridsal_core.report.style import STYLE
from gridsal_core.session.kept import KeptResult

# Nothing may be loaded or run, whatever a class or a note is called.
_POLICY: Final = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_SCORES: Final = ("on the image", "object alone", "with the map")


@dataclass(frozen=True)
class ReportHead:
    """What a report is called, when it was made, and by which version of GridSal."""

    title: str
    created: datetime
    version: str


def write_report(head: ReportHead, entries: Sequence[ReportEntry], path: Path) -> None:
    """Write a report as one HTML file that refers to nothing outside itself.

    Raises
    ------
    RequestError
        If there is no result.
    OutputError
        If the file cannot be written.
    """
    if not entries:
        raise RequestError("There is no result to report; run an explanation first.")

    def write(file: BinaryIO) -> None:
        for part in report_html(head, entries):
            file.write(part.encode("utf-8", "replace"))

    write_atomic(path, write)


def report_html(head: ReportHead, entries: Sequence[ReportEntry]) -> Iterator[str]:
    """Yield the page part by part."""
    title = _text(head.title)
    yield (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"<header><h1>{title}</h1>\n<p>{_told(head, entries)}</p></header>\n"
    )
    yield _contents(entries)
    yield _summary(entries)
    yield '<section id="results"><h2>Results</h2>\n'
    for number, entry in enumerate(entries, start=1):
        yield _result(number, entry)
    yield "</section>\n"
    yield _provenance(head, entries)
    yield "</body>\n</html>\n"


def _told(head: ReportHead, entries: Sequence[ReportEntry]) -> str:
    count = len(entries)
    networks = sorted({entry.kept.network for entry in entries})
    images = {entry.kept.image_path for entry in entries}
    return (
        f"{count} result{'s' if count > 1 else ''} on {len(images)} image"
        f"{'s' if len(images) > 1 else ''}, of {_text(', '.join(networks))}. "
        f"Written {head.created:%Y-%m-%d %H:%M} UTC."
    )


def _contents(entries: Sequence[ReportEntry]) -> str:
    items = "".join(
        f'<li><a href="#result-{number}">{_text(_title(entry.kept))}</a></li>\n'
        for number, entry in enumerate(entries, start=1)
    )
    return (
        '<nav><h2>Contents</h2>\n<ul><li><a href="#summary">Summary</a></li>\n'
        f'<li><a href="#results">Results</a><ol>\n{items}</ol></li>\n'
        '<li><a href="#provenance">Provenance</a></li></ul></nav>\n'
    )


def _summary(entries: Sequence[ReportEntry]) -> str:
    words = ("Image", "Class", "True class", "Region", "Method")
    rows = []
    for number, entry in enumerate(entries, start=1):
        kept = entry.kept
        cells = [
            f'<td class="number"><a href="#result-{number}">{number}</a></td>',
            f'<td>{_text(_image(kept))}</td><td class="name">{_text(kept.class_info.name)}</td>',
            f'<td class="name">{_text(_true(kept))}</td>',
            f"<td>{_text(kept.origin)}</td><td>{_text(_method(kept))}</td>",
            *(f'<td class="number">{score}</td>' for score in _scores(kept, missing="–")),
            f"<td>{_text(entry.headline)}</td><td>{_text(', '.join(kept.tags))}</td>",
        ]
        rows.append(f"<tr>{''.join(cells)}</tr>\n")
    header = (
        '<th class="number">#</th>'
        + "".join(f"<th>{each}</th>" for each in words)
        + "".join(f'<th class="number">{_capital(each)}</th>' for each in _SCORES)
        + "<th>Verdict</th><th>Tags</th>"
    )
    return (
        '<section id="summary"><h2>Summary</h2>\n'
        "<p>Scores are means over the region that was explained.</p>\n"
        f'<div class="wide"><table><thead><tr>{header}</tr></thead>\n'
        f"<tbody>\n{''.join(rows)}</tbody></table></div></section>\n"
    )


def _result(number: int, entry: ReportEntry) -> str:
    kept = entry.kept
    said = "".join(
        f"<div><dt>{_capital(name)}</dt><dd>{score}</dd></div>"
        for name, score in zip(_SCORES, _scores(kept), strict=True)
        if score
    )
    picture = base64.b64encode(entry.png).decode("ascii")
    described = _text(f"Figure of {_title(kept)}: {entry.headline}")
    tags = "".join(f'<span class="tag">{_text(tag)}</span>' for tag in kept.tags)
    note = f'<p class="note">{_text(kept.note)}</p>\n' if kept.note else ""
    settings = _text(" · ".join(entry.settings))
    return (
        f'<article id="result-{number}"><h3>{number}. {_text(_title(kept))}</h3>\n'
        f'<img src="data:image/png;base64,{picture}" alt="{described}">\n'
        f"<p><strong>{_text(entry.headline)}</strong> {_text(entry.detail)}</p>\n"
        f'<dl class="scores">{said}</dl>\n'
        f"{note}{f'<p>{tags}</p>' if tags else ''}\n"
        f'<p class="small">{settings}</p>\n'
        f'<p class="small">{kept.created:%Y-%m-%d %H:%M} UTC · {kept.region_pixels:,} pixels · '
        f"{kept.identity}</p></article>\n"
    )


def _provenance(head: ReportHead, entries: Sequence[ReportEntry]) -> str:
    networks = sorted({(entry.kept.network, entry.kept.network_sha256) for entry in entries})
    versions = sorted({pair for entry in entries for pair in entry.versions})
    images = sorted({str(e.kept.image_path) for e in entries if e.kept.image_path is not None})
    return (
        '<section id="provenance"><h2>Provenance</h2>\n<h3>Networks</h3><ul>'
        + "".join(
            f"<li>{_text(name)}<br><code>SHA-256 {_text(sha256)}</code></li>"
            for name, sha256 in networks
        )
        + "</ul>\n<h3>Images</h3><ul>"
        + "".join(f"<li><code>{_text(path)}</code></li>" for path in images)
        + "</ul>\n<h3>Software</h3><ul>"
        + "".join(f"<li>{_text(name)} {_text(version)}</li>" for name, version in versions)
        + f"</ul>\n<p>Written by GridSal {_text(head.version)}.</p></section>\n"
    )


def _title(kept: KeptResult) -> str:
    how = f", {_method(kept)}" if kept.settings.is_gradient else ""
    truly = f", truly {_true(kept)}" if kept.true_class not in (None, kept.class_index) else ""
    return f"{kept.class_info.name} in {_image(kept)}, {kept.origin}{truly}{how}"


def _true(kept: KeptResult) -> str:
    return "" if kept.true_info is None else kept.true_info.name


def _method(kept: KeptResult) -> str:
    return METHOD_INFOS[kept.settings.method].title


def _scores(kept: KeptResult, missing: str = "") -> tuple[str, str, str]:
    """Write the scores; of gradients only the image's, since they keep nothing to be scored."""
    scores = (kept.scores.image, kept.scores.object_alone, kept.scores.perturbed)
    first, alone, mapped = (f"{score:.3f}" for score in scores)
    return (first, missing, missing) if kept.settings.is_gradient else (first, alone, mapped)


def _image(kept: KeptResult) -> str:
    if kept.image_path is None:
        return "an image"
    page = f" page {kept.page + 1}" if kept.page else ""
    return f"{kept.image_path.name}{page}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _text(text: str) -> str:
    return escape(text, quote=True)
