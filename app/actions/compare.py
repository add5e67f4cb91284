"""Comparisons that one action makes: the entries of the menu Compare."""

from app.actions.spec import ActionSpec

SPECS: tuple[ActionSpec, ...] = (
    ActionSpec(
        "compare_parts",
        "&Compare",
        "Correct and wrong &part",
        "Ctrl+Shift+D",
        "Explain the correct and the wrong part of the picked segment, and show both side by side",
    ),
    ActionSpec(
        "compare_lam",
        "&Compare",
        "&λ sweep…",
        "",
        "Explain the request with several weights λ of the mask, and show the maps side by side",
        separator_before=True,
    ),
    ActionSpec(
        "compare_mask",
        "&Compare",
        "Mask-&size sweep…",
        "",
        "Explain the request with coarser and finer masks, and show the maps side by side",
    ),
    ActionSpec(
        "compare_methods",
        "&Compare",
        "&Methods…",
        "",
        "Explain the request with two to four methods, and show the maps side by side",
    ),
    ActionSpec(
        "compare_network",
        "&Compare",
        "Another &network…",
        "",
        "Ask another network the same, and show both maps side by side",
    ),
    ActionSpec(
        "compare_selected",
        "&Compare",
        "Selected &results side by side",
        "",
        "Show the results that are selected in the list of results, two to four, side by side",
        separator_before=True,
    ),
    ActionSpec(
        "compare_page",
        "&Compare",
        "S&how the comparison",
        "Ctrl+D",
        "Go to the page Compare",
    ),
)
