"""The open network: the entries of the menu Network."""

from app.actions.spec import ActionSpec

SPECS: tuple[ActionSpec, ...] = (
    ActionSpec(
        "predict_all",
        "&Network",
        "&Predict all images",
        "F6",
        "Predict every image of the folder in the background, and count what is wrong",
    ),
    ActionSpec(
        "stop_predicting",
        "&Network",
        "&Stop predicting",
        "Shift+F6",
        "Stop predicting all images; what is known is kept",
    ),
    ActionSpec(
        "export_confusion",
        "&Network",
        "&Export confusion…",
        "",
        "Save the confusion matrix of the folder as CSV",
    ),
    ActionSpec(
        "edit_card",
        "&Network",
        "Edit model &card…",
        "",
        "Name the classes and correct the preprocessing of the open network",
        separator_before=True,
    ),
    ActionSpec(
        "network_notes",
        "&Network",
        "&Notes…",
        "",
        "What is to be known of how the network was opened",
    ),
)
