"""Many requests, one after the other: the entries of the menu Queue."""

from app.actions.spec import ActionSpec

SPECS: tuple[ActionSpec, ...] = (
    ActionSpec(
        "queue_add",
        "&Queue",
        "&Add to queue",
        "Q",
        "Queue the request with the settings as they are now",
    ),
    ActionSpec(
        "queue_segments",
        "&Queue",
        "Queue &selected segments",
        "Alt+Q",
        "Queue one request for each segment of the region; Shift+click adds segments to it",
    ),
    ActionSpec(
        "queue_class",
        "&Queue",
        "Queue every segment of a &class…",
        "Shift+Q",
        "Queue one request for each segment of a class, on this image or in the whole folder",
    ),
    ActionSpec(
        "queue_pause",
        "&Queue",
        "&Pause queue",
        "Ctrl+F5",
        "Begin no further request; the one that runs goes on",
        checkable=True,
        separator_before=True,
    ),
    ActionSpec(
        "queue_cancel_all",
        "&Queue",
        "Cancel a&ll",
        "Ctrl+Shift+F5",
        "Stop the request that runs, and take all that wait off the list",
    ),
    ActionSpec(
        "queue_retry",
        "&Queue",
        "&Retry failed",
        "",
        "Let the requests that failed wait once more",
    ),
    ActionSpec(
        "queue_clear",
        "&Queue",
        "Clear &finished",
        "",
        "Take what is done, failed or stopped off the list; results are kept",
    ),
)
