"""Adapt a recogniser to one voice with a few recordings of it."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from emotion_lib.audio import Channel
from emotion_lib.audio.sources import name_of
from emotion_lib.audio.speech import detect, windows
from emotion_lib.emotions import in_order
from emotion_lib.errors import AudioError, ParameterError
from emotion_lib.features import ENCODED
from emotion_lib.parallel import map_in_order
from emotion_lib.recognizer.benefit import why_not_adapt
from emotion_lib.recognizer.file import DIGEST_BYTES, Utterances
from emotion_lib.recognizer.inference import Inference, Output
from emotion_lib.recognizer.inputs import Recording, RecordingReader, Recordings, is_list, rewindable
from emotion_lib.recognizer.voice_model import VoiceOffsets
from emotion_lib.recognizer.voices import Enrolment

UNLABELLED = "unlabelled"
"""The name under which utterances without an emotion are counted."""

PREFIX = "enrolled/"
"""Prefix of the id of an enrolled utterance, in the place of the name of its corpus."""

NOT_ADAPTED = "not_adapted"
"""The key of `about` with the reason why a recogniser did not adapt to a voice."""

OF_OTHER_VOICES = ("worth", "by_sex", "precision", NOT_ADAPTED)
"""Keys of `about` whose values apply only to new voices; adaptation removes them."""

_MOST_NAMED = 5  # broken recordings named in one error; a whole folder of them would fill pages


@dataclass(frozen=True)
class VoiceRecording:
    """The network's outputs for one recording of the voice.

    Parameters
    ----------
    outputs : list of (Output, int)
        The output for the recording, or for each window of speech of a long recording, and its length in samples.
    emotion : str or None
        The emotion, if it is known.
    digest : bytes
        The first bytes of the SHA-256 of the recording, as `Utterances` takes them.
    """

    outputs: list[tuple[Output, int]]
    emotion: str | None
    digest: bytes


def infer_recordings(
    inference: Inference,
    recordings: Recordings,
    emotions: Sequence[str | None] | str | None,
    sr: int | None,
    *,
    channel: Channel = None,
) -> list[VoiceRecording]:
    """Run the network once on each recording of a voice.

    Parameters
    ----------
    inference : Inference
        The inference of the recogniser.
    recordings, emotions, sr, channel
        As for `EmotionRecognizer.enrol`.

    Returns
    -------
    list of VoiceRecording

    Raises
    ------
    AudioError, ParameterError
        As for `EmotionRecognizer.enrol`.
    """
    labels = _labels(recordings, emotions, inference.emotions)
    _check_knows_voices(inference)
    tried = list(map_in_order(partial(_tried, inference=inference, sr=sr, channel=channel), recordings))
    broken = [
        f"{_name(x, number)}: {str(each).removeprefix(f'{name_of(x)}: ')}"
        for number, (x, each) in enumerate(zip(recordings, tried, strict=True))
        if isinstance(each, AudioError)
    ]
    if broken:
        more = [f"and {len(broken) - _MOST_NAMED} more"] if len(broken) > _MOST_NAMED else []
        named = " | ".join(broken[:_MOST_NAMED] + more)
        raise AudioError(f"{len(broken)} of {len(tried)} recordings cannot be used; leave them out: {named}")
    return [
        replace(each, emotion=label)
        for each, label in zip(tried, labels, strict=True)
        if isinstance(each, VoiceRecording)
    ]


def why_not(inference: Inference, recordings: Sequence[VoiceRecording]) -> str:
    """Judge from the outputs for the recordings of a voice whether adapting to it helps.

    Parameters
    ----------
    inference, recordings
        As for `enrolment_of`.

    Returns
    -------
    str
        Empty, or the reason not to adapt, from `why_not_adapt`.
    """
    assert inference.voices is not None  # infer_recordings has checked it
    number = [place for place, each in enumerate(recordings) for _ in each.outputs]
    shown = _shown(recordings)
    return why_not_adapt(inference.voices, *shown, emotions=inference.emotions, recording=number)


def enrolment_of(inference: Inference, recordings: Sequence[VoiceRecording]) -> Enrolment | VoiceOffsets:
    """Estimate the enrolment of a voice from the outputs for its recordings, without running the network again.

    Parameters
    ----------
    inference : Inference
        The inference of a recogniser that has statistics of its training voices.
    recordings : sequence of VoiceRecording
        At least one.

    Returns
    -------
    Enrolment or VoiceOffsets
    """
    assert inference.voices is not None  # infer_recordings has checked it
    return inference.voices.adapt(*_shown(recordings), emotions=inference.emotions)


def _shown(recordings: Sequence[VoiceRecording]) -> tuple[np.ndarray, list[str | None], np.ndarray]:
    """Return the statistics, the emotion and the probabilities of each window of the recordings."""
    outputs = [output for each in recordings for output, _ in each.outputs]
    statistics = np.concatenate([output.statistics for output in outputs])
    return statistics, _labels_of_windows(recordings), np.concatenate([output.probabilities for output in outputs])


def count_utterances(recordings: Sequence[VoiceRecording]) -> dict[str, int]:
    """Count the utterances of a voice by emotion; those without an emotion count as `UNLABELLED`.

    Parameters
    ----------
    recordings : sequence of VoiceRecording
        Each window of a long recording counts as an utterance.

    Returns
    -------
    dict of str to int
    """
    counts = Counter(_labels_of_windows(recordings))
    named = {emotion: counts[emotion] for emotion in in_order(label for label in counts if label)}
    return named | ({UNLABELLED: counts[None]} if counts[None] else {})


def _labels_of_windows(recordings: Sequence[VoiceRecording]) -> list[str | None]:
    return [each.emotion for each in recordings for _ in each.outputs]


def with_enrolled(trained_on: Utterances, recordings: Sequence[VoiceRecording]) -> Utterances:
    """Add the enrolled recordings to the training utterances of a recogniser, so that they are refused as a test.

    Parameters
    ----------
    trained_on : Utterances
        The training utterances; recordings of a voice that was enrolled earlier are removed.
    recordings : sequence of VoiceRecording
        Recordings of the enrolled voice.

    Returns
    -------
    Utterances

    Examples
    --------
    >>> before = Utterances(("tess/a", "enrolled/1"), (bytes(8), bytes(8)))
    >>> with_enrolled(before, [VoiceRecording([], None, bytes(8))] * 2).ids
    ('tess/a', 'enrolled/1', 'enrolled/2')
    """
    both = zip(trained_on.ids, trained_on.digests, strict=True)
    stay = [(id, digest) for id, digest in both if not id.startswith(PREFIX)]
    new = [(f"{PREFIX}{number}", each.digest) for number, each in enumerate(recordings, start=1)]
    return Utterances(tuple(id for id, _ in stay + new), tuple(digest for _, digest in stay + new))


def _check_knows_voices(inference: Inference) -> None:
    if inference.voices is not None:
        return
    if inference.feature == ENCODED:
        raise ParameterError(
            "voices=None: adaptation needs to know how voices differ, and this recogniser was trained without known "
            "speakers; train it again with at least two, each with two emotions"
        )
    if not inference.head.takes_frames:
        raise ParameterError(
            f"feature={inference.feature!r}: gives one vector for each utterance, but adaptation needs frames; train a "
            "recogniser that takes frames with `emotion-lib train --model frame_cnn`"
        )
    raise ParameterError(
        "voices=None: adaptation compares a voice with the training voices, and this recogniser has no statistics of "
        "them; train it again with `emotion-lib train`"
    )


def _labels(recordings: Any, emotions: Any, known: tuple[str, ...]) -> list[str | None]:
    if not is_list(recordings):
        raise ParameterError("recordings: must be a list; put a single recording in a list")
    if len(recordings) == 0:
        raise ParameterError("recordings: the list is empty; give at least one utterance of the voice")
    if emotions is None or isinstance(emotions, str):
        emotions = [emotions] * len(recordings)
    if not is_list(emotions):
        raise ParameterError(f"emotions={emotions!r}: must be a list, with an emotion or None for each recording")
    if len(emotions) != len(recordings):
        raise ParameterError(f"{len(emotions)} emotions for {len(recordings)} recordings: give one for each, or None")
    for number, emotion in enumerate(emotions):
        if emotion is not None and not (isinstance(emotion, str) and emotion in known):
            allowed = f"{', '.join(known)}, or None where it is unknown"
            raise ParameterError(f"emotions[{number}]={emotion!r}: must be one of {allowed}")
    return [None if emotion is None else str(emotion) for emotion in emotions]


def _tried(x: Recording, *, inference: Inference, sr: int | None, channel: Channel) -> VoiceRecording | AudioError:
    """Return the outputs for a recording, or the error, so that one message can name all broken recordings."""
    try:
        with rewindable(x, sr, to=inference.sr, channel=channel) as recording:
            return VoiceRecording(_outputs(recording, inference), None, recording.digest()[:DIGEST_BYTES])
    except AudioError as error:
        return error


def _outputs(recording: RecordingReader, inference: Inference) -> list[tuple[Output, int]]:
    """Return the output for a recording, or for each window of speech of a long one; raise if there is no speech."""
    short = recording.short(inference.settings)
    if short is not None:
        spoken, reason = inference.spoken_part(*short)
        if reason:
            raise AudioError(reason)
        return [(inference.infer(spoken), len(spoken))]
    found = [(inference.infer(part.y), len(part.y)) for part in windows(detect(recording.blocks(), inference.sr))]
    if not found:
        raise AudioError("nobody speaks")
    return found


def _name(x: Recording, number: int) -> str:
    """Return the name of a recording for an error message: its path, or its index in the list."""
    path = os.fsdecode(x) if isinstance(x, (str, os.PathLike)) else ""
    return path if path.isprintable() and path else f"recordings[{number}]"
