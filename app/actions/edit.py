"""Changing the region: the entries of the menu Edit."""

from app.actions.spec import ActionSpec

SPECS: tuple[ActionSpec, ...] = (
    ActionSpec(
        "undo", "&Edit", "&Undo", "Ctrl+Z", "Take back what was done last, on any image", "undo"
    ),
    ActionSpec("redo", "&Edit", "&Redo", "Ctrl+Shift+Z", "Do again what was taken back", "redo"),
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
        "copy_request",
        "&Edit",
        "Copy re&quest",
        "Ctrl+Alt+C",
        "Copy the region and the class chosen by hand, for another image",
        separator_before=True,
    ),
    ActionSpec(
        "paste_request",
        "&Edit",
        "&Paste request",
        "Ctrl+Alt+V",
        "Make the copied region and class the request here; it is scaled with the image",
    ),
    ActionSpec(
        "copy_request_next",
        "&Edit",
        "Copy request to &next image",
        "Ctrl+Alt+N",
        "Go to the next image with the same region and class",
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
)
