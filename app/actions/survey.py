"""What a network looks at over a folder: the entries of the menu Survey."""

from app.actions.spec import ActionSpec

SPECS: tuple[ActionSpec, ...] = (
    ActionSpec(
        "survey",
        "Sur&vey",
        "&Survey the folder…",
        "F7",
        "Explain every large segment of the folder, and sum up what context the network looks at",
    ),
    ActionSpec(
        "open_survey",
        "Sur&vey",
        "&Open survey…",
        "",
        "Show a survey that was made before, here or by gridsal survey, and go on with it",
    ),
    ActionSpec(
        "survey_pause",
        "Sur&vey",
        "&Pause survey",
        "Shift+F7",
        "Hold the survey, or let it go on",
        separator_before=True,
    ),
    ActionSpec(
        "survey_stop",
        "Sur&vey",
        "S&top survey",
        "",
        "End the survey; what is finished is kept, and it can go on from there",
    ),
    ActionSpec(
        "show_survey",
        "Sur&vey",
        "Survey pa&ge",
        "Ctrl+F7",
        "What context the network looks at, by class",
        separator_before=True,
    ),
    ActionSpec(
        "survey_compare",
        "Sur&vey",
        "&Compare with…",
        "",
        "Hold this survey against that of another network on the same images",
    ),
    ActionSpec(
        "survey_report",
        "Sur&vey",
        "Open &report",
        "",
        "Write tables, figures and report into the survey's folder, and open the report",
        separator_before=True,
    ),
    ActionSpec(
        "survey_export",
        "Sur&vey",
        "&Export…",
        "",
        "Save the table in sight as CSV, or as a figure (PNG, SVG, PDF)",
    ),
)
