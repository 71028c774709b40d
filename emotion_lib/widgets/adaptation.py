"""Adapt a recogniser to one's own voice, utterance by utterance, and see the effect."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import traitlets

from emotion_lib.corpora.report import counted
from emotion_lib.emotions import in_order, style_of
from emotion_lib.errors import AudioError, ModelFileError, ParameterError, check_columns
from emotion_lib.plots.style import INK, PALE
from emotion_lib.recognizer import EmotionRecognizer, Prediction
from emotion_lib.recognizer.adaptation import NOT_ADAPTED, PREFIX
from emotion_lib.recognizer.prediction import UNSURE
from emotion_lib.widgets import answers
from emotion_lib.widgets.base import blank, in_words, picture, png, script
from emotion_lib.widgets.recorder import Recorder, Take, check_seconds, take_of

SENTENCES = ("The keys are on the kitchen table.", "She comes home at eleven.", "I saw the letter this morning.")
"""The sentences to say in each emotion; their words give no hint of it."""

ORDINARY = "neutral"
"""The emotion of the sentences that are asked for first, said as one usually speaks."""

KNOWN = "The recogniser is adapted to your usual voice. Sentences in every emotion will improve it further."

_STAND_IN = -1
"""The step of utterances that stand in until somebody speaks; no step of the plan."""

FILE = "my_voice.emotion"
"""Name of the file for a downloaded recogniser."""


@dataclass(frozen=True)
class _Utterance:
    """An utterance: its waveform at the rate of the recogniser, and its predictions before and after the adaptation."""

    y: np.ndarray
    emotion: str
    step: int
    name: str
    before: Prediction
    after: Prediction | None = None


class VoiceAdaptation(Recorder):
    """The widget of `get_used_to`, with the adapted recogniser.

    Attributes
    ----------
    recognizer : EmotionRecognizer
        The adapted recogniser; before the adaptation, the given one.
    """

    _esm = script("microphone", "recorder", "bars", "adaptation")

    plan: "traitlets.List[dict[str, Any]]" = traitlets.List().tag(sync=True)
    step = traitlets.Int(0).tag(sync=True)
    utterances: "traitlets.List[dict[str, Any]]" = traitlets.List().tag(sync=True)
    verdict = traitlets.Unicode("").tag(sync=True)
    adapted = traitlets.Bool(False).tag(sync=True)
    tried: "traitlets.List[dict[str, Any]]" = traitlets.List().tag(sync=True)

    def __init__(
        self, recognizer: EmotionRecognizer, *, sentences: Sequence[str], seconds: float, start: pd.DataFrame | None
    ) -> None:
        self._before = self.recognizer = recognizer
        assert recognizer.settings.sr is not None  # a recogniser refuses settings without a rate
        self._rate = recognizer.settings.sr
        self._said: list[_Utterance] = []
        plan = [
            {"emotion": emotion, "sentence": said, "number": number, "of": len(sentences)} | style_of(emotion)._asdict()
            for emotion in sorted(recognizer.emotions, key=lambda emotion: emotion != ORDINARY)
            for number, said in enumerate(sentences, start=1)
        ]
        super().__init__(seconds=check_seconds(seconds), plan=plan)
        if start is not None and len(start):
            for emotion in in_order(start["emotion"]):
                for path in start.loc[start["emotion"] == emotion, "path"]:
                    self._keep(take_of(path), emotion, step=_STAND_IN)
            self._do_adapt({}, [])

    def __repr__(self) -> str:
        """Return the number of utterances, and whether the recogniser is adapted to the voice."""
        state = "adapted" if self.adapted else "not adapted yet"
        return f"Adaptation to a voice: {counted(len(self._said), 'utterance')}, {state}"

    def still(self) -> bytes:
        """Return the picture of the probabilities before and after the adaptation."""
        return _still(self._said, self.verdict) if self._said else in_words("No utterance has been recorded yet.")

    def _take(self, take: Take, message: Mapping[str, Any]) -> None:
        """Keep a recording as an utterance of the plan, or try it with both recognisers."""
        if message.get("purpose") == "try":
            y = take.resampled_for(self._before)
            self.says, name = take.remark, self._named(take)
            self._present(y, name)
            self.tried = [  # with the number, so that the same file again is another answer
                {
                    "number": self.number,
                    **answers.answer(each.predict(y, sr=self._rate), each.calibration.threshold, name),
                }
                for each in (self._before, self.recognizer)
            ]
            return
        # The sentence that was shown when the recording began, though another may be shown now.
        step = min(int(message.get("step", self.step)), len(self.plan) - 1)
        self._keep(take, self.plan[step]["emotion"], step=step)
        self.says = take.remark
        # Go to the next missing utterance, starting over after the last one; if no utterance is missing, go to the end.
        there = {each.step for each in self._said}
        after = [*range(step + 1, len(self.plan)), *range(step)]
        self.step = next((step for step in after if step not in there), len(self.plan))
        ordinary = {number for number, each in enumerate(self.plan) if each["emotion"] == ORDINARY}
        if step in ordinary and there == ordinary:
            self._do_adapt({}, [])
            self.says = KNOWN if self.adapted else ""

    def _keep(self, take: Take, emotion: str, *, step: int) -> None:
        """Keep an utterance, or raise an `AudioError` if nobody speaks in it."""
        y = take.resampled_for(self._before)
        before = self._before.predict(y, sr=self._rate)
        if before.reason not in {"", UNSURE}:
            file = f"{take.name}: " if take.name else ""
            raise AudioError(f"{file}Not kept ({answers.headline(before)}): record it again, closer to the microphone.")
        others = [each for each in self._said if step < 0 or each.step not in (step, _STAND_IN)]
        if step >= 0 and any(each.step == _STAND_IN for each in self._said):
            self.recognizer, self.adapted, self.tried = self._before, False, []
        self._said = [*others, _Utterance(y, emotion, step, self._named(take), before)]
        self._forget()

    def _forget(self) -> None:
        """Drop the predictions after the adaptation, which are valid only for the utterances used for it."""
        self._said = [replace(each, after=None) for each in self._said]
        self.verdict = ""
        self._show()

    def _show(self) -> None:
        """Send all utterances with their predictions."""
        threshold = self._before.calibration.threshold
        self.utterances = [
            {
                "emotion": each.emotion,
                **style_of(each.emotion)._asdict(),
                "step": each.step,
                "recording": each.name,
                "seconds": len(each.y) / self._rate,
                "before": answers.answer(each.before, threshold, each.name),
                "after": answers.answer(each.after, threshold, each.name) if each.after else None,
            }
            for each in self._said
        ]

    def _do_go(self, message: dict[str, Any], _: list[memoryview]) -> None:
        """Go to an utterance of the plan, or to its end."""
        self.says = ""
        self.step = min(max(int(message["step"]), 0), len(self.plan))

    def _do_remove(self, message: dict[str, Any], _: list[memoryview]) -> None:
        """Remove an utterance, and ask for it again if the plan has it."""
        gone = self._said.pop(message["place"])
        self._forget()
        if gone.step >= 0:
            self.step = gone.step

    def _do_play(self, message: dict[str, Any], _: list[memoryview]) -> None:
        """Send the sound of an utterance."""
        each = self._said[message["place"]]
        self._present(each.y, f"{each.emotion}, utterance {message['place'] + 1}, {each.name}")

    def _present(self, y: np.ndarray, name: str) -> None:
        """Set the sound and the picture for the browser."""
        self._set_sound(y, self._rate, picture(y, self._rate))
        with self.hold_sync():
            self.alt = f"Waveform and spectrogram: {name}"
            self.number += 1

    def _do_adapt(self, _: dict[str, Any], __: list[memoryview]) -> None:
        """Adapt the recogniser to the voice, and predict the utterances again."""
        self.says = ""
        y, emotions = [each.y for each in self._said], [each.emotion for each in self._said]
        trial = self._before.enrol_and_predict(y, emotions, self._rate)
        self.recognizer = trial.recognizer
        self._said = [replace(each, after=after) for each, after in zip(self._said, trial.predictions, strict=True)]
        reason = str(self.recognizer.about.get(NOT_ADAPTED, ""))
        self.adapted, self.tried = not reason, []
        self.verdict = f"Not adapted: {reason}." if reason else _verdict(self._said, fair=trial.is_test)
        self._show()

    def _do_save(self, _: dict[str, Any], __: list[memoryview]) -> None:
        """Send the recogniser to the browser as a download."""
        with tempfile.TemporaryDirectory() as folder:
            content = self.recognizer.save(Path(folder) / FILE).read_bytes()
        self.send({"do": "download", "name": FILE}, [content])

    def _do_load(self, message: dict[str, Any], _: list[memoryview]) -> None:
        """Load a recogniser that was downloaded before."""
        self.says, name = "", message["name"]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / FILE
            path.write_bytes(self._arrived())
            try:
                loaded = EmotionRecognizer.load(path)
            except ModelFileError as error:
                # The user knows the uploaded file, not the temporary copy.
                raise ModelFileError(str(error).replace(str(path), name)) from error
        if loaded.enrolment is None or loaded.emotions != self._before.emotions:
            raise ModelFileError(
                f"{name}: not adapted to a voice, or made for other emotions; choose a file that was downloaded here"
            )
        self.recognizer = loaded
        self._forget()
        self.adapted, self.tried = True, []
        n = sum(each.startswith(PREFIX) for each in loaded.trained_on.ids)  # `about` is whatever somebody wrote into it
        self.says = f"{name}: adapted to a voice with {counted(n, 'recording')}. Try it."


def get_used_to(
    recognizer: EmotionRecognizer,
    *,
    sentences: Sequence[str] = SENTENCES,
    seconds: float = 4.0,
    start: pd.DataFrame | None = None,
) -> VoiceAdaptation:
    """Adapt a recogniser to one's own voice, and see the effect.

    The widget first asks for a few sentences as one usually speaks, adapts to them, and shows the effect, if the
    recogniser knows `neutral`. Then it shows
    the same sentences for each other emotion, one by one; the user records or uploads each, or skips it, and can repeat
    it. A table shows the prediction for each utterance before and after the adaptation. With two or
    more utterances of each emotion, "after" is a fair test: each utterance is predicted by a recogniser that is adapted
    to all the others and not to this one. The user can try a further recording with both recognisers, and can download
    the adapted recogniser and load it again.

    Parameters
    ----------
    recognizer : EmotionRecognizer
        A recogniser with descriptions of its training voices.
    sentences : sequence of str
        The sentences to say in each emotion.
    seconds : float from 1 to 120, default 4
        Length after which a recording stops by itself.
    start : DataFrame, optional
        Utterances of one voice, in columns `path` and `emotion`, so that the page shows a result before anybody
        records. The first recording takes their place.

    Returns
    -------
    VoiceAdaptation
        The widget; its `recognizer` is the adapted one.

    Raises
    ------
    ParameterError
        If the recogniser has no descriptions of its training voices, there is no sentence, `seconds` is outside its
        range, or `start` lacks a column, has several speakers, or has an emotion that the recogniser does not know.
    AudioError
        If a recording of `start` cannot be used.

    Examples
    --------
    >>> get_used_to(EmotionRecognizer.load())
    Adaptation to a voice: 0 utterances, not adapted yet

    Notebook: 06_your_voice
    """
    if recognizer.voices is None:
        raise ParameterError(
            "recognizer: it has no descriptions of its training voices, so it cannot adapt to a new one; train it again"
        )
    if isinstance(sentences, str) or not sentences:
        raise ParameterError(f"sentences={sentences!r}: must be a list of one sentence or more")
    if start is not None:
        check_columns("start", start, "path", "emotion")
        if "speaker" in start and start["speaker"].nunique() > 1:
            named = ", ".join(sorted(map(str, start["speaker"].unique())))
            raise ParameterError(f"start has utterances of several speakers ({named}); keep those of one")
        if others := [emotion for emotion in in_order(start["emotion"]) if emotion not in recognizer.emotions]:
            known = ", ".join(recognizer.emotions)
            raise ParameterError(f"start: {others[0]} is not an emotion of this recogniser ({known}); leave it out")
    return VoiceAdaptation(recognizer, sentences=sentences, seconds=seconds, start=start)


def _verdict(said: Sequence[_Utterance], *, fair: bool) -> str:
    """Return how many predictions were right before and after, and whether the comparison is a fair test."""
    before = sum(each.before.emotion == each.emotion for each in said)
    after = sum(each.after is not None and each.after.emotion == each.emotion for each in said)
    counted = f"Predicted as meant: {before} of {len(said)} before, {after} of {len(said)} after."
    if len({each.emotion for each in said}) == 1:
        return f"{counted} Utterances of one emotion do not test the others: say more, or try another one below."
    if fair:
        return (
            f"{counted} Each utterance was predicted by a recogniser that had been adapted to the other "
            f"{len(said) - 1} but not to this one: a fair test, but a small one."
        )
    return (
        f"{counted} The recogniser is adapted to these very utterances, so this is not a test. Record at least two "
        "utterances of each emotion, or try another one below."
    )


def _still(said: Sequence[_Utterance], verdict: str) -> bytes:
    """Return the picture of the utterances: the probability of the intended emotion before and after."""
    with blank((8, 1.6 + 0.24 * len(said))) as figure:
        ax = figure.subplots()
        for place, each in enumerate(said):
            colour, marker = style_of(each.emotion)
            before = each.before.probabilities[each.emotion]
            ax.plot(before, place, marker, markerfacecolor="white", color=colour)
            if each.after:
                after = each.after.probabilities[each.emotion]
                ax.plot([before, after], [place, place], color=colour, linewidth=1.5, zorder=0)
                ax.plot(after, place, marker, color=colour)
        ax.set_yticks(range(len(said)), labels=[each.emotion for each in said])
        ax.set(xlim=(-0.02, 1.02), ylim=(len(said) - 0.5, -0.5))
        ax.set_xlabel("Probability of the intended emotion: before (hollow) and after the adaptation (filled)")
        ax.grid(axis="x", color=PALE, linewidth=0.3)
        ax.tick_params(axis="y", length=0, labelcolor=INK)
        ax.set_title(verdict, wrap=True)
        return png(figure)
