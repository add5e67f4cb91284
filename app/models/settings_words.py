"""Settings in words: in short what tells one run from another, and in full."""

from __future__ import annotations

from gridsal_core.methods import METHOD_INFOS
from gridsal_core.perturbation import ConstantColor
from gridsal_core.settings import Settings


def settings_in_short(settings: Settings, *, with_steps: bool = True) -> str:
    """Say what tells one run from another, in a few words, the commonest differences first."""
    parts = [] if settings.is_gradient else [f"λ {settings.lam:g}"]
    parts.append("×".join(str(n) for n in settings.mask_size))
    if with_steps:
        unit = "gradients" if settings.is_gradient else "steps"
        parts.append(f"{settings.planned:,} {unit}")
    if not settings.is_gradient and settings.perturbation != ConstantColor():
        parts.append(str(settings.perturbation))
    return ", ".join((*parts, METHOD_INFOS[settings.method].title))


def settings_in_full(settings: Settings) -> str:
    """Say all settings, one a line."""
    plain = settings.to_dict()
    plain["mask_size"] = " × ".join(str(n) for n in settings.mask_size)
    return "\n".join(f"{name.replace('_', ' ')}: {value}" for name, value in plain.items())
