"""Explaining, and questioning what was explained: the entries of the menu Run."""

from app.actions.spec import ActionSpec

SPECS: tuple[ActionSpec, ...] = (
    ActionSpec("run", "&Run", "&Run or pause", "F5", "Explain the region; again to pause"),
    ActionSpec("stop", "&Run", "&Stop", "Shift+F5", "End the run and keep what there is"),
    ActionSpec(
        "what_if_remove",
        "&Run",
        "What if: &without the salient context",
        "Ctrl+R",
        "Remove the context that the map shows, and predict again: does the label flip?",
        separator_before=True,
    ),
    ActionSpec(
        "what_if_keep",
        "&Run",
        "What if: &only object and salient context",
        "Ctrl+Shift+R",
        "Keep nothing but the object and the context that the map shows, and predict again",
    ),
    ActionSpec(
        "what_if_painted",
        "&Run",
        "What if: without what is &painted now",
        "",
        "Paint the context that is to be removed around the explained region, and predict again",
    ),
    ActionSpec(
        "check_map",
        "&Run",
        "&Check this map…",
        "Ctrl+K",
        "Measure how far the map can be trusted: against other orders and shuffled weights",
        separator_before=True,
    ),
)
