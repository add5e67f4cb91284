"""The settings that are given by command-line options."""

from __future__ import annotations

from typing import Any

from gridsal_core.perturbation import parse_perturbation
from gridsal_core.settings import Settings, parse_init, parse_mask_size, preset_values

# Options that are named other than the settings they give.
_SETTING_OF = {"lr": "learning_rate"}
_SWITCHED_OFF = {"signed": "absolute", "unscaled": "scaled"}
_READ = {"mask_size": parse_mask_size, "init": parse_init, "perturbation": parse_perturbation}


def given_settings(**options: Any) -> dict[str, Any]:  # noqa: ANN401 - each is of its own type
    """Return the settings that were given among the options, by their names in `Settings`.

    The option `preset` gives several; the others go before it.

    Raises
    ------
    SettingsError
        If one is not understood or out of its range.
    """
    given = dict(preset_values(options.pop("preset", None) or "paper"))
    for option, value in options.items():
        if value is None or value is False:
            continue
        if option in _SWITCHED_OFF:
            given[_SWITCHED_OFF[option]] = False
        else:
            read = _READ.get(option, lambda same: same)
            given[_SETTING_OF.get(option, option)] = read(value)
    Settings(**given)
    return given
