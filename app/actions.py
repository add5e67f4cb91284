"""Everything that can be done, in one table that menus, tool bar and shortcuts come from."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QActionGroup, QKeySequence

from app.icons import icon


@dataclass(frozen=True)
class ActionSpec:
    """One action. `group` makes those of one name exclude each other."""

    name: str
    menu: str
    text: str
    shortcut: str = ""
    tip: str = ""
    icon: str = ""
    group: str = ""
    checkable: bool = False
    separator_before: bool = False


SPECS: tuple[ActionSpec, ...] = (
    ActionSpec(
        "open_model", "&File", "Open &model…", "Ctrl+O", "Open a trained network", "open-model"
    ),
    ActionSpec(
        "model_library", "&File", "Model &library…", "Ctrl+L", "Networks that are known by name"
    ),
    ActionSpec(
        "open_folder",
        "&File",
        "Open image &folder…",
        "Ctrl+Shift+O",
        "Open a folder of images",
        "open-folder",
    ),
    ActionSpec("open_demo", "&File", "Open &demo", "", "Open the embedded network and images"),
    ActionSpec("label_maps", "&File", "Label ma&ps…", "", "Say where the label maps are"),
    ActionSpec(
        "export_figure",
        "&File",
        "&Export figure…",
        "Ctrl+E",
        "Save the figure as PNG, SVG or PDF",
        "export",
        separator_before=True,
    ),
    ActionSpec(
        "export_data",
        "&File",
        "Export d&ata…",
        "Ctrl+Shift+E",
        "Save maps, scores and settings as .npz",
        "data",
    ),
    ActionSpec("quit", "&File", "&Quit", "Ctrl+Q", separator_before=True),
    ActionSpec("undo", "&Edit", "&Undo", "Ctrl+Z", "Take the last edit back", "undo"),
    ActionSpec("redo", "&Edit", "&Redo", "Ctrl+Shift+Z", "Do the edit again", "redo"),
    ActionSpec(
        "clear",
        "&Edit",
        "&Clear region",
        "Del",
        "Empty the region",
        "clear",
        separator_before=True,
    ),
    ActionSpec(
        "grow",
        "&Edit",
        "&Grow region",
        "G",
        "Widen the region by one pixel on every side; hold the key to go on",
    ),
    ActionSpec(
        "shrink",
        "&Edit",
        "&Shrink region",
        "Shift+G",
        "Take one pixel off every side of the region; hold the key to go on",
    ),
    ActionSpec(
        "invert",
        "&Edit",
        "&Invert region",
        "Ctrl+I",
        "Request what is not requested, and only that",
    ),
    ActionSpec(
        "fill_holes",
        "&Edit",
        "&Fill holes",
        "Ctrl+H",
        "Add what the region encloses",
    ),
    ActionSpec(
        "copy_figure",
        "&Edit",
        "Cop&y figure",
        "Ctrl+C",
        "Copy the figure to the clipboard",
        "copy",
        separator_before=True,
    ),
    ActionSpec("previous", "&Go", "&Previous image", "PgUp", "Previous image", "previous"),
    ActionSpec("next", "&Go", "&Next image", "PgDown", "Next image", "next"),
    ActionSpec(
        "previous_page",
        "&Go",
        "P&revious page",
        "Ctrl+PgUp",
        "Previous page of the image file",
        separator_before=True,
    ),
    ActionSpec("next_page", "&Go", "Ne&xt page", "Ctrl+PgDown", "Next page of the image file"),
    ActionSpec(
        "edit_card",
        "&Network",
        "Edit model &card…",
        "",
        "Name the classes and correct the preprocessing of the open network",
    ),
    ActionSpec(
        "network_notes",
        "&Network",
        "&Notes…",
        "",
        "What is to be known of how the network was opened",
    ),
    ActionSpec(
        "pick",
        "&Tools",
        "&Pick segment",
        "S",
        "Click picks a segment; Shift adds, Ctrl subtracts; Alt picks its correct part, Alt+Shift "
        "its wrong part at the pointer; the right button offers all",
        "pick",
        "tool",
        True,
    ),
    ActionSpec(
        "brush",
        "&Tools",
        "&Brush",
        "B",
        "Paint the region; [ and ] change the size",
        "brush",
        "tool",
        True,
    ),
    ActionSpec(
        "eraser",
        "&Tools",
        "&Eraser",
        "E",
        "Erase from the region; [ and ] change the size",
        "eraser",
        "tool",
        True,
    ),
    ActionSpec(
        "rectangle",
        "&Tools",
        "&Rectangle",
        "M",
        "Drag a rectangle; Shift adds, Ctrl or Alt subtracts",
        "rectangle",
        "tool",
        True,
    ),
    ActionSpec(
        "lasso",
        "&Tools",
        "&Lasso",
        "L",
        "Drag around what is meant; Shift adds, Ctrl or Alt subtracts",
        "lasso",
        "tool",
        True,
    ),
    ActionSpec(
        "polygon",
        "&Tools",
        "P&olygon",
        "Shift+L",
        "Click corners; Enter, double click or the first corner closes, Backspace takes one back; "
        "Shift adds, Ctrl or Alt subtracts",
        "polygon",
        "tool",
        True,
    ),
    ActionSpec(
        "smart",
        "&Tools",
        "S&mart select",
        "W",
        "Drag a rectangle from the pixel to go by: its class, and colours near it; [ and ] change "
        "how near; Shift adds, Ctrl or Alt subtracts",
        "smart",
        "tool",
        True,
    ),
    ActionSpec(
        "pan",
        "&Tools",
        "P&an",
        "V",
        "Drag the image; Space or the middle button does so in any tool",
        "pan",
        "tool",
        True,
    ),
    ActionSpec(
        "segment_whole",
        "&Tools",
        "&Whole segment",
        "Shift+S",
        "Of the picked part, take the whole segment again",
        separator_before=True,
    ),
    ActionSpec(
        "segment_correct",
        "&Tools",
        "Its &correct part",
        "C",
        "Of the picked segment, take what is correct by the label map",
    ),
    ActionSpec(
        "segment_wrong",
        "&Tools",
        "Its wr&ong part",
        "Shift+C",
        "Of the picked segment, take the largest part that truly is another class; again for the "
        "next one",
    ),
    ActionSpec("run", "&Run", "&Run or pause", "F5", "Explain the region; again to pause"),
    ActionSpec("stop", "&Run", "&Stop", "Shift+F5", "End the run and keep what there is"),
    ActionSpec(
        "what_if_remove",
        "&Run",
        "What if: &without the salient context",
        "Ctrl+R",
        "Remove the context that the map shows, and predict again: does the label flip?",
        separator_before=True,
    ),
    ActionSpec(
        "what_if_keep",
        "&Run",
        "What if: &only object and salient context",
        "Ctrl+Shift+R",
        "Keep nothing but the object and the context that the map shows, and predict again",
    ),
    ActionSpec(
        "what_if_painted",
        "&Run",
        "What if: without what is &painted now",
        "",
        "Paint the context that is to be removed around the explained region, and predict again",
    ),
    ActionSpec(
        "check_map",
        "&Run",
        "&Check this map…",
        "Ctrl+K",
        "Measure how far the map can be trusted: against other orders and shuffled weights",
        separator_before=True,
    ),
    ActionSpec("zoom_in", "&View", "Zoom &in", "Ctrl++", "Zoom in", "zoom-in"),
    ActionSpec("zoom_out", "&View", "Zoom &out", "Ctrl+-", "Zoom out", "zoom-out"),
    ActionSpec("fit", "&View", "&Fit", "Ctrl+0", "Show the whole image", "fit"),
    ActionSpec(
        "actual", "&View", "&100 %", "Ctrl+1", "One image pixel, one screen pixel", "actual-size"
    ),
    ActionSpec(
        "toggle_heat", "&View", "Toggle context &map", "H", "The red map", separator_before=True
    ),
    ActionSpec("toggle_prediction", "&View", "Toggle &prediction", "P", "The classes"),
    ActionSpec(
        "toggle_errors", "&View", "Toggle &errors", "X", "Correct or wrong by the label map"
    ),
    ActionSpec("toggle_image", "&View", "Toggle &image", "I", "The image itself"),
    ActionSpec("toggle_perturbed", "&View", "Toggle pert&urbed image", "O", "What was left of it"),
    ActionSpec("toggle_region", "&View", "Toggle &region outline", "R", "The request"),
    ActionSpec(
        "theme_light",
        "&View",
        "&Light",
        "",
        "Light colours",
        "",
        "theme",
        True,
        separator_before=True,
    ),
    ActionSpec("theme_dark", "&View", "&Dark", "", "Dark colours", "", "theme", True),
    ActionSpec(
        "theme_system", "&View", "As the &system", "", "The system's colours", "", "theme", True
    ),
    ActionSpec("shortcuts", "&Help", "&Keyboard shortcuts", "F1", "All shortcuts"),
    ActionSpec("about", "&Help", "&About GridSal", "", "Version, method and licence"),
)

# Keys that the canvas and its tools take themselves, for the list of shortcuts.
CANVAS_KEYS: tuple[tuple[str, str], ...] = (
    ("Shift, Ctrl", "Add to the region, subtract from it"),
    ("[  ]", "Size of the brush, tolerance of smart select"),
    ("Enter", "Close the polygon"),
    ("Backspace", "Take the last corner of the polygon back"),
    ("Esc", "Give up what is being drawn"),
    ("Space", "Drag the image while it is held"),
)

TOOLBAR: tuple[tuple[str, ...], ...] = (
    ("open_model", "open_folder"),
    ("previous", "next"),
    ("pick", "brush", "eraser", "rectangle", "lasso", "polygon", "smart", "pan"),
    ("undo", "redo", "clear"),
    ("zoom_out", "zoom_in", "fit", "actual"),
    ("export_figure", "copy_figure"),
)


def make_actions(parent: QObject) -> dict[str, QAction]:
    """Make a QAction of every row of the table."""
    groups: dict[str, QActionGroup] = {}
    actions: dict[str, QAction] = {}
    for spec in SPECS:
        action = QAction(spec.text, parent)
        action.setObjectName(spec.name)
        action.setCheckable(spec.checkable)
        if spec.shortcut:
            action.setShortcut(QKeySequence(spec.shortcut))
        _set_tip(action, spec)
        if spec.group:
            group = groups.setdefault(spec.group, QActionGroup(parent))
            group.addAction(action)
        actions[spec.name] = action
    refresh_icons(actions)
    return actions


def allow(action: QAction, why_not: str) -> None:
    """Enable an action of the table, or disable it and say why in its tips."""
    spec = next(spec for spec in SPECS if spec.name == action.objectName())
    action.setEnabled(not why_not)
    if why_not:
        action.setToolTip(why_not)
        action.setStatusTip(why_not)
    else:
        _set_tip(action, spec)


def refresh_icons(actions: dict[str, QAction]) -> None:
    """Tint all icons for the palette that is in use now."""
    for spec in SPECS:
        if spec.icon:
            actions[spec.name].setIcon(icon(spec.icon))


def _set_tip(action: QAction, spec: ActionSpec) -> None:
    if spec.tip:
        keys = f" ({spec.shortcut})" if spec.shortcut else ""
        action.setToolTip(spec.tip + keys)
        action.setStatusTip(spec.tip)
