"""Adapt a recogniser to one voice: from a few recordings of it to an enrolment."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from emotion_lib.audio.sources import name_of
from emotion_lib.audio.speech import detect, windows
from emotion_lib.emotions import in_order
from emotion_lib.errors import AudioError, ParameterError
from emotion_lib.parallel import map_in_order
from emotion_lib.recognizer.file import Utterances
from emotion_lib.recognizer.inference import Inference, Output
from emotion_lib.recognizer.inputs import Recording, RecordingReader, Recordings, is_list, rewindable
from emotion_lib.recognizer.voices import Enrolment, adapt

UNLABELLED = "unlabelled"
"""What utterances are counted as whose emotion nobody gave."""

PREFIX = "enrolled/"
"""How the id of an utterance of the voice begins, where those of a corpus begin with its name."""

OF_OTHER_VOICES = ("worth", "precision")
"""What a recogniser says of itself that is true of new voices, and not of one that it is used to."""

_MOST_NAMED = 5


@dataclass(frozen=True)
class VoiceRecording:
    """A recording of the voice.

    Parameters
    ----------
    outputs : list of (Output, int)
        The output for the recording, or for each window of speech of a long one, and its length in samples.
    emotion : str or None
        Its emotion, where it is known.
    digest : bytes
        Its SHA-256.
    """

    outputs: list[tuple[Output, int]]
    emotion: str | None
    digest: bytes


def infer_recordings(
    inference: Inference, recordings: Recordings, emotions: Sequence[str | None] | None, sr: int | None
) -> list[VoiceRecording]:
    """Run the network once on each recording of a voice.

    Parameters
    ----------
    inference : Inference
        Of the recogniser.
    recordings, emotions, sr
        As `EmotionRecognizer.enrol` takes them.

    Returns
    -------
    list of VoiceRecording

    Raises
    ------
    AudioError, ParameterError
        As `EmotionRecognizer.enrol` says.
    """
    labels = _labels(recordings, emotions, inference.emotions)
    _check_knows_voices(inference)
    tried = list(map_in_order(partial(_tried, inference=inference, sr=sr), recordings))
    broken = [
        f"{_name(x, number)}: {str(each).removeprefix(f'{name_of(x)}: ')}"
        for number, (x, each) in enumerate(zip(recordings, tried, strict=True))
        if isinstance(each, AudioError)
    ]
    if broken:
        named = " | ".join(broken[:_MOST_NAMED])
        more = f" | and {len(broken) - _MOST_NAMED} more" if len(broken) > _MOST_NAMED else ""
        raise AudioError(f"{len(broken)} of {len(tried)} recordings cannot be used, leave them out: {named}{more}")
    return [
        replace(each, emotion=label)
        for each, label in zip(tried, labels, strict=True)
        if isinstance(each, VoiceRecording)
    ]


def enrolment_of(inference: Inference, recordings: Sequence[VoiceRecording]) -> Enrolment:
    """Learn one voice from the outputs for its recordings; no network runs.

    Parameters
    ----------
    inference : Inference
        Of the recogniser, which knows its training voices.
    recordings : sequence of VoiceRecording
        At least one.

    Returns
    -------
    Enrolment
    """
    assert inference.voices is not None  # infer_recordings has seen to it
    outputs = [output for each in recordings for output, _ in each.outputs]
    return adapt(
        inference.voices,
        np.concatenate([output.statistics for output in outputs]),
        _labels_of_windows(recordings),
        np.concatenate([output.probabilities for output in outputs]),
        emotions=inference.emotions,
    )


def count_utterances(recordings: Sequence[VoiceRecording]) -> dict[str, int]:
    """Count the utterances of a voice by emotion, those without one as `UNLABELLED`.

    Parameters
    ----------
    recordings : sequence of VoiceRecording
        Each window of a long one is an utterance.

    Returns
    -------
    dict of str to int
    """
    counts = Counter(_labels_of_windows(recordings))
    named = {emotion: counts[emotion] for emotion in in_order(label for label in counts if label)}
    return named | ({UNLABELLED: counts[None]} if counts[None] else {})


def _labels_of_windows(recordings: Sequence[VoiceRecording]) -> list[str | None]:
    return [each.emotion for each in recordings for _ in each.outputs]


def each_emotion_twice(recordings: Sequence[VoiceRecording]) -> bool:
    """Return whether each emotion of a voice has two recordings, so that one can be left out.

    Parameters
    ----------
    recordings : sequence of VoiceRecording
        At least one.

    Returns
    -------
    bool
    """
    return min(Counter(each.emotion for each in recordings).values()) > 1


def with_enrolled(trained_on: Utterances, recordings: Sequence[VoiceRecording]) -> Utterances:
    """Return the utterances that a recogniser was trained on, and the recordings of the voice that it is now used to.

    Parameters
    ----------
    trained_on : Utterances
        What it was trained on, with those of a voice that it was used to before; these are left out.
    recordings : sequence of VoiceRecording
        Of the voice that it is now used to.

    Returns
    -------
    Utterances

    Examples
    --------
    >>> before = Utterances(("tess/a", "enrolled/1"), (bytes(32), bytes(32)))
    >>> with_enrolled(before, [VoiceRecording([], None, bytes(32))] * 2).ids
    ('tess/a', 'enrolled/1', 'enrolled/2')
    """
    both = zip(trained_on.ids, trained_on.digests, strict=True)
    stay = [(id, digest) for id, digest in both if not id.startswith(PREFIX)]
    new = [(f"{PREFIX}{number}", each.digest) for number, each in enumerate(recordings, start=1)]
    return Utterances(tuple(id for id, _ in stay + new), tuple(digest for _, digest in stay + new))


def _check_knows_voices(inference: Inference) -> None:
    if inference.voices is not None:
        return
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


def _tried(x: Recording, *, inference: Inference, sr: int | None) -> VoiceRecording | AudioError:
    """Return the outputs for a recording, or the error that says why there are none."""
    try:
        with rewindable(x, sr, to=inference.sr) as recording:
            return VoiceRecording(_outputs(recording, inference), None, recording.digest())
    except AudioError as error:
        return error


def _outputs(recording: RecordingReader, inference: Inference) -> list[tuple[Output, int]]:
    """Return the output for a recording, or for each window of speech of a long one; raise where nobody speaks."""
    short = recording.short(offset=inference.settings.offset, duration=inference.settings.duration)
    if short is not None:
        y, part = short
        if reason := inference.missing_speech(y):
            raise AudioError(reason)
        return [(inference.infer(part), len(part))]
    found = [(inference.infer(part.y), len(part.y)) for part in windows(detect(recording.blocks(), inference.sr))]
    if not found:
        raise AudioError("nobody speaks")
    return found


def _name(x: Recording, number: int) -> str:
    """Return what an error calls a recording: its path, or its place in the list."""
    path = os.fsdecode(x) if isinstance(x, (str, os.PathLike)) else ""
    return path if path.isprintable() and path else f"recordings[{number}]"
