"""Which image and page is looked at: the entries of the menu Go."""

from app.actions.spec import ActionSpec

SPECS: tuple[ActionSpec, ...] = (
    ActionSpec("previous", "&Go", "&Previous image", "PgUp", "Previous image", "previous"),
    ActionSpec("next", "&Go", "&Next image", "PgDown", "Next image", "next"),
    ActionSpec(
        "find_image",
        "&Go",
        "&Find image…",
        "Ctrl+F",
        "Type a part of the name of an image",
        separator_before=True,
    ),
    ActionSpec(
        "clear_filter", "&Go", "Show &all images", "Ctrl+Shift+A", "Clear the filter of the images"
    ),
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
