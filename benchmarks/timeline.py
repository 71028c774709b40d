"""Measure timelines of recordings joined from several emotions of one speaker: write timeline.csv and timeline.md.

    python -m benchmarks.timeline          five minutes on two idle cores
    python -m benchmarks.timeline --cost   seconds and memory of one hour and of three: write timeline_cost.csv

It needs EMO-DB, RAVDESS and CREMA-D, whose speakers are scored, and nEMO and TESS, which are in every training; the
voices that are set aside take no part. Each speaker is predicted by a recogniser that was trained without the speakers
of the same fold (`leave_speaker_out`).
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import pairwise, product
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import click
import numpy as np
import pandas as pd
import soundfile

from benchmarks.footprint import markdown
from benchmarks.memory import peak
from benchmarks.pretrained import CORPORA, MODEL, TRAIN_ONLY, copies_of
from emotion_lib import audio, corpora, evaluation, splits
from emotion_lib.audio import speech
from emotion_lib.emotions import EMOTIONS
from emotion_lib.evaluation.augmentation import with_copies
from emotion_lib.evaluation.experiments import features_for
from emotion_lib.evaluation.model_card import SPEAKERS
from emotion_lib.evaluation.recipes import RECIPES
from emotion_lib.features import encoder_statistics
from emotion_lib.parallel import map_in_order
from emotion_lib.recognizer import EmotionRecognizer
from emotion_lib.recognizer.heads import Head
from emotion_lib.recognizer.timeline import CHANGE, STEP, Part, smoothed
from emotion_lib.training.discriminant import Discriminant

FOLDER = Path(__file__).parent
TABLE, COST, PAGE = FOLDER / "timeline.csv", FOLDER / "timeline_cost.csv", FOLDER / "timeline.md"
SCORED = ("crema-d", "emodb", "ravdess")
SR = 16_000
EPISODES, MOST_OF_EPISODE = 4, 4
"""Stretches of one emotion in a recording, and the most utterances in one of them."""

PAUSE = 0.6
"""Longest silence in seconds that is added between two utterances; half of them follow each other without any."""

CHUNK = 0.032
CHOSEN = "2 s every 1 s"
KINDS: dict[str, dict[str, Any]] = {
    "as `segments`": {"_WIDE": round(2 / CHUNK)},
    CHOSEN: {"_WIDE": round(2 / CHUNK)},
    "3 s every 1 s": {"_WIDE": round(3 / CHUNK), "_STEP": round(1 / CHUNK)},
    "1.5 s every 0.75 s": {"_WIDE": round(1.5 / CHUNK), "_STEP": round(0.75 / CHUNK)},
    "2 s every 1 s, across pauses of up to 1 s": {"_PAUSE": round(1 / CHUNK)},
}
"""The windows that were tried, with the numbers of chunks that differ from those of `audio.speech`."""

CHANGES = (0.0, 1.0, 2.0, 3.0, 4.0)
PLAIN = "as `segments`, unsmoothed"

HEADING = """# How right is a timeline?

{speakers} speakers of EMO-DB, RAVDESS (1 to 9) and CREMA-D (44 actors), each with one recording of {episodes} stretches
of 1 to {most} utterances of one emotion, joined at random; half of the utterances follow each other at once, the others
after up to {pause} seconds of silence. The recogniser was trained without the speakers of the same fold. Made by
`python -m benchmarks.timeline`, which takes five minutes on two idle cores; all figures are means of the three corpora.

*time right* is the share of the time of the utterances in which the most probable emotion is the acted one, in
percent, where time without any answer counts as wrong. *answered* is the share with an answer other than "unknown", and
*right of these* the share of right ones among it. *border error* is the mean distance of a change of emotion to the
nearest change of the timeline, in seconds, and *changes* the number of changes in the timeline for each true one: a
timeline that changes all the time has a small border error.

Windows *as `segments`* are those of `recognizer.segments`; in the first row its answers stand as they are. They leave
out soft speech and short pauses, which counts as wrong: most of the difference to the second row is this. All others
are smoothed by the rule of [the timeline](../docs/timeline.md) with the cost of a change that the row says; at a cost
of 0, each step has its own most probable emotion. **{chosen} with a cost of {change:g}** were chosen by this table
and by a first look at other recordings, joined in the same way from the same speakers, so their figures flatter them a
little: no other rule has more time right by more than a point in all three, and this one has a smaller border error
than those that come close, all but the windows of `segments`, smoothed. These are as good, but give fewer steps where
somebody speaks without a pause. [The rules of the first look](timeline_tried.csv) are listed with their figures, which
this command does not make again.

"""
COST_HEADING = """
## What it costs

Recordings joined from the demo corpus, followed by the pretrained recogniser in a process of its own. The time depends
on what else the computer does; the processor time is that of all threads together, so two idle cores need half of it.

"""


class Joined(NamedTuple):
    """A joined recording: its waveform, and start, end (in samples) and emotion of each utterance."""

    y: np.ndarray
    utterances: list[tuple[int, int, str]]


class Answered(NamedTuple):
    """A stretch of a timeline in samples, the column of its emotion, and its mean probability."""

    start: int
    end: int
    emotion: int
    confidence: float


@click.command(help=__doc__.replace("\n\n    ", "\n\n\b\n    "))
@click.option("--cost", is_flag=True, help="Measure seconds and memory instead.")
def main(*, cost: bool) -> None:
    """Write a table and the page."""
    if cost:
        pd.DataFrame([_cost(hours) for hours in (1, 3)]).to_csv(COST, index=False, lineterminator="\n")
    else:
        _scores().to_csv(TABLE, index=False, float_format="%.4f", lineterminator="\n")
    PAGE.write_text(page(), encoding="utf-8")


def _scores() -> pd.DataFrame:
    """Return the figures of each rule, for each speaker's recording, as means over the speakers of a corpus."""
    table = pd.concat([corpora.load(name) for name in CORPORA], ignore_index=True)
    table = table[table["emotion"].isin(EMOTIONS) & ~splits.is_set_aside(table)].reset_index(drop=True)
    features, copies = features_for(table, MODEL), copies_of(table)
    rows = []
    for part in evaluation.folds(features.table, SPEAKERS, train_only=TRAIN_ONLY):
        fitted = RECIPES[MODEL].fit(with_copies(features[part.train], copies), 0, {})
        assert isinstance(fitted, Discriminant)
        head = fitted.recognizer().head
        tested = features.table.iloc[part.test]
        for (corpus, _), utterances in tested[tested["corpus"].isin(SCORED)].groupby(["corpus", "speaker"]):
            rows += [{"corpus": corpus, **row} for row in _of_speaker(utterances, head)]
    keys = ["windows", "change", "corpus"]
    found = pd.DataFrame(rows).groupby(keys, sort=False, dropna=False).agg(speakers=("right", "size"), **{
        name: (name, "sum" if name in {"found", "true", "right_answers", "answers"} else "mean")
        for name in ("right", "answered", "right_answers", "answers", "border_error", "found", "true")
    }).reset_index()  # fmt: skip
    found["right_of_answered"] = found.pop("right_answers") / found.pop("answers")
    found["changes"] = found.pop("found") / found.pop("true")
    return found


def _of_speaker(utterances: pd.DataFrame, head: Head) -> Iterator[dict[str, object]]:
    """Yield the figures of each rule for a recording joined from the utterances of a speaker."""
    recording = join(utterances, np.random.default_rng([*str(utterances["speaker"].iloc[0]).encode()]))
    chunks = list(speech.detect([recording.y], SR))
    calibration = EmotionRecognizer.load().calibration
    for kind, numbers in KINDS.items():
        with patch.multiple(speech, **numbers):
            windows = list(speech.windows(iter(chunks), overlapping=kind != "as `segments`"))
        X = np.stack(list(map_in_order(lambda window: encoder_statistics(window.y, SR), windows)))
        shares = calibration.apply(head.probabilities(X))
        parts = [Part(each.first, len(each.y), p, False) for each, p in zip(windows, shares, strict=True)]
        if kind == "as `segments`":
            plain = [
                Answered(p.first, p.first + p.length, int(p.probabilities.argmax()), p.probabilities.max())
                for p in parts
            ]
            yield {"windows": PLAIN, "change": np.nan, **score(recording, plain, calibration.threshold)}
        for change in CHANGES:
            yield {
                "windows": kind,
                "change": change,
                **score(recording, _stretches(parts, len(recording.y), change), calibration.threshold),
            }


def join(utterances: pd.DataFrame, rng: np.random.Generator) -> Joined:
    """Join utterances of a speaker, in stretches of one emotion."""
    left = {
        str(emotion): list(rng.permutation(rows["path"].to_numpy())) for emotion, rows in utterances.groupby("emotion")
    }
    parts: list[np.ndarray] = []
    places: list[tuple[int, int, str]] = []
    at, last = 0, ""
    for _ in range(EPISODES):
        emotion = str(rng.choice([name for name in left if name != last and left[name]]))
        last = emotion
        for _ in range(min(int(rng.integers(1, MOST_OF_EPISODE + 1)), len(left[emotion]))):
            y = speech.trim(audio.read(left[emotion].pop(), sr=SR)[0], SR)
            pause = np.zeros(round(rng.uniform(0, PAUSE) * SR) * int(rng.integers(2)), dtype=np.float32)
            places.append((at, at + len(y), emotion))
            parts += [y, pause]
            at += len(y) + len(pause)
    return Joined(np.concatenate(parts), places)


def _stretches(parts: list[Part], n_samples: int, change: float) -> list[Answered]:
    """Return the stretches of one emotion, as `EmotionRecognizer.timeline` makes them."""
    step = round(STEP * SR)
    shares, path = smoothed(parts, -(-n_samples // step), step, n_emotions=len(EMOTIONS), change=change)
    found = []
    for first, end in pairwise([0, *(1 + np.flatnonzero(np.diff(path))).tolist(), len(path)]):
        mean = shares[first:end].mean(axis=0)
        if path[first] >= 0:
            found.append(Answered(first * step, end * step, int(mean.argmax()), float(mean.max())))
    return found


def score(recording: Joined, found: list[Answered], threshold: float) -> dict[str, float]:
    """Return the figures of a timeline: see the heading of the page."""
    times = np.arange(0, len(recording.y), SR // 20)
    acted, answer, sure = np.full(len(times), -1), np.full(len(times), -2), np.zeros(len(times))
    for start, end, emotion in recording.utterances:
        acted[(times >= start) & (times < end)] = EMOTIONS.index(emotion)
    for each in found:
        inside = (times >= each.start) & (times < each.end)
        answer[inside], sure[inside] = each.emotion, each.confidence
    spoken, answered = acted >= 0, (acted >= 0) & (answer >= 0) & (sure >= threshold)
    true = _borders([(start, end, EMOTIONS.index(emotion)) for start, end, emotion in recording.utterances])
    changes = _borders([(each.start, each.end, each.emotion) for each in found])
    nearest = np.abs(np.subtract.outer(true, changes if len(changes) else [0, len(recording.y)])).min(axis=1)
    return {
        "right": float(np.mean((acted == answer)[spoken])),
        "answered": float(answered.sum() / spoken.sum()),
        "right_answers": int((acted == answer)[answered].sum()),
        "answers": int(answered.sum()),
        "border_error": float(nearest.mean() / SR),
        "found": len(changes),
        "true": len(true),
    }


def _borders(spans: list[tuple[int, int, int]]) -> np.ndarray:
    """Return the samples at which the emotion changes: the middles between the spans."""
    return np.array([(one[1] + other[0]) / 2 for one, other in pairwise(spans) if one[2] != other[2]])


def _cost(hours: int) -> dict[str, float]:
    """Return what the timeline of a long recording costs in a process of its own."""
    demo = np.concatenate([audio.read(path, sr=SR)[0] for path in corpora.load("demo")["path"]])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.wav"
        with soundfile.SoundFile(path, "w", SR, 1) as file:
            for _ in range(-(-hours * 3600 * SR // len(demo))):
                file.write(demo[: hours * 3600 * SR - file.tell()])
        command = [sys.executable, "-c", f"from benchmarks.timeline import follow; follow({str(path)!r})"]
        lines = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    seconds, processor, mb = map(float, lines.split())
    return {"hours": hours, "seconds": round(seconds), "processor": round(processor), "mb": round(mb)}


def follow(path: str) -> None:
    """Print the seconds, the processor seconds and the megabytes that the timeline of a recording takes."""
    start = time.perf_counter()
    EmotionRecognizer.load().timeline(path)
    click.echo(f"{time.perf_counter() - start} {time.process_time()} {peak()}")


def page() -> str:
    """Return the page of the two tables."""
    rows = pd.read_csv(TABLE)
    text = HEADING.format(
        speakers=rows.groupby("corpus")["speakers"].first().sum(),
        episodes=EPISODES,
        most=MOST_OF_EPISODE,
        pause=PAUSE,
        chosen=f"Windows of {CHOSEN}",
        change=CHANGE,
    )
    lines = []
    for name, change in [(PLAIN, np.nan), *product(KINDS, CHANGES)]:
        of = rows[(rows["windows"] == name) & (rows["change"].eq(change) | (name == PLAIN))].mean(numeric_only=True)
        shares = [f"{100 * of[each]:.1f}" for each in ("right", "answered", "right_of_answered")]
        cells = [
            name,
            "-" if name == PLAIN else f"{change:g}",
            *shares,
            f"{of['border_error']:.2f} s",
            f"{of['changes']:.2f}",
        ]
        lines.append([f"**{cell}**" for cell in cells] if (name, change) == (CHOSEN, CHANGE) else cells)
    head = ("windows", "cost of a change", "time right", "answered", "right of these", "border error", "changes")
    text += markdown(head, lines)
    if COST.exists():
        costs = [
            (f"{row['hours']} h", f"{row['seconds']} s", f"{row['processor']} s", f"{row['mb']} MB")
            for row in pd.read_csv(COST).astype(int).to_dict("records")
        ]
        text += COST_HEADING + markdown(("recording", "time", "processor time", "peak memory"), costs)
    return text


if __name__ == "__main__":
    main()
