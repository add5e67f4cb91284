"""The report of a survey as one HTML file: no script, nothing is fetched, everything is inside."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Final

from gridsal_core.report.style import STYLE
from gridsal_core.survey.best import Example
from gridsal_core.survey.bias import Pair
from gridsal_core.survey.bootstrap import LEAST_IMAGES
from gridsal_core.survey.difference import DifferenceTable
from gridsal_core.survey.examples import example_png
from gridsal_core.survey.kinds import SECTION_TITLES
from gridsal_core.survey.ledger import Ledger
from gridsal_core.survey.tables import Cell, Contrast, Estimate, Row, Table, why_empty

_PAIRS_SHOWN: Final = 20
_PAIRS_PICTURED: Final = 8
_PICTURES: Final = 3
_IMAGES_LISTED: Final = 20

# Nothing may be loaded or run, whatever a class or a file is called.
_POLICY: Final = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_STYLE: Final = (
    STYLE
    + """
body { max-width: 76rem; }
table { font-variant-numeric: tabular-nums; }
td.significant { font-weight: 700; color: var(--accent); }
td small { display: block; color: var(--pale); font-weight: 400; white-space: nowrap; }
figure { display: inline-block; width: 240px; margin: .4rem .6rem .4rem 0; }
figcaption { font-size: .75rem; color: var(--pale); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; }
dt { color: var(--pale); } dd { margin: 0; }
td.number { white-space: nowrap; }
td.files { overflow-wrap: anywhere; }
@media print { @page { size: A4 landscape; margin: 12mm; }
  table { font-size: 7pt; } th, td { padding: .15rem .3rem; }
  p img { max-height: 170mm; break-inside: avoid; } figure { width: 200px; } }
"""
)


def survey_page(
    ledger: Ledger,
    images: Path,
    tables: Sequence[Table],
    figures: Sequence[str],
    by_excess: Sequence[Pair],
    by_flips: Sequence[Pair],
) -> str:
    """Write the report of one survey.

    Parameters
    ----------
    ledger, images
        The survey, and where its images are.
    tables, figures
        Its tables, and each of them as SVG.
    by_excess, by_flips
        The pairs of the bias finder.
    """
    survey = ledger.survey
    parts = [
        f"<h1>What context {escape(survey.network)} looks at</h1>",
        _facts(ledger),
        *(f"<p>{why_empty(ledger)}</p>" for _ in range(not tables)),
    ]
    for table, figure in zip(tables, figures, strict=True):
        parts += [
            f"<h2>{escape(SECTION_TITLES[table.section])}</h2>",
            _in_words(table),
            _drawing(figure),
            _shares(table),
        ]
    parts += _bias(ledger, images, by_excess, by_flips)
    parts.append(_how(ledger, tables))
    parts.append(_left_out(ledger))
    return _page(f"Survey of {survey.network}", parts)


def difference_page(
    one: Ledger, other: Ledger, tables: Sequence[DifferenceTable], figures: Sequence[str]
) -> str:
    """Write the report of two surveys."""
    names = escape(one.survey.network), escape(other.survey.network)
    parts = [
        f"<h1>{names[0]} and {names[1]} on the same images</h1>",
        f"<p>A is {names[0]} ({escape(one.folder.name)}), B is {names[1]} "
        f"({escape(other.folder.name)}). Cells are "
        "the share of the salient context in A minus that in B, in percentage points, with "
        "intervals that hold together at 95 %; in colour where they exclude 0. Images are drawn "
        f"again for both alike. Rows of fewer than {LEAST_IMAGES} images are not tested.</p>",
    ]
    for table, figure in zip(tables, figures, strict=True):
        classes = [info.name for info in table.classes]
        rows = (
            [
                _name(table.name(row)),
                _number(f"{row.items[0]:,} / {row.items[1]:,}"),
                *(_contrast(each) for each in row.contrasts),
            ]
            for row in table.rows
        )
        parts += [
            f"<h2>{escape(SECTION_TITLES[table.section])}</h2>",
            _drawing(figure),
            _table([*_words("Requests"), *_numbers("A / B", *classes)], rows),
        ]
    return _page(f"{one.survey.network} and {other.survey.network}", parts)


def _page(title: str, parts: Iterable[str]) -> str:
    body = "\n".join(part for part in parts if part)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n<body>\n{body}\n"
        "</body></html>\n"
    )


def _facts(ledger: Ledger) -> str:
    survey = ledger.survey
    states = [state for state in ledger.states() if not state.note]
    given = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in survey.given.items())
    facts = {
        "Network": f"{survey.network}, weights {survey.network_sha256[:8] or 'without a hash'}",
        "Images": f"{len(states)} finished, in {ledger.place}",
        "Requests": f"{ledger.item_count} ({', '.join(survey.kinds)})",
        "Classes": ", ".join(survey.classes[i].name for i in survey.requested) or "all",
        "Minimal size": (
            "the paper's 10,000 (segments) and 625 pixels (parts, confusions) at 1024 x 2048, "
            "scaled with the image's area"
            if survey.min_pixels is None
            else f"{survey.min_pixels} pixels"
        ),
        "Settings": given or "as suggested for each image's size",
        "Context counts by": "label maps" if survey.source == "labels" else "the prediction",
        "Baseline": (
            "dilation by the side of a mask cell"
            if survey.width is None
            else f"dilation by {survey.width} pixels"
        ),
    }
    items = (f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts.items())
    return f"<dl>{''.join(items)}</dl>"


def _in_words(table: Table) -> str:
    sentences = []
    for row in table.rows:
        if not row.cells:
            sentences.append(f"<li>{escape(table.name(row))}: no map shows any context.</li>")
            continue
        order = sorted(range(len(row.cells)), key=lambda index: -row.cells[index].share.value)
        told = [
            f"{escape(table.classes[index].name)} ({_percent(row.cells[index].share.value)}, "
            f"baseline {_percent(row.cells[index].baseline.value)})"
            for index in order[:3]
            if row.cells[index].share.value > 0
        ]
        sentences.append(
            f"<li><b>{escape(table.name(row))}</b> looked at {', '.join(told)}.{_needed(row)}</li>"
        )
    return f"<ul>{''.join(sentences)}</ul>"


def _needed(row: Row) -> str:
    verdicts = dict(row.verdicts)
    needed = sum(verdicts.get(verdict, 0) for verdict in ("context", "partial"))
    flips = f" Without it, the label flipped in {row.flipped} of {row.tried}." if row.tried else ""
    # Gradients say where a score is sensitive, and not what it needs.
    if set(verdicts) == {"sensitivity"}:
        return flips
    return f" Context was needed in {needed} of {row.items} requests.{flips}"


def _shares(table: Table) -> str:
    classes = (info.name for info in table.classes)
    head = [*_words("Requests"), *_numbers("Number", "Images", *classes)]
    rows = (
        [
            _name(table.name(row)),
            _number(f"{row.items:,}"),
            _number(f"{row.images:,}"),
            *(_share(cell) for cell in row.cells),
        ]
        for row in table.rows
    )
    return _table(head, rows)


def _share(cell: Cell) -> str:
    marks = [("baseline", cell.excess), ("correct", cell.against_correct)]
    is_significant = any(each is not None and each.is_significant for _, each in marks)
    against = "".join(
        f"<small>{'+' if each.value > 0 else '−'} {word}</small>"
        for word, each in marks
        if each is not None and each.is_significant
    )
    title = f"baseline {_spread(cell.baseline)}"
    kind = _kind(is_significant)
    return (
        f'<td{kind} title="{escape(title)}">{_percent(cell.share.value)}'
        f"<small>{_ends(cell.share)}</small>{against}</td>"
    )


def _contrast(contrast: Contrast) -> str:
    kind = _kind(contrast.is_significant)
    ends = ""
    if not math.isnan(contrast.low):
        ends = f"<small>{_points(contrast.low)} to {_points(contrast.high)}</small>"
    return f"<td{kind}>{_points(contrast.value)}{ends}</td>"


def _bias(
    ledger: Ledger, images: Path, by_excess: Sequence[Pair], by_flips: Sequence[Pair]
) -> list[str]:
    parts = ["<h2>Bias finder</h2>"] if by_excess or by_flips else []
    if by_excess:
        parts += [
            "<p>Which class of the context a request relies on beyond what lies around it in any "
            "case. In colour: the excess is significant.</p>",
            _pair_table((pair, pair.cell.examples) for pair in by_excess[:_PAIRS_SHOWN]),
        ]
    if by_flips:
        parts += [
            "<p>Removing the salient context of one class flips the label most often here, by the "
            "lower end of the interval of the flip rate:</p>",
            _pair_table((pair, pair.cell.flip_examples) for pair in by_flips[:_PAIRS_SHOWN]),
        ]
    for pair in by_excess[:_PAIRS_PICTURED]:
        shown = []
        for example in pair.cell.examples[:_PICTURES]:
            picture = example_png(ledger, images, example.identity)
            if picture is not None:
                shown.append(
                    f'<figure><img alt="" src="data:image/png;base64,{picture}">'
                    f"<figcaption>{escape(example.image)}</figcaption></figure>"
                )
        if shown:
            parts.append(f"<h3>{escape(pair.name)}</h3>{''.join(shown)}")
    return parts


def _pair_table(pairs: Iterable[tuple[Pair, Sequence[Example]]]) -> str:
    rows = (
        [
            _name(pair.table.name(pair.row)),
            _name(pair.table.classes[pair.context].name),
            _number(_percent(pair.cell.share.value)),
            _number(_percent(pair.cell.baseline.value)),
            _contrast(pair.cell.excess),
            _number(f"{pair.cell.flipped} of {pair.cell.tried}" if pair.cell.tried else "–"),
            _files(each.image for each in examples[:_PICTURES]),
        ]
        for pair, examples in pairs
    )
    numbers = _numbers("Share", "Baseline", "Excess", "Flipped")
    head = [*_words("Requests", "Context"), *numbers, *_words("Shown best by")]
    return _table(head, rows)


def _how(ledger: Ledger, tables: Sequence[Table]) -> str:
    if not tables:
        return ""
    sampling = tables[0].sampling
    flips = (
        " Flips: salient context (saliency of at least 0.5) is removed, of all classes or of one "
        "alone that holds a tenth of it, and the network predicts again; a request is flipped if "
        "at least half of its pixels are predicted as another class then."
        if ledger.survey.flips
        else ""
    )
    return (
        "<h2>How it was computed</h2><p>Each context pixel votes for its class with its saliency; "
        "votes are summed over the requests of a row, and normalised. The baseline is the same "
        "with a dilation of the region in place of the map. Intervals under shares: bootstrap over "
        f"images ({sampling.replicates:,} replicates with Poisson weights, seed {sampling.seed}), "
        "percentiles 2.5 and 97.5. Significant differences: the bootstrap interval of the "
        "difference, widened by the max-T method so that all intervals of a table hold together at "
        f"95 %, excludes 0. Rows of fewer than {LEAST_IMAGES} images are not tested.{flips}</p>"
    )


def _left_out(ledger: Ledger) -> str:
    notes = [state.note for state in ledger.states() if state.note]
    if not notes:
        return ""
    shown = "".join(f"<li>{escape(note)}</li>" for note in notes[:_IMAGES_LISTED])
    rest = len(notes) - _IMAGES_LISTED
    more = f"<li>and {rest} more</li>" if rest > 0 else ""
    return f"<h2>Images that were left out ({len(notes)})</h2><ul>{shown}{more}</ul>"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table; cells and their heads come with their tags."""
    top = "".join(head)
    body = "".join(f"<tr>{''.join(cells)}</tr>" for cells in rows)
    return (
        f'<div class="wide"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def _words(*names: str) -> list[str]:
    return [f"<th>{escape(name)}</th>" for name in names]


def _numbers(*names: str) -> list[str]:
    return [f'<th class="number">{escape(name)}</th>' for name in names]


def _name(text: str) -> str:
    return f"<td>{escape(text)}</td>"


def _number(text: str) -> str:
    return f'<td class="number">{escape(text)}</td>'


def _files(names: Iterable[str]) -> str:
    return f'<td class="files">{escape(", ".join(names))}</td>'


def _kind(is_significant: bool) -> str:
    return ' class="number significant"' if is_significant else ' class="number"'


def _percent(value: float) -> str:
    return "–" if math.isnan(value) else f"{100 * value:.1f}\u00a0%"


def _points(value: float) -> str:
    return "–" if math.isnan(value) else f"{100 * value:+.1f}".replace("-", "−")


def _ends(estimate: Estimate) -> str:
    if math.isnan(estimate.low):
        return ""
    return f"{100 * estimate.low:.1f} to {100 * estimate.high:.1f}"


def _spread(estimate: Estimate) -> str:
    return f"{_percent(estimate.value)} ({_ends(estimate)})"


def _drawing(svg: str) -> str:
    """Put a drawing into the page as an image, where its names meet those of no other."""
    data = base64.b64encode(svg.encode()).decode()
    return f'<p><img alt="Heat map" src="data:image/svg+xml;base64,{data}"></p>'
