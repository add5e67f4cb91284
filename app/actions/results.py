"""What was found and kept: the entries of the menu Results."""

from app.actions.spec import ActionSpec

SPECS: tuple[ActionSpec, ...] = (
    ActionSpec(
        "result_restore",
        "Res&ults",
        "&Go back to this result",
        "",
        "Show it as it was: image, region, class, settings and map (Enter in the list)",
    ),
    ActionSpec(
        "result_settings",
        "Res&ults",
        "&Apply its settings",
        "",
        "Compute the next explanation with the settings of this one",
    ),
    ActionSpec(
        "result_note",
        "Res&ults",
        "Edit its &note",
        "",
        "Write a note beside this result (F2 in the list)",
        separator_before=True,
    ),
    ActionSpec(
        "result_delete",
        "Res&ults",
        "&Delete results",
        "",
        "Delete the selected results (Del in the list)",
    ),
)
