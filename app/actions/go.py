"""Which image and page is looked at: the entries of the menu Go."""

from app.actions.spec import ActionSpec

SPECS: tuple[ActionSpec, ...] = (
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
)
