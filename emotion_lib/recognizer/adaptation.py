"""Adapt a recogniser to one voice: from a few recordings of it to an enrolment."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from emotion_lib.audio import speech
from emotion_lib.audio.sources import name_of
from emotion_lib.audio.speech import windows
from emotion_lib.emotions import in_order
from emotion_lib.errors import AudioError, ParameterError
from emotion_lib.parallel import side_by_side
from emotion_lib.recognizer.file import Utterances
from emotion_lib.recognizer.inference import Inference, Output
from emotion_lib.recognizer.inputs import Recording, RecordingReader, Recordings, is_list, rewindable
from emotion_lib.recognizer.voices import Enrolment, Voices, adapt

UNLABELLED = "unlabelled"
"""What utterances are counted as whose emotion nobody gave."""

PREFIX = "enrolled/"
"""How the id of an utterance of the voice begins, where those of a corpus begin with its name."""

OF_OTHER_VOICES = ("worth", "precision")
"""What a recogniser says of itself that is true of new voices, and not of one that it is used to."""

_MOST_NAMED = 5


@dataclass(frozen=True)
class Enrolled:
    """What is known of one voice.

    Parameters
    ----------
    enrolment : Enrolment
        What there is to know of it.
    counts : dict of str to int
        Its utterances, by emotion, then `UNLABELLED`.
    utterances : Utterances
        The recordings.
    """

    enrolment: Enrolment
    counts: dict[str, int]
    utterances: Utterances


def enrol_recordings(
    inference: Inference, recordings: Recordings, emotions: Sequence[str | None] | None, sr: int | None
) -> Enrolled:
    """Learn one voice from a few recordings of it.

    Parameters
    ----------
    inference : Inference
        Of the recogniser.
    recordings, emotions, sr
        As `EmotionRecognizer.enrol` takes them.

    Returns
    -------
    Enrolled

    Raises
    ------
    AudioError, ParameterError
        As `EmotionRecognizer.enrol` says.
    """
    labels = _labels(recordings, emotions, inference.emotions)
    voices = _training_voices(inference)
    tried = list(side_by_side(partial(_tried, inference=inference, sr=sr), recordings))
    _raise_errors(recordings, tried)
    spoken = [each for each in tried if isinstance(each, _Spoken)]
    given = [label for label, each in zip(labels, spoken, strict=True) for _ in each.outputs]
    outputs = [one for each in spoken for one in each.outputs]
    found = adapt(
        voices,
        np.concatenate([one.statistics for one in outputs]),
        given,
        np.concatenate([one.probabilities for one in outputs]),
        emotions=inference.emotions,
    )
    ids = tuple(f"{PREFIX}{number}" for number in range(1, len(spoken) + 1))
    return Enrolled(found, _counts(given), Utterances(ids, tuple(each.digest for each in spoken)))


def with_enrolled(trained_on: Utterances, utterances: Utterances) -> Utterances:
    """Return what a recogniser was trained on, and the utterances of the voice that it is now used to.

    Parameters
    ----------
    trained_on : Utterances
        What it was trained on, with those of a voice that it was used to before.
    utterances : Utterances
        Of the voice that it is now used to.

    Returns
    -------
    Utterances

    Examples
    --------
    >>> before = Utterances(("tess/a", "enrolled/1"), (bytes(32), bytes(32)))
    >>> with_enrolled(before, Utterances(("enrolled/1", "enrolled/2"), (bytes(32), bytes(32)))).ids
    ('tess/a', 'enrolled/1', 'enrolled/2')
    """
    both = zip(trained_on.ids, trained_on.digests, strict=True)
    stay = [(id, digest) for id, digest in both if not id.startswith(PREFIX)]
    return Utterances(
        (*(id for id, _ in stay), *utterances.ids), (*(digest for _, digest in stay), *utterances.digests)
    )


@dataclass(frozen=True)
class _Spoken:
    """The outputs of the network for a recording, and its SHA-256."""

    outputs: list[Output]
    digest: bytes


def _training_voices(inference: Inference) -> Voices:
    """Return what is known of the training voices; raise a `ParameterError` where that is nothing."""
    if inference.voices is not None:
        return inference.voices
    if not inference.network.takes_frames:
        raise ParameterError(
            f"a recogniser that takes {inference.feature}, one vector an utterance, cannot get used to a voice; train "
            "one that takes frames with `emotion-lib train --model frame_cnn`"
        )
    raise ParameterError(
        "this recogniser knows nothing of the voices that it was trained on, so it cannot tell what is special about "
        "another; train it again with `emotion-lib train`"
    )


def _labels(recordings: Any, emotions: Any, known: tuple[str, ...]) -> list[str | None]:
    if not is_list(recordings):
        raise ParameterError("recordings: must be a list; put a single one in a list")
    if len(recordings) == 0:
        raise ParameterError("recordings: none; give at least one utterance of the voice")
    if emotions is None:
        return [None] * len(recordings)
    if not is_list(emotions):
        raise ParameterError(f"emotions={emotions!r}: must be a list, with an emotion or None for each recording")
    if len(emotions) != len(recordings):
        raise ParameterError(f"{len(emotions)} emotions for {len(recordings)} recordings: give one each, or None")
    return [_checked_label(emotion, number, known) for number, emotion in enumerate(emotions)]


def _checked_label(emotion: Any, number: int, known: tuple[str, ...]) -> str | None:
    if emotion is None:
        return None
    if not isinstance(emotion, str) or emotion not in known:
        raise ParameterError(
            f"emotions[{number}]={emotion!r}: must be one that this recogniser tells apart ({', '.join(known)}), or "
            "None where it is not known"
        )
    return str(emotion)


def _tried(x: Recording, *, inference: Inference, sr: int | None) -> _Spoken | AudioError:
    """Return the outputs for a recording, or the error that says why there are none."""
    try:
        with rewindable(x, sr, to=inference.sr) as recording:
            return _Spoken(_outputs(recording, inference), recording.digest())
    except AudioError as error:
        return error


def _outputs(recording: RecordingReader, inference: Inference) -> list[Output]:
    """Return the output for a recording, or for each window of speech of a long one."""
    short = recording.short(offset=inference.settings.offset, duration=inference.settings.duration)
    if short is None:
        outputs = [inference.infer(window.y) for window in windows(speech.detect(recording.blocks(), inference.sr))]
        lacks = "" if outputs else "nobody speaks"
    else:
        y, part = short
        lacks = inference.missing_speech(y)
        outputs = [] if lacks else [inference.infer(part)]
    if lacks:
        raise AudioError(lacks)
    return outputs


def _raise_errors(recordings: Recordings, tried: list[_Spoken | AudioError]) -> None:
    broken = [
        f"{_name(x, number)}: {str(each).removeprefix(f'{name_of(x)}: ')}"
        for number, (x, each) in enumerate(zip(recordings, tried, strict=True))
        if isinstance(each, AudioError)
    ]
    if broken:
        named = " | ".join(broken[:_MOST_NAMED])
        more = f" | and {len(broken) - _MOST_NAMED} more" if len(broken) > _MOST_NAMED else ""
        raise AudioError(f"{len(broken)} of {len(tried)} recordings cannot be used, leave them out: {named}{more}")


def _name(x: Recording, number: int) -> str:
    """Return what an error calls a recording: its path, or its place in the list."""
    path = os.fsdecode(x) if isinstance(x, (str, os.PathLike)) else ""
    return path if path.isprintable() and path else f"recordings[{number}]"


def _counts(labels: list[str | None]) -> dict[str, int]:
    counts = Counter(labels)
    named = {emotion: counts[emotion] for emotion in in_order(label for label in labels if label)}
    return named | ({UNLABELLED: counts[None]} if counts[None] else {})
