"""Get a recogniser used to one's own voice, utterance by utterance, and see what that changes."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import traitlets
from matplotlib import style
from matplotlib.axes import Axes

from emotion_lib.emotions import STYLES, in_order
from emotion_lib.errors import AudioError, ModelFileError, ParameterError
from emotion_lib.plots.style import INK, PALE, SETTINGS
from emotion_lib.recognizer import EmotionRecognizer, Prediction
from emotion_lib.recognizer.prediction import UNSURE
from emotion_lib.widgets import answers
from emotion_lib.widgets.base import blank, in_words, picture, png, script
from emotion_lib.widgets.recorder import Recorder, Take, check_seconds, take_of

SENTENCES = ("The keys are on the kitchen table.", "She comes home at eleven.", "I saw the letter this morning.")
"""What is said in every emotion: words that tell nothing of it."""

FILE = "my_voice.emotion"
"""What a recogniser is called that is downloaded."""

_COLUMNS = ("path", "emotion")
_NOTHING_YET = "No utterance was recorded yet."


@dataclass(frozen=True)
class _Utterance:
    """An utterance of the voice: the waveform as the recogniser takes it, and the predictions before and after."""

    y: np.ndarray
    emotion: str
    step: int
    name: str
    before: Prediction
    after: Prediction | None = None


class VoiceAdaptation(Recorder):
    """What `get_used_to` returns: the widget, and the recogniser that comes of it.

    Attributes
    ----------
    recognizer : EmotionRecognizer
        The one that is used to the voice; the one that was given, before it is.
    """

    _esm = script("microphone", "recorder", "bars", "adaptation")

    plan: "traitlets.List[dict[str, Any]]" = traitlets.List().tag(sync=True)
    step = traitlets.Int(0).tag(sync=True)
    utterances: "traitlets.List[dict[str, Any]]" = traitlets.List().tag(sync=True)
    verdict = traitlets.Unicode("").tag(sync=True)
    adapted = traitlets.Bool(False).tag(sync=True)
    tried: "traitlets.List[dict[str, Any]]" = traitlets.List().tag(sync=True)

    def __init__(
        self,
        recognizer: EmotionRecognizer,
        *,
        sentences: Sequence[str],
        seconds: float,
        start: pd.DataFrame | None,
    ) -> None:
        self._before = self.recognizer = recognizer
        self._said: list[_Utterance] = []
        super().__init__(seconds=check_seconds(seconds), plan=_plan(recognizer.emotions, sentences))
        if start is not None and len(start):
            self._begin(start)

    def __repr__(self) -> str:
        """Return how many utterances there are, and whether the recogniser is used to the voice."""
        n = len(self._said)
        used = "used to it" if self.adapted else "not yet used to it"
        return f"Getting used to a voice: {n} utterance{'s' * (n != 1)}, {used}"

    def still(self) -> bytes:
        """Return the picture of what getting used to the voice changed."""
        return _still(self._said, self.verdict) if self._said else in_words(_NOTHING_YET)

    @property
    def _rate(self) -> int:
        """The rate in Hz that the recogniser takes."""
        assert self._before.settings.sr is not None
        return self._before.settings.sr

    def _begin(self, start: pd.DataFrame) -> None:
        """Take the utterances of a table, and get used to them."""
        for emotion in in_order(start["emotion"]):
            for path in start.loc[start["emotion"] == emotion, "path"]:
                self._keep(take_of(path), emotion, step=-1)
        self._do_adapt({}, [])

    def _take(self, take: Take, message: Mapping[str, Any]) -> None:
        """Take an utterance of the plan, or try a recording."""
        if message.get("purpose") == "try":
            self._try(take)
            return
        step = self.step
        self._keep(take, self.plan[step]["emotion"], step=step)
        self.says = take.remark
        self._go_on()

    def _keep(self, take: Take, emotion: str, *, step: int) -> None:
        """Keep an utterance in which somebody speaks."""
        y = take.resampled_for(self._before)
        before = self._before.predict(y, sr=self._rate)
        if before.reason not in {"", UNSURE}:
            what = f"{take.name}: " if take.name else ""
            raise AudioError(f"{what}{answers.headline(before)}; this is not kept. Record it again, and nearer.")
        others = [each for each in self._said if step < 0 or each.step != step]
        self._said = [*others, _Utterance(y, emotion, step, take.name, before)]
        self._forget()

    def _forget(self) -> None:
        """Show the utterances without their predictions after getting used to others of them."""
        self._said = [replace(each, after=None) for each in self._said]
        self.verdict = ""
        self._show()

    def _show(self) -> None:
        """Send what there is of each utterance."""
        threshold = self._before.calibration.threshold
        self.utterances = [
            {
                "emotion": each.emotion,
                **STYLES[each.emotion]._asdict(),
                "step": each.step,
                "seconds": len(each.y) / self._rate,
                "before": answers.answer(each.before, threshold),
                "after": answers.answer(each.after, threshold) if each.after else None,
            }
            for each in self._said
        ]

    def _go_on(self) -> None:
        """Go to the next utterance of the plan that is missing; to its end if there is none."""
        there = {each.step for each in self._said}
        after = [*range(self.step + 1, len(self.plan)), *range(self.step)]
        self.step = next((step for step in after if step not in there), len(self.plan))

    def _do_go(self, message: dict[str, Any], _: list[memoryview]) -> None:
        """Go to an utterance of the plan; -1 and the number of utterances are its ends."""
        self.says = ""
        self.step = min(max(int(message["step"]), 0), len(self.plan))

    def _do_remove(self, message: dict[str, Any], _: list[memoryview]) -> None:
        """Forget an utterance, and ask for it again if the plan has it."""
        gone = self._said.pop(message["place"])
        self._forget()
        if gone.step >= 0:
            self.step = gone.step

    def _do_play(self, message: dict[str, Any], _: list[memoryview]) -> None:
        """Send the sound of an utterance."""
        each = self._said[message["place"]]
        self._present(each.y, f"{each.emotion}, utterance {message['place'] + 1}")

    def _present(self, y: np.ndarray, name: str) -> None:
        """Send a sound with its picture."""
        self._set_sound(y, self._rate, picture(y, self._rate))
        with self.hold_sync():
            self.alt = f"Waveform and spectrogram: {name}"
            self.number += 1

    def _do_adapt(self, _: dict[str, Any], __: list[memoryview]) -> None:
        """Get used to the voice, and predict its utterances again."""
        self.says = ""
        y, emotions = [each.y for each in self._said], [each.emotion for each in self._said]
        trial = self._before.enrol_and_predict(y, emotions, self._rate)
        self.recognizer = trial.recognizer
        self._said = [replace(each, after=after) for each, after in zip(self._said, trial.predictions, strict=True)]
        self.adapted, self.tried = True, []
        self.verdict = _verdict(self._said, fair=trial.is_test)
        self._show()

    def _try(self, take: Take) -> None:
        """Predict a recording with both recognisers."""
        y = take.resampled_for(self._before)
        self.says = take.remark
        self.tried = [
            answers.answer(each.predict(y, sr=self._rate), each.calibration.threshold)
            for each in (self._before, self.recognizer)
        ]
        self._present(y, take.name or "the recording")

    def _do_save(self, _: dict[str, Any], __: list[memoryview]) -> None:
        """Send the recogniser to be downloaded."""
        with tempfile.TemporaryDirectory() as folder:
            content = self.recognizer.save(Path(folder) / FILE).read_bytes()
        self.send({"do": "download", "name": FILE}, [content])

    def _do_load(self, message: dict[str, Any], _: list[memoryview]) -> None:
        """Take a recogniser that was downloaded before."""
        self.says = ""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / FILE
            path.write_bytes(self._arrived())
            try:
                loaded = EmotionRecognizer.load(path)
            except ModelFileError as error:
                raise ModelFileError(str(error).replace(str(path), message["name"])) from error
        self._use(loaded, message["name"])

    def _use(self, loaded: EmotionRecognizer, name: str) -> None:
        """Take a recogniser that is used to a voice, if it is."""
        if loaded.enrolment is None or loaded.emotions != self._before.emotions:
            raise ModelFileError(f"{name}: not used to a voice, or to other emotions; choose one that was saved here")
        self.recognizer = loaded
        self._forget()
        self.adapted, self.tried = True, []
        n = sum(loaded.about.get("enrolled", {}).values())
        self.says = f"{name}: used to a voice, from {n} utterances of it. Try it."


def get_used_to(
    recognizer: EmotionRecognizer,
    *,
    sentences: Sequence[str] = SENTENCES,
    seconds: float = 4.0,
    start: pd.DataFrame | None = None,
) -> VoiceAdaptation:
    """Get a recogniser used to one's own voice, and see what that changes.

    It asks for the same sentences in each emotion, one by one, recorded or uploaded; any of them can be skipped or said
    again. Then a table shows the prediction for each utterance before and after. Where there are two utterances of each
    emotion or more, "after" is fair: each was predicted by a recogniser that is used to all the others and not to it. A
    further recording can be tried with both recognisers. What is used to the voice can be downloaded, and loaded again.

    Parameters
    ----------
    recognizer : EmotionRecognizer
        One that knows the voices that it was trained on.
    sentences : sequence of str
        What is to be said in each emotion.
    seconds : float from 1 to 120, default 4
        When a recording stops by itself.
    start : DataFrame, optional
        Utterances of one voice, with columns `path` and `emotion`, that are there already, for where nobody speaks.

    Returns
    -------
    Enrolling
        The widget; `recognizer` is the one that is used to the voice.

    Raises
    ------
    ParameterError
        If the recogniser knows nothing of voices, there is no sentence, `seconds` is outside its range, or `start` has
        another form or several speakers.
    AudioError
        If a recording of `start` cannot be used.

    Examples
    --------
    >>> get_used_to(EmotionRecognizer.load())
    Getting used to a voice: 0 utterances, not yet used to it

    Notebook: 05_your_voice
    """
    if recognizer.voices is None:
        raise ParameterError("this recogniser knows nothing of voices, so it gets used to none; train it again")
    if isinstance(sentences, str) or not sentences:
        raise ParameterError(f"sentences={sentences!r}: must be a list of one sentence or more")
    if start is not None:
        _check_start(start, recognizer.emotions)
    return VoiceAdaptation(recognizer, sentences=sentences, seconds=seconds, start=start)


def _check_start(start: pd.DataFrame, known: Sequence[str]) -> None:
    """Raise a `ParameterError` for a table that is not of one voice, or has no emotion that is told apart."""
    if missing := [name for name in _COLUMNS if name not in start]:
        raise ParameterError(f"start has no column {missing[0]!r}: must have {', '.join(_COLUMNS)}")
    if "speaker" in start and start["speaker"].nunique() > 1:
        named = ", ".join(sorted(map(str, start["speaker"].unique())))
        raise ParameterError(f"start has utterances of several speakers ({named}); give those of one")
    if others := [emotion for emotion in in_order(start["emotion"]) if emotion not in known]:
        raise ParameterError(f"start: {others[0]} is no emotion that this recogniser tells apart ({', '.join(known)})")


def _plan(emotions: Sequence[str], sentences: Sequence[str]) -> list[dict[str, Any]]:
    """Return what is to be said, emotion by emotion."""
    return [
        {"emotion": emotion, "sentence": said, "number": number, "of": len(sentences), **STYLES[emotion]._asdict()}
        for emotion in emotions
        for number, said in enumerate(sentences, start=1)
    ]


def _verdict(said: Sequence[_Utterance], *, fair: bool) -> str:
    """Return in words what getting used to the voice changed, and what that is worth."""
    before = sum(each.before.emotion == each.emotion for each in said)
    after = sum(each.after is not None and each.after.emotion == each.emotion for each in said)
    counted = f"Predicted as meant: before {before} of {len(said)}, after {after} of {len(said)}."
    if fair:
        return (
            f"{counted} Each utterance was predicted by a recogniser that is used to the {len(said) - 1} others and "
            "not to this one: a fair test, but a small one."
        )
    return (
        f"{counted} The recogniser is used to these very utterances, so this is no test. Record two "
        "of each emotion or more, or try another below."
    )


def _still(said: Sequence[_Utterance], verdict: str) -> bytes:
    """Return the picture of utterances: how probable what was meant was before, and after."""
    with style.context(SETTINGS):
        figure = blank((8, 1.6 + 0.24 * len(said)))
        ax = _plot_change(said, figure.subplots())
        ax.set_title(verdict, wrap=True)
        return png(figure)


def _plot_change(said: Sequence[_Utterance], ax: Axes) -> Axes:
    """Draw the probability of the meant emotion before and after, a line an utterance."""
    for place, each in enumerate(said):
        colour, marker = STYLES[each.emotion]
        before = each.before.probabilities[each.emotion]
        ax.plot(before, place, marker, markerfacecolor="white", color=colour)
        if each.after:
            after = each.after.probabilities[each.emotion]
            ax.plot([before, after], [place, place], color=colour, linewidth=1.5, zorder=0)
            ax.plot(after, place, marker, color=colour)
    ax.set_yticks(range(len(said)), labels=[each.emotion for each in said])
    ax.set(xlim=(-0.02, 1.02), ylim=(len(said) - 0.5, -0.5))
    ax.set_xlabel("Probability of the emotion that was meant: before (hollow), and used to the voice (filled)")
    ax.grid(axis="x", color=PALE, linewidth=0.3)
    ax.tick_params(axis="y", length=0, labelcolor=INK)
    return ax
