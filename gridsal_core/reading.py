"""What a map says, in words: so that an empty one is never taken for an answer it is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gridsal_core.settings import Settings
from gridsal_core.types import Explanation

Verdict = Literal[
    "context", "no context", "partial", "not converged", "stopped", "class not seen", "sensitivity"
]

# A map whose strongest pixel is below this is empty to the eye on the fixed [0, 1] scale.
EMPTY_BELOW = 0.05
# Share of the score on the image that may stay missing, on average over R.
RESIDUAL_TOLERANCE = 0.1
# Below this probability on the image itself there is nothing that a map could keep.
SEEN_FROM = 0.05


@dataclass(frozen=True)
class Reading:
    """The verdict on a map, and the sentences that tell it."""

    verdict: Verdict
    headline: str
    detail: str


def read_explanation(explanation: Explanation) -> Reading:
    """Say what an explanation found, and whether it can be trusted.

    The residual is the mean over R of max(f(x) - f(p), 0), eq. 2 and 3. It is reached when it
    is at most a tenth of the score on the image. Where it is reached without any context, none was
    needed, whatever the map looks like; a map that was stopped is not judged.
    """
    verdict = _verdict(explanation)
    scores = explanation.scores
    values = {
        "name": explanation.class_name,
        "image": f"{scores.image:.2f}",
        "alone": f"{scores.object_alone:.2f}",
        "final": f"{scores.perturbed:.2f}",
        "residual": f"{explanation.residual:.2f}",
    }
    headline, detail = _words(explanation.settings)[verdict]
    detail = detail.format(**values)
    if verdict == "no context" and float(explanation.saliency.max()) >= EMPTY_BELOW:
        detail += " The map has not emptied yet; give it more steps."
    if explanation.stopped:
        detail += f" Stopped after {explanation.steps} of {explanation.settings.planned} steps."
    if explanation.converged_at is not None:
        detail += f" Converged at step {explanation.converged_at}."
    return Reading(verdict, headline, detail)


def headline_of(verdict: Verdict, settings: Settings) -> str:
    """Return a verdict in words, where only that and the settings are known."""
    return _words(settings)[verdict][0]


def _words(settings: Settings) -> dict[Verdict, tuple[str, str]]:
    return _GRADIENT if settings.is_gradient else _WORDS[settings.form]


def _verdict(explanation: Explanation) -> Verdict:
    image = explanation.scores.image
    tolerance = RESIDUAL_TOLERANCE * abs(image)
    if explanation.settings.score == "probability" and image < SEEN_FROM:
        return "class not seen"
    if explanation.settings.is_gradient:
        return "stopped" if explanation.stopped else "sensitivity"
    if explanation.residual_without_context <= tolerance:
        return "no context"
    if explanation.stopped:
        return "stopped"
    reached = explanation.residual <= tolerance
    if float(explanation.saliency.max()) < EMPTY_BELOW:
        return "no context" if reached else "not converged"
    return "context" if reached else "partial"


_ADVICE = "Start at 1 or auto, give it more steps, lower λ, or try another perturbation."

_ANY_METHOD: dict[Verdict, tuple[str, str]] = {
    "class not seen": (
        "The network does not see this class here.",
        "{name} scores {image} inside the region on the whole image: there is nothing to keep, and "
        "the map says nothing. Choose the predicted class, or another region.",
    ),
    "stopped": (
        "Stopped: the map is not final.",
        "So far the map keeps {final} for {name}; the object alone scores {alone}, the whole image "
        "{image}.",
    ),
}

_GRADIENT: dict[Verdict, tuple[str, str]] = _ANY_METHOD | {
    "stopped": (
        "Stopped: the map is not final.",
        "It is the mean of the gradients so far, for {name}, which scores {image} on the image.",
    ),
    "sensitivity": (
        "Where the score is sensitive.",
        "The map shows where small changes of the image would change the score of {name}, {image} "
        "on the image, the most. It does not say what the network needed: for that, choose a "
        "context explanation.",
    ),
}

_WORDS: dict[str, dict[Verdict, tuple[str, str]]] = {
    "context": _ANY_METHOD
    | {
        "context": (
            "Context was needed.",
            "The object alone scores {alone} for {name}; with the context in red it scores "
            "{final}, on the whole image {image}.",
        ),
        "no context": (
            "No context was needed.",
            "The object alone scores {alone} for {name}, on the whole image it is {image}.",
        ),
        "partial": (
            "Some context was found, but a residual remains.",
            "With the context in red {name} scores {final}, on the whole image {image}: inside "
            "the region {residual} is missing on average. " + _ADVICE,
        ),
        "not converged": (
            "Not converged.",
            "The map is empty, yet {name} scores {final} instead of {image}: inside the region "
            "{residual} is missing on average. " + _ADVICE,
        ),
    },
    "grid": _ANY_METHOD
    | {
        "context": (
            "The parts in red suffice.",
            "What the map keeps scores {final} for {name}, the whole image {image}.",
        ),
        "no context": (
            "Nothing of the image was needed.",
            "The uninformative image alone scores {final} for {name}, the whole image {image}: "
            "try another perturbation.",
        ),
        "partial": (
            "The parts in red do not suffice.",
            "What the map keeps scores {final} for {name}, the whole image {image}: inside the "
            "region {residual} is missing on average. " + _ADVICE,
        ),
        "not converged": (
            "Not converged.",
            "The map is empty, yet {name} scores {final} instead of {image}: inside the region "
            "{residual} is missing on average. " + _ADVICE,
        ),
    },
}
