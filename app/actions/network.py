"""The open network: the entries of the menu Network."""

from app.actions.spec import ActionSpec

SPECS: tuple[ActionSpec, ...] = (
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
)
