"""What comes in and goes out: the entries of the menu File."""

from app.actions.spec import ActionSpec

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
        "new_session",
        "&File",
        "&New session",
        "Ctrl+N",
        "Begin without results and regions; network and images stay open",
        separator_before=True,
    ),
    ActionSpec(
        "open_session",
        "&File",
        "Open &session…",
        "Ctrl+Alt+O",
        "Go on with what was saved: networks, images, requests and results",
    ),
    ActionSpec(
        "save_session",
        "&File",
        "Sa&ve session",
        "Ctrl+S",
        "Save networks, images, requests, results, notes and layout in one .gridsal file",
    ),
    ActionSpec(
        "save_session_as",
        "&File",
        "Save session &as…",
        "Ctrl+Shift+S",
        "Save the session under another name",
    ),
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
        "compose_figure",
        "&File",
        "&Compose figure…",
        "Ctrl+Alt+E",
        "Make a figure for a paper: size, panels, colours, fonts, letters, caption",
    ),
    ActionSpec(
        "export_data",
        "&File",
        "Export d&ata…",
        "Ctrl+Shift+E",
        "Save maps, scores, settings and notes of this result, or of several",
        "data",
    ),
    ActionSpec(
        "report",
        "&File",
        "&Report…",
        "",
        "Write all results into one web page to read and to print",
    ),
    ActionSpec("quit", "&File", "&Quit", "Ctrl+Q", separator_before=True),
)
