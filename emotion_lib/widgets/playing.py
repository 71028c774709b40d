"""Choose an utterance, hear it, and see it."""

import base64
import html
import io
from collections import Counter
from typing import Any

import ipywidgets
import numpy as np
import pandas as pd
import soundfile
from matplotlib import style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from emotion_lib import audio
from emotion_lib.emotions import in_order
from emotion_lib.errors import AudioError, ParameterError
from emotion_lib.plots import plot_spectrogram, plot_waveform
from emotion_lib.plots.style import SETTINGS

_COLUMNS = ("path", "emotion", "speaker", "text")


def player(table: pd.DataFrame) -> ipywidgets.Widget:
    """Make a player for the utterances of a table: choose emotion, speaker and word, and press play.

    The waveform and the spectrogram of what plays stand below it. Only the chosen recording is sent to the browser, as
    16-bit WAV whatever the file was; nothing plays by itself. With a column `predicted`, such as a table of mistakes
    has, a line says what was heard ("angry, heard as happy").

    Parameters
    ----------
    table : DataFrame
        One row an utterance, with columns `path`, `emotion`, `speaker` and `text`, and perhaps `predicted`.

    Returns
    -------
    Widget
        On a static page it is one line of text, so put a picture beside it.

    Raises
    ------
    ParameterError
        If a column is missing, or an emotion is not in the vocabulary.

    Examples
    --------
    >>> player(pd.DataFrame(columns=["path", "emotion", "speaker", "text"]))
    Player of 0 utterances

    Notebook: 01_explore
    """
    missing = [column for column in _COLUMNS if column not in table]
    if missing:
        raise ParameterError(f"table has no column {missing[0]!r}: must have {', '.join(_COLUMNS)}")
    return _Player(table)


class _Player(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """Three dropdowns, an audio element, a line of text and a picture."""

    def __init__(self, table: pd.DataFrame) -> None:
        self._table = table.reset_index(drop=True)
        self._emotion = ipywidgets.Dropdown(description="Emotion", options=in_order(table["emotion"]))
        self._speaker = ipywidgets.Dropdown(description="Speaker")
        self._word = ipywidgets.Dropdown(description="Word")
        self._audio = ipywidgets.Audio(value=b"", format="wav", autoplay=False, loop=False)
        self._says = ipywidgets.HTML()
        self._picture = ipywidgets.HTML()
        choices = (self._emotion, self._speaker, self._word)
        box = ipywidgets.HBox(choices, layout=ipywidgets.Layout(flex_flow="row wrap"))
        super().__init__((box, self._audio, self._says, self._picture))
        self._follow()
        for choice in choices:
            choice.observe(self._on_choice, names="value")

    def __repr__(self) -> str:
        """Return one line without addresses or recordings: this is what a saved notebook keeps."""
        return f"Player of {len(self._table)} utterance{'s' * (len(self._table) != 1)}"

    def _on_choice(self, change: dict[str, Any]) -> None:
        """Follow a choice of the reader; what the lists then set themselves is no choice."""
        self._speaker.unobserve(self._on_choice, names="value")
        self._word.unobserve(self._on_choice, names="value")
        self._follow()
        self._speaker.observe(self._on_choice, names="value")
        self._word.observe(self._on_choice, names="value")

    def _follow(self) -> None:
        """Offer the speakers and words that there are for what is chosen, and show the utterance."""
        rows = self._table[self._table["emotion"] == self._emotion.value]
        _offer(self._speaker, sorted(rows["speaker"].unique()))
        rows = rows[rows["speaker"] == self._speaker.value].sort_values("text", kind="stable")
        labels = _distinct(rows["text"].tolist())
        _offer(self._word, labels)
        if labels:
            self._show(rows.iloc[labels.index(self._word.value)])
        else:
            self._say("There are no utterances to hear.")

    def _show(self, utterance: pd.Series) -> None:
        """Send the recording of one utterance and its picture, or say why there is none."""
        try:
            y, sr = audio.read(utterance["path"])
        except AudioError as error:
            self._say(str(error))
            return
        self._audio.value = _wav(y, sr)
        self._audio.layout.display = ""
        self._says.value = _paragraph(_caption(utterance))
        self._picture.value = _picture(y, sr, utterance)

    def _say(self, sentence: str) -> None:
        """Show a sentence in place of sound and picture."""
        self._audio.value = b""
        self._audio.layout.display = "none"
        self._says.value = _paragraph(sentence)
        self._picture.value = ""


def _offer(choice: ipywidgets.Dropdown, options: list[str]) -> None:
    """Give a dropdown its options; what was chosen stays chosen if it is still among them, else the first is."""
    chosen = choice.value if choice.value in options else next(iter(options), None)
    if list(choice.options) != options:
        choice.options = options
    choice.value = chosen


def _distinct(texts: list[str]) -> list[str]:
    """Return the texts, those that occur several times with a number.

    Examples
    --------
    >>> _distinct(["dogs", "kids", "kids"])
    ['dogs', 'kids (1)', 'kids (2)']
    """
    times, seen = Counter(texts), Counter[str]()
    labels = []
    for text in texts:
        seen[text] += 1
        labels.append(f"{text} ({seen[text]})" if times[text] > 1 else text)
    return labels


def _caption(utterance: pd.Series) -> str:
    """Return what was acted and what was heard, or nothing where there is no prediction."""
    predicted = utterance.get("predicted")
    return "" if predicted is None or pd.isna(predicted) else f"{utterance['emotion']}, heard as {predicted}"


def _paragraph(sentence: str) -> str:
    """Return a sentence as HTML that a screen reader reads when it changes."""
    return f'<p role="status">{html.escape(sentence)}</p>' if sentence else ""


def _wav(y: np.ndarray, sr: int) -> bytes:
    """Return a 16-bit WAV file, which every browser plays."""
    file = io.BytesIO()
    soundfile.write(file, y, sr, format="WAV", subtype="PCM_16")
    return file.getvalue()


def _picture(y: np.ndarray, sr: int, utterance: pd.Series) -> str:
    """Return an HTML image of waveform above spectrogram, drawn without pyplot so that nothing shows it again."""
    file = io.BytesIO()
    with style.context(SETTINGS):
        figure = Figure(figsize=(8, 4))
        FigureCanvasAgg(figure)
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(2, 3))
        plot_waveform(y, sr, emotion=utterance["emotion"], ax=upper)
        plot_spectrogram(y, sr, ax=lower)
        upper.set_xlabel("")
        figure.savefig(file, format="png")
    image = base64.b64encode(file.getvalue()).decode()
    what = ", ".join(str(utterance[column]) for column in ("speaker", "emotion", "text"))
    alt = html.escape(f"Waveform and spectrogram: {what}", quote=True)
    return f'<img alt="{alt}" src="data:image/png;base64,{image}" style="max-width: 100%">'
