"""Help: the entries of the menu Help."""

from app.actions.spec import ActionSpec

SPECS: tuple[ActionSpec, ...] = (
    ActionSpec(
        "palette", "&Help", "&Command palette…", "Ctrl+Shift+P", "Find a command by a few letters"
    ),
    ActionSpec("shortcuts", "&Help", "&Keyboard shortcuts", "F1", "All shortcuts"),
    ActionSpec(
        "hints",
        "&Help",
        "&Hints",
        "",
        "Say over the image what to do next, until the first explanation is there",
        checkable=True,
    ),
    ActionSpec(
        "show_logs",
        "&Help",
        "Show &log folder",
        "",
        "Open the folder of the logs: what was done and what went wrong, without image content",
    ),
    ActionSpec("about", "&Help", "&About GridSal", "", "Version, method and licence"),
)
