"""The style of a report, for light and dark screens and for paper."""

from typing import Final

STYLE: Final = """
:root { color-scheme: light dark; --ink: #1a1a1a; --pale: #5a5a5a; --ground: #ffffff;
  --line: #d8d8d8; --raised: #f4f5f7; --accent: #0b57d0; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e8e8; --pale: #a8a8a8;
  --ground: #17181a; --line: #3a3b3e; --raised: #222427; --accent: #8ab4f8; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground);
  max-width: 62rem; margin: 2rem auto; padding: 0 1.25rem; overflow-wrap: anywhere; }
h1 { font-size: 1.7rem; line-height: 1.25; margin-bottom: .25rem; }
h2 { font-size: 1.3rem; margin-top: 2.5rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin-bottom: .5rem; }
header p, .small { color: var(--pale); }
.small { font-size: .8rem; }
a { color: var(--accent); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .85rem; width: 100%; overflow-wrap: normal; }
th, td { text-align: left; vertical-align: top; padding: .3rem .5rem;
  border-bottom: 1px solid var(--line); }
.name { white-space: nowrap; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
article { margin: 1.5rem 0 2.5rem; }
img { display: block; max-width: 100%; height: auto; background: #ffffff; border-radius: 4px;
  border: 1px solid var(--line); box-sizing: border-box; }
.scores { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; margin: .5rem 0; }
.scores dt { display: inline; color: var(--pale); font-size: .85rem; margin-right: .4rem; }
.scores dd { display: inline; margin: 0; font-variant-numeric: tabular-nums; }
.note { white-space: pre-wrap; background: var(--raised); padding: .6rem .8rem;
  border-left: 3px solid var(--accent); }
.tag { background: var(--raised); border: 1px solid var(--line); border-radius: 1rem;
  padding: .05rem .6rem; margin-right: .4rem; font-size: .8rem; }
code { font-size: .85em; }
@media (max-width: 40rem) { body { margin: 1rem auto; } h1 { font-size: 1.4rem; } }
@media print { :root { --ink: #000000; --pale: #444444; --ground: #ffffff; --raised: #f4f5f7; }
  body { max-width: none; margin: 0; font-size: 11pt; }
  h2, h3 { break-after: avoid; } tr, figure, article { break-inside: avoid; }
  .wide { overflow: visible; } table { font-size: 8pt; }
  a { color: inherit; text-decoration: none; } }
"""
