"""`EmotionRecognizer`: the emotion of a recording and its probabilities, or "I don't know" and why."""

import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from importlib import resources
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple, cast, overload

import numpy as np

from emotion_lib.errors import AudioError, ModelFileError, ParameterError
from emotion_lib.features import FeatureSettings
from emotion_lib.parallel import map_in_order
from emotion_lib.recognizer import adaptation, file, validation
from emotion_lib.recognizer.calibration import Calibration
from emotion_lib.recognizer.inference import Inference, Network
from emotion_lib.recognizer.inputs import Recording, RecordingReader, Recordings, is_list, resampled, rewindable
from emotion_lib.recognizer.prediction import Prediction, Segment
from emotion_lib.recognizer.voices import Enrolment, Voices

PRETRAINED = "speech.emotion"
"""Name of the recogniser that comes with the package, in `emotion_lib/pretrained`."""


class EnrolmentTrial(NamedTuple):
    """What enrolment is worth for one voice.

    Attributes
    ----------
    recognizer : EmotionRecognizer
        The one that is adapted to all of the recordings.
    predictions : list of Prediction
        One for each recording.
    is_test : bool
        Whether each recording was predicted after adapting to the others alone.
    """

    recognizer: "EmotionRecognizer"
    predictions: list[Prediction]
    is_test: bool


class EmotionRecognizer:
    """Recognise the emotion in recordings of speech.

    It is made by `load`, or from a network by `training.FittedNetwork.recognizer`. It needs neither TensorFlow nor
    whatever else trained it.

    Parameters
    ----------
    network : bytes
        The network, in ONNX's form.
    emotions : sequence of str
        What its outputs stand for, in the order of the vocabulary.
    feature : str
        Name of the feature that it takes, one of `features.FEATURES`.
    settings : FeatureSettings
        How that feature is made; `sr` must be given.
    calibration : Calibration
        How its probabilities are read, and below which of them the answer is `unknown`.
    about : mapping, optional
        What else there is to know, as JSON can say it: how it was trained, and what it is worth.
    trained_on : file.Utterances
        The utterances that it was trained on.
    voices : Voices, optional
        What is known of the voices that it was trained on: it warns of a voice that is unlike them, and can get used
        to one (`enrol`). Without it, it does neither.
    enrolment : Enrolment, optional
        The one voice that it is used to; `enrol` makes it.

    Raises
    ------
    ModelFileError
        If the network cannot be read, or does not fit the feature and the emotions; or what is known of voices does
        not.
    ParameterError
        If there is no such feature or emotion.

    Examples
    --------
    >>> recognizer = EmotionRecognizer.load()
    >>> print(recognizer.predict(np.zeros(16000), sr=16000))
    unknown, silence
    """

    def __init__(
        self,
        network: bytes,
        *,
        emotions: Sequence[str],
        feature: str,
        settings: FeatureSettings,
        calibration: Calibration = Calibration(),  # noqa: B008 (frozen)
        about: Mapping[str, Any] | None = None,
        trained_on: file.Utterances = file.Utterances(),  # noqa: B008 (frozen)
        voices: Voices | None = None,
        enrolment: Enrolment | None = None,
    ) -> None:
        validation.check_parts(emotions, feature, settings)
        self._inference = Inference(
            Network(network, feature=feature), tuple(emotions), feature, settings, calibration, voices, enrolment
        )
        self.about = dict(about or {})
        self.trained_on = trained_on
        validation.check_fit(self.network, self.emotions, feature, settings)
        validation.check_voices(self._inference)

    def __repr__(self) -> str:
        """Return what it tells apart, and from what."""
        return f"<EmotionRecognizer of {', '.join(self.emotions)} from {self.feature} at {self.settings.sr} Hz>"

    @property
    def emotions(self) -> tuple[str, ...]:
        """The emotions that it tells apart, in the order of its probabilities."""
        return self._inference.emotions

    @property
    def network(self) -> Network:
        """The network: features in, probabilities out, as yet uncalibrated."""
        return self._inference.network

    @property
    def feature(self) -> str:
        """Name of the feature that the network takes."""
        return self._inference.feature

    @property
    def settings(self) -> FeatureSettings:
        """How that feature is made."""
        return self._inference.settings

    @property
    def calibration(self) -> Calibration:
        """How its probabilities are read."""
        return self._inference.calibration

    @property
    def voices(self) -> Voices | None:
        """What it knows of the voices that it was trained on, if anything."""
        return self._inference.voices

    @property
    def enrolment(self) -> Enrolment | None:
        """The one voice that it is used to, if it is to one."""
        return self._inference.enrolment

    @classmethod
    def load(cls, path: str | os.PathLike[str] | None = None) -> "EmotionRecognizer":
        """Load a recogniser: the one that comes with the package, or a file that `save` wrote.

        Parameters
        ----------
        path : str or path, optional
            The file; the pretrained recogniser when not given.

        Returns
        -------
        EmotionRecognizer

        Raises
        ------
        ModelFileError
            If there is no such file, it is no recogniser, a damaged one, or one of a newer version.
        ParameterError
            If `path` is no path.

        Examples
        --------
        >>> EmotionRecognizer.load().emotions
        ('angry', 'disgust', 'fear', 'happy', 'neutral', 'sad', 'surprise')
        """
        if path is None:
            pretrained = resources.files("emotion_lib") / "pretrained" / PRETRAINED
            return cls._loaded(file.load_file(pretrained, PRETRAINED, cure="install emotion_lib again"), PRETRAINED)
        if not isinstance(path, (str, os.PathLike)):
            raise ParameterError(f"path={path!r}: must be the path of a file that `save` wrote")
        name = os.fspath(path)
        return cls._loaded(file.load_file(Path(path), name, cure="check the path"), name)

    @classmethod
    def _loaded(cls, contents: file.Contents, name: str) -> "EmotionRecognizer":
        try:
            return cls._made_of(contents)
        except (ParameterError, ModelFileError) as error:
            raise ModelFileError(f"{name}: not a recogniser, or a damaged one ({error}); {file.CURE}") from error

    @classmethod
    def _made_of(cls, contents: file.Contents) -> "EmotionRecognizer":
        manifest = contents.manifest
        return cls(
            contents.network,
            emotions=manifest["emotions"],
            feature=manifest["feature"],
            settings=validation.make_settings(FeatureSettings, manifest["settings"]),
            calibration=validation.make_settings(Calibration, manifest["calibration"]),
            about=manifest["about"],
            trained_on=contents.trained_on,
            voices=validation.voices_of(contents.voices),
            enrolment=validation.enrolment_of(contents.enrolment, manifest["emotions"]),
        )

    def with_threshold(self, threshold: float) -> "EmotionRecognizer":
        """Return the same recogniser, which says `unknown` more or less often.

        Parameters
        ----------
        threshold : float in [0, 1]
            Where the highest probability is below it, the answer is `unknown`; at 0 only where nobody speaks.

        Returns
        -------
        EmotionRecognizer

        Raises
        ------
        ParameterError
            If the threshold is no probability.

        Examples
        --------
        >>> EmotionRecognizer.load().with_threshold(0.9).calibration.threshold
        0.9
        """
        return self._replaced(calibration=replace(self.calibration, threshold=threshold))

    def _replaced(
        self,
        *,
        about: Mapping[str, Any] | None = None,
        trained_on: file.Utterances | None = None,
        **parts: Any,
    ) -> "EmotionRecognizer":
        """Return the same recogniser with some of its parts replaced; both share the network and its session."""
        other = object.__new__(type(self))
        other._inference = replace(self._inference, **parts)
        other.about = dict(self.about if about is None else about)
        other.trained_on = trained_on or self.trained_on
        return other

    def enrol(
        self, recordings: Recordings, emotions: Sequence[str | None] | None = None, sr: int | None = None
    ) -> "EmotionRecognizer":
        """Return the same recogniser, used to one voice.

        Every voice has a pitch, a colour and a way to be angry of its own. A few utterances tell them: with their
        emotions, or without, which helps less. No network is trained, and it takes less than a second.

        The result no longer says what it is worth, since that was measured for new voices. Calibration and
        threshold stay as they are. It warns of no voice, and `scoring` takes none of the recordings for a test. A
        recogniser that is used to a voice already forgets that one, so give all utterances at once.

        Parameters
        ----------
        recordings : list of path, bytes, binary file object or ndarray
            Of one voice, each as `predict` takes it. One of more than 15 seconds is cut into windows of speech, and
            each of them is an utterance.
        emotions : list of str or None, optional
            The emotion of each recording, None where it is not known; no emotion is known when not given.
        sr : int > 0, optional
            Rate in Hz of waveforms.

        Returns
        -------
        EmotionRecognizer
            `predict`, `segments`, `stream` and `save` are as before; `about["enrolled"]` counts the utterances by
            emotion.

        Raises
        ------
        AudioError
            If a recording cannot be used, or nobody speaks in it; the message names all of these.
        ParameterError
            If there is no recording, an emotion is none that the recogniser tells apart, there are more of the one than
            of the other, or the recogniser does not know the voices that it was trained on.

        Examples
        --------
        >>> recognizer = EmotionRecognizer.load()
        >>> recognizer.enrol([])
        Traceback (most recent call last):
        emotion_lib.errors.ParameterError: recordings: none; give at least one utterance of the voice
        """
        return self._adapted_to(adaptation.infer_recordings(self._inference, recordings, emotions, sr))

    def enrol_and_predict(
        self, recordings: Recordings, emotions: Sequence[str | None], sr: int | None = None
    ) -> EnrolmentTrial:
        """Adapt to one voice, and predict each of its recordings after adapting to all the others.

        So it shows what enrolment is worth for this voice: no recording is predicted by a recogniser that has seen it.
        The network runs once for each recording.

        Parameters
        ----------
        recordings, emotions, sr
            As for `enrol`. An emotion needs two recordings; where one has fewer, every recording is predicted by the
            recogniser that is adapted to all of them, which is no test.

        Returns
        -------
        EnrolmentTrial

        Raises
        ------
        AudioError, ParameterError
            As for `enrol`.

        Examples
        --------
        >>> from emotion_lib.corpora import load
        >>> mine = load("demo").query("speaker == 'DEA'").groupby("emotion").head(2)
        >>> trial = EmotionRecognizer.load().enrol_and_predict(mine["path"], list(mine["emotion"]))
        >>> trial.recognizer.about["enrolled"]["sad"], len(trial.predictions) == len(mine), trial.is_test
        (2, True, True)
        """
        spoken = adaptation.infer_recordings(self._inference, recordings, emotions, sr)
        adapted = self._adapted_to(spoken)
        if not adaptation.each_emotion_twice(spoken):
            predictions = [adapted._inference.predict_outputs(each.outputs) for each in spoken]
            return EnrolmentTrial(adapted, predictions, is_test=False)
        predictions = []
        for number, each in enumerate(spoken):
            others = adaptation.enrolment_of(self._inference, [*spoken[:number], *spoken[number + 1 :]])
            predictions.append(replace(self._inference, enrolment=others).predict_outputs(each.outputs))
        return EnrolmentTrial(adapted, predictions, is_test=True)

    def _adapted_to(self, spoken: list[adaptation.VoiceRecording]) -> "EmotionRecognizer":
        """Return the same recogniser, adapted to the voice of some recordings."""
        about = {name: said for name, said in self.about.items() if name not in adaptation.OF_OTHER_VOICES}
        return self._replaced(
            about=about | {"enrolled": adaptation.count_utterances(spoken)},
            trained_on=adaptation.with_enrolled(self.trained_on, spoken),
            enrolment=adaptation.enrolment_of(self._inference, spoken),
        )

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Save it as one file, which any later version of this library can load.

        Parameters
        ----------
        path : str or path
            Where to; by custom it ends in `.emotion`.

        Returns
        -------
        Path
            Where it was saved.

        Raises
        ------
        ModelFileError
            If `path` is a folder, or nothing can be written there.
        ParameterError
            If `about` has something that JSON cannot say.
        """
        return file.write_file(Path(path), self._contents())

    def _contents(self) -> file.Contents:
        manifest = {
            "emotions": self.emotions,
            "feature": self.feature,
            "settings": asdict(self.settings),
            "calibration": asdict(self.calibration),
            "about": self.about,
        }
        voices, enrolment = ({} if each is None else each.arrays() for each in (self.voices, self.enrolment))
        return file.Contents(manifest, self.network.onnx, self.trained_on, voices, enrolment)

    def __reduce__(self) -> tuple[Any, ...]:
        """Return what pickle needs to make it again; the running network is no part of that."""
        return type(self)._made_of, (self._contents(),)

    @overload
    def predict(self, x: Recordings, sr: int | None = None) -> list[Prediction]: ...
    @overload
    def predict(self, x: Recording, sr: int | None = None) -> Prediction: ...
    def predict(self, x: Recording | Recordings, sr: int | None = None) -> Prediction | list[Prediction]:
        """Recognise the emotion in one recording or several.

        A recording of more than 15 seconds is predicted window by window, in constant memory, and the answer is the
        mean; `segments` tells what was predicted when.

        Parameters
        ----------
        x : path, bytes, binary file object or ndarray, or a list of them
            What `audio.read` reads, or a waveform, (n_samples,) or (n_samples, n_channels).
        sr : int > 0, optional
            Rate in Hz of waveforms; files know theirs.

        Returns
        -------
        Prediction, or a list of them for a list

        Raises
        ------
        AudioError
            If a recording cannot be used; the message names it. `predictions` loses nothing over it.
        ParameterError
            If `x` is no recording, or a waveform comes without its rate.

        Examples
        --------
        >>> silence = np.zeros(16000)
        >>> [answer.reason for answer in EmotionRecognizer.load().predict([silence, silence], sr=16000)]
        ['silence', 'silence']
        """
        if is_list(x):
            return [_raised(answer) for answer in self.predictions(x, sr)]
        return self._predict(cast("Recording", x), sr)

    def predictions(self, xs: Iterable[Recording], sr: int | None = None) -> Iterator[Prediction | AudioError]:
        """Recognise the emotion in many recordings, of which some may be broken.

        Parameters
        ----------
        xs : iterable of path, bytes, binary file object or ndarray
            As for `predict`.
        sr : int > 0, optional
            Rate in Hz of waveforms.

        Yields
        ------
        Prediction or AudioError
            One for each recording, in order, as soon as it is there; an error is yielded, not raised.

        Raises
        ------
        ParameterError
            If one of them is no recording, or a waveform comes without its rate.

        Examples
        --------
        >>> for answer in EmotionRecognizer.load().predictions([b""]):
        ...     print(answer)
        the recording: an empty file (0 bytes); delete it or get a fresh copy
        """
        if not is_list(xs) and not isinstance(xs, Iterator):
            raise ParameterError("xs: one recording; use predict, or put it in a list")
        stopped = threading.Event()
        return map_in_order(partial(self._tried, sr=sr, stopped=stopped), xs, stopped=stopped)

    def _tried(self, x: Recording, *, sr: int | None, stopped: threading.Event) -> Prediction | AudioError:
        try:
            return self._predict(x, sr, stopped)
        except AudioError as error:
            return error

    def predict_proba(self, x: Recording | Recordings, sr: int | None = None) -> np.ndarray:
        """Return the probability of each emotion in one recording or several.

        Parameters
        ----------
        x, sr
            As for `predict`.

        Returns
        -------
        ndarray of shape (n_emotions,) or, for a list, (n_recordings, n_emotions), float64
            In the order of `emotions`; all equal for silence, and where nobody speaks.

        Raises
        ------
        AudioError, ParameterError
            As for `predict`.

        Examples
        --------
        >>> EmotionRecognizer.load().predict_proba(np.zeros(16000), sr=16000).round(2).tolist()
        [0.14, 0.14, 0.14, 0.14, 0.14, 0.14, 0.14]
        """
        answers = self.predict(x, sr)
        if isinstance(answers, Prediction):
            return np.array(list(answers.probabilities.values()))
        return np.array([list(answer.probabilities.values()) for answer in answers]).reshape(-1, len(self.emotions))

    def segments(self, x: Recording, sr: int | None = None) -> Iterator[Segment]:
        """Recognise the emotions in a long recording, window by window, in constant memory.

        Parameters
        ----------
        x, sr
            One recording, as for `predict`.

        Yields
        ------
        Segment
            Where somebody speaks, as soon as it is over. A stretch of speech of more than 3 seconds is cut into
            windows of 2 to 3 seconds where it is least like speech; the last ones of a stretch may be shorter. A part
            can be predicted otherwise than the whole.

        Raises
        ------
        AudioError, ParameterError
            As for `predict`; what was yielded before a broken place stays true.

        Examples
        --------
        >>> list(EmotionRecognizer.load().segments(np.zeros(60 * 16000), sr=16000))
        []
        """
        return self._inference.segments(RecordingReader(x, sr, to=self._inference.sr).blocks())

    def stream(self, chunks: Iterable[np.ndarray], sr: int) -> Iterator[Segment]:
        """Recognise the emotion in live audio, every half second.

        Parameters
        ----------
        chunks : iterable of ndarray of shape (n_samples,) or (n_samples, n_channels)
            What a microphone gives, in parts of any length.
        sr : int > 0
            Its rate in Hz.

        Yields
        ------
        Segment
            For the last 3 seconds, or what there is of them; once more for the rest when `chunks` end. What `predict`
            answers for the same part of a recording, with no `offset` or `duration` of the settings.

        Raises
        ------
        AudioError, ParameterError
            If a chunk is no waveform, or `sr` no rate.

        Examples
        --------
        >>> silence = [np.zeros(1000)] * 16
        >>> [segment.end for segment in EmotionRecognizer.load().stream(silence, sr=16000)]
        [0.5, 1.0]
        """
        if not isinstance(chunks, Iterable) or isinstance(chunks, (str, bytes, np.ndarray)):
            raise ParameterError("chunks: must be parts of a waveform; for a whole one there are predict and segments")
        return self._inference.stream(resampled(chunks, sr, self._inference.sr))

    def _predict(self, x: Recording, sr: int | None, stopped: threading.Event | None = None) -> Prediction:
        """Return the answer for one recording; of a long one, for what was read before it was stopped."""
        with rewindable(x, sr, to=self._inference.sr) as recording:
            short = recording.short(offset=self.settings.offset, duration=self.settings.duration)
            if short is None:
                return self._inference.predict_long(
                    takewhile(lambda _: not (stopped and stopped.is_set()), recording.blocks())
                )
            return self._inference.predict_short(*short)


def _raised(answer: Prediction | AudioError) -> Prediction:
    if isinstance(answer, AudioError):
        raise answer
    return answer
