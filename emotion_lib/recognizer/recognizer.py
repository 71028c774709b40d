"""`EmotionRecognizer` predicts the emotion of a recording, or answers "I don't know" and gives the reason."""

import os
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from importlib import resources
from importlib.resources.abc import Traversable
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast, overload

import numpy as np

from emotion_lib.audio import Channel
from emotion_lib.errors import AudioError, ModelFileError, ParameterError, path_of
from emotion_lib.features import ENCODED, FeatureSettings, encoder_digest
from emotion_lib.parallel import map_in_order
from emotion_lib.recognizer import adaptation, embedding, explanation, export, file, timeline, validation
from emotion_lib.recognizer.calibration import Calibration
from emotion_lib.recognizer.heads import Head, LinearHead, Network
from emotion_lib.recognizer.inference import Inference
from emotion_lib.recognizer.inputs import Recording, RecordingReader, Recordings, is_list, resampled, rewindable
from emotion_lib.recognizer.prediction import Prediction, Segment
from emotion_lib.recognizer.voice_model import VoiceModel, VoiceOffsets
from emotion_lib.recognizer.voices import Enrolment, Voices

if TYPE_CHECKING:
    import pandas as pd

PRETRAINED = "speech.emotion"
"""Name of the recogniser that comes with the package, in `emotion_lib/pretrained`."""


class EnrolmentTrial(NamedTuple):
    """A recogniser adapted to one voice, with predictions that show how much the adaptation helps.

    Attributes
    ----------
    recognizer : EmotionRecognizer
        The recogniser adapted to all recordings, or the same one if that would not help.
    predictions : list of Prediction
        One for each recording.
    is_test : bool
        Whether each recording was predicted by a recogniser adapted to the other recordings only.
    """

    recognizer: "EmotionRecognizer"
    predictions: list[Prediction]
    is_test: bool


class EmotionRecognizer:
    """Recognise the emotion in recordings of speech.

    Make one with `load`, or from a trained network with `training.FittedNetwork.recognizer`. It runs without
    TensorFlow and the other training packages.

    Parameters
    ----------
    head : bytes, Network or LinearHead
        The step from features to probabilities: a network as ONNX, or a weighted sum for each emotion.
    emotions : sequence of str
        The emotion of each output of the head, in the order of `emotions.EMOTIONS`.
    feature : str
        Name of the feature that the head takes, one of `features.FEATURES`.
    settings : FeatureSettings
        How the feature is computed; `sr` must be given.
    calibration : Calibration
        Temperature of the probabilities, and the threshold below which the answer is `unknown`.
    about : mapping, optional
        How the recogniser was trained and how well it performs, in a form that can be written as JSON.
    trained_on : file.Utterances
        The utterances that the recogniser was trained on.
    voices : Voices or VoiceModel, optional
        Statistics of the training voices. With them, the recogniser warns of a voice that is unlike them, and can
        adapt to one voice (`enrol`).
    enrolment : Enrolment or VoiceOffsets, optional
        The voice that the recogniser is adapted to; `enrol` makes it.

    Raises
    ------
    ModelFileError
        If the network cannot be read, or the network or the voice statistics do not fit the feature and the emotions.
    ParameterError
        If the feature or an emotion is unknown.

    Examples
    --------
    >>> recognizer = EmotionRecognizer.load()
    >>> print(recognizer.predict(np.zeros(16000), sr=16000))
    unknown, silence
    """

    def __init__(
        self,
        head: bytes | Head,
        *,
        emotions: Sequence[str],
        feature: str,
        settings: FeatureSettings,
        calibration: Calibration = Calibration(),  # noqa: B008 (frozen)
        about: Mapping[str, Any] | None = None,
        trained_on: file.Utterances = file.Utterances(),  # noqa: B008 (frozen)
        voices: Voices | VoiceModel | None = None,
        enrolment: Enrolment | VoiceOffsets | None = None,
    ) -> None:
        validation.check_parts(emotions, feature, settings)
        opened = Network(head, feature=feature) if isinstance(head, bytes) else head
        self._inference = Inference(opened, tuple(emotions), feature, settings, calibration, voices, enrolment)
        self.about = dict(about or {})
        self.trained_on = trained_on
        # A trial run on noise: a head that does not fit fails here, not on a user's first recording.
        validation.check_fit(self._inference)
        validation.check_voices(self._inference)

    def __repr__(self) -> str:
        """Return the emotions, the feature and the sampling rate on one line."""
        return f"<EmotionRecognizer of {', '.join(self.emotions)} from {self.feature} at {self.settings.sr} Hz>"

    @property
    def emotions(self) -> tuple[str, ...]:
        """The emotions that it distinguishes, in the order of its probabilities."""
        return self._inference.emotions

    @property
    def head(self) -> Head:
        """The network or weighted sum that computes uncalibrated probabilities from features."""
        return self._inference.head

    @property
    def feature(self) -> str:
        """Name of the feature that the head takes."""
        return self._inference.feature

    @property
    def settings(self) -> FeatureSettings:
        """How the feature is computed."""
        return self._inference.settings

    @property
    def calibration(self) -> Calibration:
        """Temperature and threshold of the probabilities."""
        return self._inference.calibration

    @property
    def voices(self) -> Voices | VoiceModel | None:
        """Statistics of the training voices, if the recogniser has them."""
        return self._inference.voices

    @property
    def enrolment(self) -> Enrolment | VoiceOffsets | None:
        """The voice that it is adapted to, if there is one."""
        return self._inference.enrolment

    @classmethod
    def load(cls, path: str | os.PathLike[str] | None = None) -> "EmotionRecognizer":
        """Load the recogniser that comes with the package, or a file that `save` wrote.

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
            If the file does not exist, is not a recogniser file, is damaged, or was written by a newer version.
        ParameterError
            If `path` is not a path.

        Examples
        --------
        >>> EmotionRecognizer.load().emotions
        ('angry', 'disgust', 'fear', 'happy', 'neutral', 'sad', 'surprise')
        """
        place: Traversable
        if path is None:
            place, name = resources.files("emotion_lib") / "pretrained" / PRETRAINED, PRETRAINED
        elif isinstance(path, (str, os.PathLike)):
            place, name = path_of("path", path), os.fspath(path)
        else:
            raise ParameterError(f"path={path!r}: must be the path of a file that `save` wrote")
        contents = file.load_file(place, name, cure="install emotion_lib again" if path is None else "check the path")
        try:
            return cls._made_of(contents)
        except (ParameterError, ModelFileError) as error:
            raise ModelFileError(f"{name}: not a recogniser file, or damaged ({error}); {file.CURE}") from error

    @classmethod
    def _made_of(cls, contents: file.Contents) -> "EmotionRecognizer":
        manifest = contents.manifest
        validation.check_encoder(manifest)
        voices = validation.voices_of(contents.voices)
        return cls(
            LinearHead.from_arrays(contents.head) if contents.network is None else contents.network,
            emotions=manifest["emotions"],
            feature=manifest["feature"],
            settings=validation.make_settings(FeatureSettings, manifest["settings"]),
            calibration=validation.make_settings(Calibration, manifest["calibration"]),
            about=manifest["about"],
            trained_on=contents.trained_on,
            voices=voices,
            enrolment=validation.enrolment_of(contents.enrolment, manifest["emotions"], voices),
        )

    def with_threshold(self, threshold: float) -> "EmotionRecognizer":
        """Return the same recogniser with another threshold, so that it answers `unknown` more or less often.

        Parameters
        ----------
        threshold : float in [0, 1]
            Below this probability the answer is `unknown`; at 0 it is `unknown` only where nobody speaks.

        Returns
        -------
        EmotionRecognizer

        Raises
        ------
        ParameterError
            If the threshold is not a probability.

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
        """Return the same recogniser with some of its parts replaced; both share the head and its session."""
        other = object.__new__(type(self))  # __init__ would open a new session and repeat the trial run
        other._inference = replace(self._inference, **parts)
        other.about = dict(self.about if about is None else about)
        other.trained_on = trained_on or self.trained_on
        return other

    def enrol(
        self,
        recordings: Recordings,
        emotions: Sequence[str | None] | str | None = None,
        sr: int | None = None,
        *,
        channel: Channel = None,
    ) -> "EmotionRecognizer":
        """Return the same recogniser, adapted to one voice.

        Every voice has its own pitch, its own timbre and its own way of being angry. A few utterances are enough to
        adapt to them. Three ordinary sentences, as `"neutral"`, show the voice; ten recordings without their emotions
        show more; a few of each emotion also show how the voice expresses them. Nothing is trained again, and
        adaptation takes less than a second.

        The measured performance is removed from `about`, since it applies only to new voices. Calibration and threshold
        stay the same. An adapted recogniser does not warn of unlike voices, and `evaluation.score` refuses the enrolled
        recordings as a test. Adapting again replaces the earlier voice, so give all utterances at once.

        Parameters
        ----------
        recordings : list of path, bytes, binary file object or ndarray
            Recordings of one voice, each as `predict` takes it. A recording of more than 15 seconds is cut into windows
            of speech, and each window counts as an utterance.
        emotions : list of str or None, or str, optional
            The emotion of each recording, None where it is unknown, or one emotion for all, such as `"neutral"`; all
            are unknown when not given.
        sr : int > 0, optional
            Sampling rate of waveforms in Hz.
        channel : "left", "right" or int, optional
            The channel of the voice, as for `predict`.

        Returns
        -------
        EmotionRecognizer
            `predict`, `segments`, `stream` and `save` work as before; `about["enrolled"]` has the number of utterances
            of each emotion. Where adapting would not help, the same recogniser, and `about["not_adapted"]` says why:
            the labels of recordings become less probable after adapting to the others, or the recordings differ more
            than those of one voice and one microphone do. Labels are judged if two emotions have two recordings or
            more.

        Raises
        ------
        AudioError
            If a recording cannot be used, or nobody speaks in it. The message names the first five such recordings.
        ParameterError
            If there are no recordings, an emotion is not one of those that the recogniser distinguishes, the numbers of
            recordings and emotions differ, or the recogniser has no statistics of its training voices.

        Examples
        --------
        >>> recognizer = EmotionRecognizer.load()
        >>> recognizer.enrol([])
        Traceback (most recent call last):
        emotion_lib.errors.ParameterError: recordings: the list is empty; give at least one utterance of the voice
        """
        return self._adapted_to(adaptation.infer_recordings(self._inference, recordings, emotions, sr, channel=channel))

    def enrol_and_predict(
        self,
        recordings: Recordings,
        emotions: Sequence[str | None],
        sr: int | None = None,
        *,
        channel: Channel = None,
    ) -> EnrolmentTrial:
        """Adapt to one voice, and predict each of its recordings after adapting to all the others.

        The predictions show how much enrolment helps with this voice, since no recording is predicted by a recogniser
        that was adapted to it. The network runs once for each recording.

        Parameters
        ----------
        recordings, emotions, sr, channel
            As for `enrol`. Each emotion needs two recordings for a test; otherwise every recording is predicted by the
            recogniser adapted to all of them, and `is_test` is False.

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
        spoken = adaptation.infer_recordings(self._inference, recordings, emotions, sr, channel=channel)
        adapted = self._adapted_to(spoken)
        if min(Counter(each.emotion for each in spoken).values()) < 2:  # leaving one out would leave its emotion out
            predictions = [adapted._inference.predict_outputs(each.outputs) for each in spoken]
            return EnrolmentTrial(adapted, predictions, is_test=False)
        predictions = []
        for number, each in enumerate(spoken):
            others = adaptation.enrolment_of(self._inference, [*spoken[:number], *spoken[number + 1 :]])
            predictions.append(replace(self._inference, enrolment=others).predict_outputs(each.outputs))
        return EnrolmentTrial(adapted, predictions, is_test=True)

    def _adapted_to(self, spoken: list[adaptation.VoiceRecording]) -> "EmotionRecognizer":
        if reason := adaptation.why_not(self._inference, spoken):
            return self._replaced(about=self.about | {adaptation.NOT_ADAPTED: reason})
        about = {name: said for name, said in self.about.items() if name not in adaptation.OF_OTHER_VOICES}
        return self._replaced(
            about=about | {"enrolled": adaptation.count_utterances(spoken)},
            trained_on=adaptation.with_enrolled(self.trained_on, spoken),
            enrolment=adaptation.enrolment_of(self._inference, spoken),
        )

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Save the recogniser as one file, which this version of the library can load.

        A later version reads it too, or says how to make the recogniser again.

        Parameters
        ----------
        path : str or path
            Path of the file; by convention it ends in `.emotion`.

        Returns
        -------
        Path
            Path of the saved file.

        Raises
        ------
        ModelFileError
            If `path` is a folder, or the file cannot be written.
        ParameterError
            If `path` is not a path, or `about` cannot be written as JSON.
        """
        return file.write_file(path_of("path", path), self._contents())

    def export(self, path: str | os.PathLike[str]) -> Path:
        """Write the recogniser as one ONNX file, from the waveform to the probabilities, which any language can run.

        Its input `waveform` has the shape (1, n_samples): float32 at 16 kHz, 0.5 to 15 seconds, without the ends in
        which nobody speaks. Its outputs are `probabilities`, of shape (1, n_emotions), and `embedding`, as of `embed`.
        The metadata has the emotions, the threshold, the rate and the limits as JSON, digests, the licences with their
        texts, and what the file must not be used for. The file does not detect speech and does not warn of unlike
        voices.

        Parameters
        ----------
        path : str or path
            Path of the file; by convention it ends in `.onnx`.

        Returns
        -------
        Path
            Path of the written file.

        Raises
        ------
        ParameterError
            If the recogniser has no speech encoder, or `path` is not a path.
        ModelFileError
            If `path` is a folder, or the file cannot be written.
        MissingExtraError
            If the extra `export` is not installed.

        Examples
        --------
        >>> import onnxruntime, tempfile
        >>> recognizer = EmotionRecognizer.load()
        >>> y = np.random.default_rng(0).normal(size=(1, 16000)).astype(np.float32)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     session = onnxruntime.InferenceSession(recognizer.export(folder + "/speech.onnx"))
        >>> probabilities, embedding = session.run(None, {"waveform": y})
        >>> probabilities.shape, embedding.shape
        ((1, 7), (1, 3072))
        """
        return export.write(path_of("path", path), self._inference, about=self.about)

    def _contents(self) -> file.Contents:
        manifest = {
            "emotions": self.emotions,
            "feature": self.feature,
            "settings": asdict(self.settings),
            "calibration": asdict(self.calibration),
            "about": self.about,
            "encoder": encoder_digest() if self.feature == ENCODED else "",
        }
        head, voices, enrolment = (
            {} if each is None else each.arrays() for each in (self.head, self.voices, self.enrolment)
        )
        return file.Contents(manifest, self.head.onnx, self.trained_on, head, voices, enrolment)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the contents of the file instead of the ONNX Runtime session, which cannot be pickled."""
        return type(self)._made_of, (self._contents(),)

    @overload
    def predict(
        self, x: Recordings, sr: int | None = None, *, trim: bool = True, channel: Channel = None
    ) -> list[Prediction]: ...
    @overload
    def predict(
        self, x: Recording, sr: int | None = None, *, trim: bool = True, channel: Channel = None
    ) -> Prediction: ...
    def predict(
        self, x: Recording | Recordings, sr: int | None = None, *, trim: bool = True, channel: Channel = None
    ) -> Prediction | list[Prediction]:
        """Recognise the emotion in one recording or several.

        A recording of more than 15 seconds is predicted window by window, in constant memory, and the answer is the
        mean; `timeline` shows how it changes.

        Parameters
        ----------
        x : path, bytes, binary file object or ndarray, or a list of them
            A source that `audio.read` reads, or a waveform of shape (n_samples,) or (n_samples, n_channels).
        sr : int > 0, optional
            Sampling rate of waveforms in Hz; files state their own.
        trim : bool
            Whether to leave out the ends of a recording in which nobody speaks, as in the training of the recogniser.
        channel : "left", "right" or int, optional
            The channel to predict from, by name or by its number from 1, if each speaker has one; by default their
            mean.

        Returns
        -------
        Prediction, or a list of them for a list

        Raises
        ------
        AudioError
            If a recording cannot be used; the message names it. `predictions` goes on with the next recording instead.
        ParameterError
            If `x` is not a recording, or a waveform has no rate.

        Examples
        --------
        >>> silence = np.zeros(16000)
        >>> [answer.reason for answer in EmotionRecognizer.load().predict([silence, silence], sr=16000)]
        ['silence', 'silence']
        """
        if is_list(x):
            answers = []
            for answer in self.predictions(x, sr, trim=trim, channel=channel):
                if isinstance(answer, AudioError):
                    raise answer
                answers.append(answer)
            return answers
        return self._predict(cast("Recording", x), sr, trim=trim, channel=channel)

    def predictions(
        self, xs: Iterable[Recording], sr: int | None = None, *, trim: bool = True, channel: Channel = None
    ) -> Iterator[Prediction | AudioError]:
        """Recognise the emotion in many recordings, some of which may be broken.

        Parameters
        ----------
        xs : iterable of path, bytes, binary file object or ndarray
            As for `predict`.
        sr : int > 0, optional
            Sampling rate of waveforms in Hz.
        trim, channel
            As for `predict`.

        Yields
        ------
        Prediction or AudioError
            One for each recording, in order, as soon as it is ready; errors are yielded, not raised.

        Raises
        ------
        ParameterError
            If an item is not a recording, or a waveform has no rate.

        Examples
        --------
        >>> for answer in EmotionRecognizer.load().predictions([b""]):
        ...     print(answer)
        the recording: an empty file (0 bytes); copy it again from where it was recorded, or leave it out
        """
        if not is_list(xs) and not isinstance(xs, Iterator):
            raise ParameterError("xs: must be a list, not a single recording; put it in a list, or use predict")
        stopped = threading.Event()

        def tried(x: Recording) -> Prediction | AudioError:
            try:
                return self._predict(x, sr, trim=trim, channel=channel, stopped=stopped)
            except AudioError as error:
                return error

        return map_in_order(tried, xs, stopped=stopped)

    def predict_proba(
        self, x: Recording | Recordings, sr: int | None = None, *, trim: bool = True, channel: Channel = None
    ) -> np.ndarray:
        """Return the probability of each emotion in one recording or several.

        Parameters
        ----------
        x, sr, trim, channel
            As for `predict`.

        Returns
        -------
        ndarray of shape (n_emotions,) or, for a list, (n_recordings, n_emotions), float64
            In the order of `emotions`; all equal for silence and where nobody speaks.

        Raises
        ------
        AudioError, ParameterError
            As for `predict`.

        Examples
        --------
        >>> EmotionRecognizer.load().predict_proba(np.zeros(16000), sr=16000).round(2).tolist()
        [0.14, 0.14, 0.14, 0.14, 0.14, 0.14, 0.14]
        """
        answers = self.predict(x, sr, trim=trim, channel=channel)
        if isinstance(answers, Prediction):
            return np.array(list(answers.probabilities.values()))
        return np.array([list(answer.probabilities.values()) for answer in answers]).reshape(-1, len(self.emotions))

    def segments(self, x: Recording, sr: int | None = None, *, channel: Channel = None) -> Iterator[Segment]:
        """Recognise the emotion in each window of speech of a long recording, in constant memory.

        Each answer comes as soon as its window is complete, and is that for this window alone; `timeline` smooths the
        answers over time, which needs the whole recording.

        Parameters
        ----------
        x, sr, channel
            One recording, as for `predict`.

        Yields
        ------
        Segment
            The answer for a window of speech, as soon as the window is complete. A stretch of speech of more than 3
            seconds is cut into windows of 2 to 3 seconds at the points least like speech; the last windows of a stretch
            may be shorter. The answers for the parts can differ from the answer for the whole.

        Raises
        ------
        AudioError, ParameterError
            As for `predict`; segments from before a damaged place remain valid.

        Examples
        --------
        >>> list(EmotionRecognizer.load().segments(np.zeros(60 * 16000), sr=16000))
        []
        """
        reader = RecordingReader(x, sr, to=self._inference.sr, channel=channel)
        segments = self._inference.segments(reader.blocks())
        return (replace(segment, notes=reader.notes) for segment in segments)

    def stream(self, chunks: Iterable[np.ndarray], sr: int, *, channel: Channel = None) -> Iterator[Segment]:
        """Recognise the emotion in live audio, every half second.

        Parameters
        ----------
        chunks : iterable of ndarray of shape (n_samples,) or (n_samples, n_channels)
            Audio from a microphone, in chunks of any length; bytes, as PyAudio gives them, by `np.frombuffer`.
        sr : int > 0
            Sampling rate in Hz.
        channel : "left", "right" or int, optional
            As for `predict`.

        Yields
        ------
        Segment
            The answer for the last 3 seconds, or fewer at the beginning; the last answer, when `chunks` ends, includes
            the remaining audio. Each answer equals that of `predict` for the same part of a recording if the settings
            have no `offset` or `duration`.

        Raises
        ------
        AudioError, ParameterError
            If a chunk is not a waveform, or `sr` is not a valid rate.

        Examples
        --------
        >>> silence = [np.zeros(1000)] * 16
        >>> [segment.end for segment in EmotionRecognizer.load().stream(silence, sr=16000)]
        [0.5, 1.0]
        """
        if not isinstance(chunks, Iterable) or isinstance(chunks, (str, bytes, np.ndarray)):
            cure = "for a whole recording use predict or segments"
            raise ParameterError(f"chunks: must be an iterable of arrays, not {type(chunks).__name__}; {cure}")
        return self._inference.stream(resampled(chunks, sr, self._inference.sr, channel=channel))

    def timeline(self, x: Recording, sr: int | None = None, *, channel: Channel = None) -> "pd.DataFrame":
        """Follow the emotion through a recording of any length, in constant memory.

        Windows of 2 seconds of speech, one every second, are predicted like recordings of their own, and the answers
        are smoothed over time (`recognizer.timeline` has the rule). `timeline.stretches` joins the rows with the same
        answer, and `timeline.formatted` writes them for Audacity, Praat and spreadsheets.

        Parameters
        ----------
        x, sr, channel
            One recording, as for `predict`. Where several people speak, an answer can be about any of them, since they
            are not told apart; `channel` reads one side of a call.

        Returns
        -------
        DataFrame
            One row for each half second with speech, and one for each part of more than a second without, from the
            beginning to the end: `start` and `end` in seconds; `emotion`, smoothed, or "unknown"; `reason` for
            "unknown"; and the probability of each emotion at this time, all equal where nobody speaks. `attrs` has
            `note` (what a timeline cannot do), `notes` (remarks on the recording), `warning` (as of a `Prediction`) and
            `threshold`.

        Raises
        ------
        AudioError, ParameterError
            As for `predict`.

        Examples
        --------
        >>> table = EmotionRecognizer.load().timeline(np.zeros(60 * 16000), sr=16000)
        >>> table[["start", "end", "emotion", "reason"]]
           start   end  emotion   reason
        0    0.0  60.0  unknown  silence
        """
        reader = RecordingReader(x, sr, to=self._inference.sr, channel=channel)
        table = timeline.follow(self._inference, reader.blocks())
        table.attrs["notes"] = list(reader.notes)
        return table

    def explain(
        self, x: Recording, sr: int | None = None, *, emotion: str | None = None, channel: Channel = None
    ) -> explanation.Explanation:
        """Find out which part of a recording decided the answer.

        One piece of 0.2 seconds after the other is left out, with as much on either side, and the rest is predicted
        again: the more the probability falls, the more this piece spoke for the emotion.

        Parameters
        ----------
        x, sr, channel
            A recording of at most 15 seconds, as for `predict`.
        emotion : str, optional
            The emotion whose probability is followed; by default the most probable one.

        Returns
        -------
        Explanation
            The emotion, its probability, and `start`, `end` and `drop` of each piece.

        Raises
        ------
        AudioError
            If the recording cannot be used, is longer than 15 seconds, or nobody speaks in it.
        ParameterError
            As for `predict`, or if the recogniser does not distinguish the emotion.

        Examples
        --------
        >>> EmotionRecognizer.load().explain(np.zeros(16000), sr=16000)
        Traceback (most recent call last):
        emotion_lib.errors.AudioError: recording: silence, so there is no answer to explain
        """
        with rewindable(x, sr, to=self._inference.sr, channel=channel) as recording:
            return explanation.explain(self._inference, recording, emotion)

    def embed(
        self, recordings: Recordings, sr: int | None = None, *, trim: bool = True, channel: Channel = None
    ) -> np.ndarray:
        """Describe each recording by the vector from which the emotion is predicted.

        Recordings that sound alike have vectors that are close. A recogniser with a speech encoder returns the means
        and deviations of its states; one with a network over frames returns the voice statistics.

        Parameters
        ----------
        recordings : list of path, bytes, binary file object or ndarray
            The recordings, each as `predict` takes it. The vectors of files are cached, but not those
            of one channel.
        sr : int > 0, optional
            Sampling rate of waveforms in Hz.
        trim, channel
            As for `predict`.

        Returns
        -------
        ndarray of shape (n_recordings, n_features), float32

        Raises
        ------
        AudioError
            If a recording cannot be used; the message names it.
        ParameterError
            If an item is not a recording, or a waveform has no rate.

        Examples
        --------
        >>> rng = np.random.default_rng(0)
        >>> EmotionRecognizer.load().embed([rng.normal(size=8000), rng.normal(size=16000)], sr=16000).shape
        (2, 3072)
        """
        if not is_list(recordings):
            raise ParameterError("recordings: must be a list; put a single recording in a list")
        return embedding.embed(self._inference.trimmed(trim), recordings, sr, channel=channel)

    def _predict(
        self,
        x: Recording,
        sr: int | None,
        *,
        trim: bool = True,
        channel: Channel = None,
        stopped: threading.Event | None = None,
    ) -> Prediction:
        """Return the answer for one recording; a long one ends early when `stopped` is set."""
        inference = self._inference.trimmed(trim)
        with rewindable(x, sr, to=inference.sr, channel=channel) as recording:
            short = recording.short(inference.settings)
            if short is None:
                blocks = takewhile(lambda _: not (stopped and stopped.is_set()), recording.blocks())
                answer = inference.predict_long(blocks)
            else:
                answer = inference.predict_short(*short)
            return replace(answer, notes=recording.notes)
