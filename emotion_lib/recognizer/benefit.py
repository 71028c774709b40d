"""Judge from the recordings of a voice whether adapting to it helps."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from emotion_lib.recognizer.voice_model import VoiceModel
from emotion_lib.recognizer.voices import Voices

DIFFERENT_LABELS = (
    "the recogniser stays as it was, since adapting to the other recordings does not make the labels of left-out ones "
    "more probable; check the labels and that all recordings are of one voice, or give more recordings"
)
"""Why a recogniser does not adapt to recordings whose labels contradict each other."""

DIFFERENT_VOICES = (
    "the recogniser stays as it was, since the recordings differ more than those of one voice and one microphone do; "
    "leave out those of other people and places"
)
"""Why a recogniser does not adapt to recordings that do not sound like one voice."""

_MOST_LEFT_OUT = 20  # enough for a standard error; adapting takes a millisecond
_SMALLEST = 1e-7  # keeps logarithms finite


def why_not_adapt(
    voices: Voices | VoiceModel,
    statistics: np.ndarray,
    labels: Sequence[str | None],
    probabilities: np.ndarray,
    *,
    emotions: Sequence[str],
    recording: Sequence[int] | None = None,
) -> str:
    """Judge whether adapting to a voice helps, and return the reason if it does not.

    With two or more recordings of two emotions, each is left out in turn. Adapting does not help if it makes their
    labels less probable than before, or leaves them less probable than by chance, by more than the standard error. This
    test needs another recording of the same emotion, since an emotion that was not shown loses to those that were.
    Otherwise, the recogniser adapts unless the recordings differ more than those of one voice do. Networks on frames
    have no such measure.

    Parameters
    ----------
    voices : Voices or VoiceModel
        Statistics of the training voices.
    statistics, labels, probabilities, emotions
        As for `VoiceModel.adapt`.
    recording : sequence of int, optional
        The number of the recording of each utterance, since parts of one recording are left out together; by default
        every utterance is a recording.

    Returns
    -------
    str
        `DIFFERENT_LABELS`, `DIFFERENT_VOICES`, or empty if adapting helps or nothing is known against it.
    """
    number = np.arange(len(labels)) if recording is None else np.asarray(recording)
    counts = Counter(label for label, _ in {*zip(labels, number.tolist(), strict=True)} if label)
    repeated = {label for label, count in counts.items() if count > 1}
    if len(repeated) > 1:
        tested = np.unique(number[[label in repeated for label in labels]])
        chosen = tested[np.linspace(0, len(tested) - 1, min(len(tested), _MOST_LEFT_OUT)).astype(int)]
        gains = []  # in log probability: on the recogniser as it was, and on chance
        for out in (number == each for each in chosen):
            others = [label for label, is_out in zip(labels, out, strict=True) if not is_out]
            used = voices.adapt(statistics[~out], others, probabilities[~out], emotions=emotions)
            column = list(emotions).index(str(labels[int(np.argmax(out))]))
            before, after = probabilities[out], used.apply(probabilities[out], statistics[out])
            found = _log(after[:, column])
            gains.append([np.mean(found - _log(before[:, column])), np.mean(found) + np.log(len(emotions))])
        least = np.mean(gains, axis=0) + np.std(gains, axis=0, ddof=1) / np.sqrt(len(gains))
        return DIFFERENT_LABELS if least.min() < 0 else ""
    if isinstance(voices, VoiceModel) and len(labels) > 1 and voices.coherence(statistics, probabilities) < 0:
        return DIFFERENT_VOICES
    return ""


def _log(probabilities: np.ndarray) -> np.ndarray:
    return np.asarray(np.log(np.maximum(probabilities, _SMALLEST)))
