"""The figure composer: opened on results, drawn while it is edited, exported, presets kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject

from app.actions import allow
from app.actions.reasons import NO_RESULT
from app.controllers.dialogs import ask_file, show_error
from app.controllers.export import NOTE_MS, copy_drawn, may_write
from app.controllers.figures import FigureDesk
from app.controllers.selection import selected_results
from app.main_window import MainWindow
from app.models.session import Session
from app.settings import AppSettings
from app.views.composer_dialog import ComposerDialog
from app.workers.figures import DrawFigure, Drawn, WriteFigure
from gridsal_core.errors import GridSalError
from gridsal_core.figure.presets import BUILT_IN, check_preset_name, read_presets, write_presets
from gridsal_core.figure.spec import MM_PER_INCH, MOST_EXPLANATIONS, FigureKind, FigureSpec

FIGURES: Final = "PDF document (*.pdf);;SVG drawing (*.svg);;PNG image (*.png)"
Presets = dict[str, FigureSpec]
FIRST: Final = "Paper, two columns"


@dataclass
class _Open:
    """A composer that is open: of what, and whether its preview is being drawn."""

    dialog: ComposerDialog
    identities: tuple[str, ...]
    name: str
    drawn: FigureSpec | None = None
    is_drawing: bool = False
    is_stale: bool = False
    is_closed: bool = False

    def close(self) -> None:
        """Remember that nobody looks any more: the dialog is deleted soon."""
        self.is_closed = True


class ComposerController(QObject):
    """Opens composers and serves them.

    Parameters
    ----------
    window, session, settings
        Of this window.
    desk
        Draws.
    presets_file
        Where presets are kept.
    """

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        settings: AppSettings,
        desk: FigureDesk,
        presets_file: Path,
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._settings = window, session, settings
        self._desk, self._presets_file = desk, presets_file
        self._last = BUILT_IN[FIRST]
        self._presets: Presets = {}
        window.action("compose_figure").triggered.connect(self.compose_chosen)
        window.results.selection_changed.connect(self._refresh)
        session.result_changed.connect(self._refresh)
        session.image_loaded.connect(self._refresh)
        session.current_changed.connect(self._refresh)
        session.network_changed.connect(self._refresh)
        self._refresh()

    def compose_chosen(self) -> None:
        """Open a composer on the selected results, or else on the one that is shown."""
        shown = self._session.result_identity
        self.compose(selected_results(self._window) or ([] if shown is None else [shown]))

    def compose(self, identities: Sequence[str]) -> None:
        """Open a composer on kept results, in this order."""
        kept = self._session.results.found(identities)
        if not kept:
            return
        if len(kept) == 1:
            kind: FigureKind = "single"
        elif len({each.settings.method for each in kept}) > 1:
            kind = "methods"
        else:
            kind = "pair" if len(kept) <= MOST_EXPLANATIONS["pair"] else "sheet"
        first = kept[0]
        stem = "image" if first.image_path is None else first.image_path.stem
        title = f"{first.class_info.name} in {stem}" if len(kept) == 1 else f"{len(kept)} results"
        self._open(tuple(each.identity for each in kept), kind, title, stem)

    def _open(self, identities: tuple[str, ...], kind: FigureKind, title: str, name: str) -> None:
        spec = self._last
        if spec.kind != kind:
            spec = replace(spec, kind=kind, panels=None)
        if spec.caption == "text":  # which was of another figure
            spec = replace(spec, caption="auto", caption_text="")
        dialog = ComposerDialog(title, spec, self._window)
        composer = _Open(dialog, identities, f"{name}_{kind}")
        dialog.settled.connect(lambda: self._draw(composer))
        dialog.export_clicked.connect(lambda: self._export(composer))
        dialog.copy_clicked.connect(lambda: self._copy(composer))
        dialog.preset_chosen.connect(lambda name: self._take_preset(composer, name))
        dialog.save_preset_asked.connect(lambda name: self._save_preset(composer, name))
        dialog.delete_preset_asked.connect(lambda name: self._delete_preset(composer, name))
        dialog.finished.connect(composer.close)
        self._read_presets()
        self._show_presets(composer)
        dialog.show()

    def _draw(self, composer: _Open) -> None:
        """Draw the preview; what is changed meanwhile is drawn next, and only the newest of it."""
        dialog = composer.dialog
        spec = dialog.spec()
        # Whatever is under way is of an earlier look, and is not shown any more.
        composer.is_stale = composer.is_drawing
        if spec is None or composer.is_drawing:
            return
        if spec != composer.drawn:
            self._last = composer.drawn = spec
            self._show_presets(composer)
        composer.is_drawing = True
        job = DrawFigure(
            spec, self._desk.keys(spec, composer.identities), within=dialog.preview.dots
        )

        def done(drawn: Drawn) -> None:
            if self._is_drawn(composer):
                dialog.show_figure(drawn.data, _told(drawn))

        def failed(sentence: str, _trace: str) -> None:
            if self._is_drawn(composer):
                dialog.show_trouble(sentence)

        self._desk.submit(job, done, failed)

    def _is_drawn(self, composer: _Open) -> bool:
        """End a drawing; False if nobody looks at it, or the look was changed meanwhile."""
        composer.is_drawing = False
        if composer.is_closed:
            return False
        if composer.is_stale:
            self._draw(composer)
            return False
        return True

    def _export(self, composer: _Open) -> None:
        spec, dialog = composer.dialog.spec(), composer.dialog
        if spec is None:
            return
        path = ask_file(dialog, self._settings, "Export figure", composer.name, FIGURES)
        if path is None or not may_write(self._window, self._session, path):
            return
        self._window.status.showMessage(f"Writing {path.name}…")
        self._desk.submit(
            WriteFigure(spec, self._desk.keys(spec, composer.identities), path),
            lambda saved: self._say(composer, f"Saved {saved}"),
            self._tell,
        )

    def _copy(self, composer: _Open) -> None:
        spec = composer.dialog.spec()
        if spec is not None:
            self._window.status.showMessage("Drawing the figure…")
            self._desk.submit(
                DrawFigure(spec, self._desk.keys(spec, composer.identities)),
                lambda drawn: self._on_copied(composer, drawn),
                self._tell,
            )

    def _on_copied(self, composer: _Open, drawn: Drawn) -> None:
        copy_drawn(self._window, drawn)
        self._say(composer, "The figure is on the clipboard.")

    def _say(self, composer: _Open, text: str) -> None:
        self._window.status.showMessage(text, NOTE_MS)
        if not composer.is_closed:
            composer.dialog.say(text)

    def _tell(self, sentence: str, trace: str) -> None:
        self._window.status.clearMessage()
        show_error(self._window, sentence, trace)

    def _show_presets(self, composer: _Open) -> None:
        spec = composer.drawn or composer.dialog.spec()
        alike = [
            name
            for name, each in {**BUILT_IN, **self._presets}.items()
            if spec is not None and _look(each) == _look(spec)
        ]
        chosen = alike[0] if alike else ""
        composer.dialog.set_presets(list(BUILT_IN), list(self._presets), chosen)

    def _take_preset(self, composer: _Open, name: str) -> None:
        found = {**BUILT_IN, **self._presets}.get(name)
        shown = composer.dialog.spec()
        if found is None:
            return
        if shown is not None and found.kind != shown.kind:
            # A preset is a look: what the figure is of decides its kind.
            found = replace(found, kind=shown.kind, panels=shown.panels)
        composer.dialog.set_spec(found)

    def _save_preset(self, composer: _Open, name: str) -> None:
        spec = composer.dialog.spec()
        if spec is not None:
            self._change_presets(composer, lambda kept: kept | {check_preset_name(name): spec})

    def _delete_preset(self, composer: _Open, name: str) -> None:
        self._change_presets(composer, lambda kept: {k: v for k, v in kept.items() if k != name})

    def _change_presets(self, composer: _Open, change: Callable[[Presets], Presets]) -> None:
        try:
            # Another window may have saved some meanwhile; a damaged file is left as it is.
            kept = change(read_presets(self._presets_file))
            write_presets(kept, self._presets_file)
            self._presets = kept
        except GridSalError as error:
            show_error(composer.dialog, str(error))
        self._show_presets(composer)

    def _read_presets(self) -> None:
        try:
            self._presets = read_presets(self._presets_file)
        except GridSalError as error:
            show_error(self._window, str(error))

    def _refresh(self) -> None:
        there = self._session.result is not None or self._window.results.selected_identities
        allow(self._window.action("compose_figure"), "" if there else NO_RESULT)


def _told(drawn: Drawn) -> str:
    width, height = (MM_PER_INCH * n for n in drawn.inches)
    return f"{width:.1f} × {height:.1f} mm; as PNG {drawn.dots[0]:,} × {drawn.dots[1]:,} dots."


def _look(spec: FigureSpec) -> FigureSpec:
    """Return a spec without what depends on what the figure is of."""
    return replace(spec, kind="single", panels=None, changes=("remove",), caption_text="")
