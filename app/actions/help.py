"""Help: the entries of the menu Help."""

from app.actions.spec import ActionSpec

SPECS: tuple[ActionSpec, ...] = (
    ActionSpec("shortcuts", "&Help", "&Keyboard shortcuts", "F1", "All shortcuts"),
    ActionSpec("about", "&Help", "&About GridSal", "", "Version, method and licence"),
)
