"""What is shown, and how: the entries of the menu View."""

from app.actions.spec import ActionSpec

SPECS: tuple[ActionSpec, ...] = (
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
    ActionSpec("toggle_labels", "&View", "Toggle &labels", "T", "The true classes"),
    ActionSpec(
        "toggle_errors", "&View", "Toggle &errors", "X", "Correct or wrong by the label map"
    ),
    ActionSpec("toggle_image", "&View", "Toggle &image", "I", "The image itself"),
    ActionSpec("toggle_perturbed", "&View", "Toggle pert&urbed image", "O", "What was left of it"),
    ActionSpec("toggle_region", "&View", "Toggle &region outline", "R", "The request"),
    ActionSpec(
        "image_grid",
        "&View",
        "Images as a &grid",
        "Ctrl+G",
        "Show the images of the folder as a grid of thumbnails, or as a list",
        "grid",
        checkable=True,
        separator_before=True,
    ),
    ActionSpec(
        "image_filters",
        "&View",
        "Image filter&s",
        "Ctrl+Shift+F",
        "Choose which images are shown, and in which order: by class, confusion, status and error",
        "filter",
        checkable=True,
    ),
    ActionSpec(
        "show_confusion",
        "&View",
        "&Confusion matrix",
        "Ctrl+M",
        "What the classes of the folder's images are predicted as",
    ),
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
)
