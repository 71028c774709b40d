"""Describe a recogniser: its emotions, its training and its measured performance."""

import math
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from emotion_lib.errors import legible

if TYPE_CHECKING:
    from emotion_lib.recognizer.recognizer import EmotionRecognizer

USES = (
    "It recognises acted emotion, which is not felt emotion; natural speech is far harder: the best of 68 entries of a "
    "2024 challenge (Odyssey) reached a macro F1 of 36 %. It must not be used to judge people: not in hiring, not at "
    "school or at work, not at borders, not to detect lies (EU 2024/1689, article 5, forbids some of these uses)."
)
"""The note on use that ends every description."""

KNOWS_VOICES = "Warns of a voice unlike its training voices; can be adapted to one voice with `emotion-lib enrol`"
"""The line of a recogniser that has statistics of its training voices."""


def describe_recognizer(recognizer: "EmotionRecognizer") -> str:
    """Describe a recogniser: its emotions, its training and its measured performance.

    Parameters
    ----------
    recognizer : EmotionRecognizer
        The recogniser.

    Returns
    -------
    str
        The description, several lines.
    """
    about = recognizer.about
    lines = [
        f"Emotions: {', '.join(recognizer.emotions)}",
        f"Input: {recognizer.feature} of recordings at {recognizer.settings.sr} Hz",
        *_said(_training, about),
        *_said(_enrolled if recognizer.enrolment else _worth, about),
        *_said(partial(_threshold, recognizer.calibration.threshold), about),
        *([KNOWS_VOICES] if recognizer.voices and not recognizer.enrolment else []),
        *_said(_not_adapted, about),
        *([f"Licence: {about['licence']}"] if "licence" in about else []),
        USES,
    ]
    # Other programs can write anything into `about`, even commands to the terminal.
    return legible("\n".join(lines))


def in_percent(
    value: float, low: float | None = None, high: float | None = None, interval_over: str = "", *, unit: str = " %"
) -> str:
    """Format a figure in percent, with its interval if it has one.

    Parameters
    ----------
    value : float
        The figure, from 0 to 1.
    low, high : float or None
        The ends of its interval; None or NaN if it has no interval.
    interval_over : str
        The unit that was resampled for the interval, such as "speakers"; omitted if empty.
    unit : str
        The text after the figure.

    Returns
    -------
    str

    Examples
    --------
    >>> in_percent(0.541, 0.51, 0.5692, "words")
    '54.1 % [51.0, 56.9] over words'
    >>> in_percent(0.541)
    '54.1 %'
    """
    figure = f"{100 * value:.1f}{unit}"
    if low is None or high is None or math.isnan(low):
        return figure
    over = f" over {interval_over}" if interval_over else ""
    return f"{figure} [{100 * low:.1f}, {100 * high:.1f}]{over}"


def _said(part: Callable[[Mapping[str, Any]], Iterator[str]], about: Mapping[str, Any]) -> list[str]:
    """Return the lines of a part, or a line that shows `about` if it is not in this library's format.

    Other programs can write anything into `about`.
    """
    try:
        return list(part(about))
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
        return [f"Its description is not in this library's format: {dict(about)}"]


def _training(about: Mapping[str, Any]) -> Iterator[str]:
    if corpora := about.get("corpora"):
        named = (
            f"{name} ({each['utterances']} utterances, {each['speakers'] or 'unknown'} speakers)"
            for name, each in corpora.items()
        )
        yield f"Trained on: {', '.join(named)}; model {about['model']}, seed {about['seed']}"
    if base := about.get("base"):
        use = f"weight {base['weight']}" if base["weight"] else "not used, since it did not help"
        yield f"Base: {base['name']}, which shares {', '.join(base['shared'])}; {use}"
    if languages := about.get("languages"):
        yield f"Languages: {', '.join(f'{language} ({names})' for language, names in languages.items())}"
    if "encoder" in about:
        yield f"Speech encoder: {about['encoder']}"
    if "command" in about:
        yield f"Made by: {about['command']}"


SCORED_ON = {
    "set_aside": "voices that were set aside, in no training and no choice but that of the encoder",
    "leave_corpus_out": "corpora left out of the training",
    "leave_speaker_out": "voices left out of the training",
    "by_utterance": "recordings, not voices, left out of the training (new voices are recognised less well)",
}
"""The utterances that a protocol scores, in words; the protocols that say most about new voices come first."""


def _worth(about: Mapping[str, Any]) -> Iterator[str]:
    """Yield the performance measured on new voices and corpora, or a line that says that it was not measured."""
    if not about.get("worth"):
        yield "Performance: not measured"
        return
    for protocol, scored in SCORED_ON.items():
        rows = [each for each in about["worth"] if each["protocol"] == protocol]
        if rows:
            interval = " with its 95 % interval" if any(each["low"] is not None for each in rows) else ""
            yield f"Performance on {scored}, as unweighted average recall{interval}:"
        for each in rows:
            figure = in_percent(*(each[name] for name in ("value", "low", "high", "interval_over")))
            answers = f"it answers {100 * each['coverage']:.0f} %"
            if each["precision"] is not None:
                answers += f" and is right in {100 * each['precision']:.0f} % of its answers"
            yield f"  {each['corpus']}: {figure}; {answers}"
            yield from _by_sex(about, each)


def _by_sex(about: Mapping[str, Any], scored: Mapping[str, Any]) -> Iterator[str]:
    """Yield the performance on women and on men, if it was measured."""
    found = [
        f"{each['group']} {in_percent(*(each[name] for name in ('value', 'low', 'high', 'interval_over')))}"
        for each in about.get("by_sex", [])
        if (each["protocol"], each["corpus"]) == (scored["protocol"], scored["corpus"])
    ]
    if found:
        yield f"    {', '.join(found)}"


def _enrolled(about: Mapping[str, Any]) -> Iterator[str]:
    """Yield the number of utterances that it was adapted with, and a line that says how to measure its performance."""
    counts = about.get("enrolled", {})
    named = ", ".join(f"{n} {emotion}" for emotion, n in counts.items())
    yield f"Adapted to one voice, from {sum(counts.values())} utterances: {named}"
    yield "Performance: not measured; measure it with `emotion-lib evaluate` on other recordings of this voice"


def _not_adapted(about: Mapping[str, Any]) -> Iterator[str]:
    if reason := about.get("not_adapted"):
        yield f"Not adapted to a voice: {reason}"


def _threshold(threshold: float, about: Mapping[str, Any]) -> Iterator[str]:
    precision = about.get("precision")
    where = "for silence and where nobody speaks"
    if threshold == 0:
        yield f"Answers unknown: {where}"
        return
    reason = f" (chosen so that {100 * precision:.0f} % of the answers are right)" if precision else ""
    yield f"Answers unknown: below a probability of {threshold:.2f}{reason}, {where}"
