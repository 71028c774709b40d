"""The committed table of results: read it, pick figures, and show them as small tables."""

import os
from collections.abc import Hashable, Mapping

import numpy as np
import pandas as pd

from emotion_lib import corpora
from emotion_lib.corpora.table import CORPORA
from emotion_lib.errors import ParameterError, check_columns, path_of
from emotion_lib.evaluation import ACROSS_CORPORA, RESULT_COLUMNS, SEEN_OF_VOICE
from emotion_lib.evaluation.experiments import beside_truth
from emotion_lib.evaluation.metrics import METRICS
from emotion_lib.evaluation.recipes import RECIPES
from emotion_lib.recognizer import EmotionRecognizer
from emotion_lib.recognizer.description import SCORED_ON, in_percent
from emotion_lib.splits import PROTOCOLS

KEY = "key"
"""Column of the key of a row: a digest of recipe, version of the features, utterances, protocol and seeds."""

_NUMBERS = {"value", "low", "high", "seed_sd", "n", "seeds", "minutes"}
_TEXT = [name for name in (*RESULT_COLUMNS, KEY) if name not in _NUMBERS]

FAR_APART = 0.05
"""Difference between the best and the worst seed above which their range is shown beside a figure."""


def read(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read the table of results.

    Parameters
    ----------
    path : str or path
        The CSV that `python -m benchmarks.accuracy` writes.

    Returns
    -------
    DataFrame
        One row per figure, columns `evaluation.RESULT_COLUMNS` and `KEY`, in the order of `splits.PROTOCOLS` and of
        `recipes.RECIPES`; empty text in columns that do not apply.

    Raises
    ------
    ParameterError
        If the file does not exist, or lacks a column.
    """
    path = path_of("path", path)
    if not path.is_file():
        raise ParameterError(f"{path}: no such file; `python -m benchmarks.accuracy` writes the table of results")
    # Empty text, not NaN, so that columns can be compared with "" and joined; Int64, since some rows have no n.
    table = pd.read_csv(path, dtype=dict.fromkeys(_TEXT, "str") | {"n": "Int64"}).fillna(dict.fromkeys(_TEXT, ""))
    check_columns(f"{path}", table, *RESULT_COLUMNS, KEY, cure="`python -m benchmarks.accuracy` writes a new one")
    place = {name: number for number, name in enumerate([*PROTOCOLS, ACROSS_CORPORA, *RECIPES])}
    return table.sort_values(["protocol", "model"], key=lambda name: name.map(place), kind="stable", ignore_index=True)


def pick(results: pd.DataFrame, **where: str) -> pd.Series:
    """Pick the one row of the table with the given values.

    Parameters
    ----------
    results : DataFrame
        From `read`.
    **where : str
        Values of columns: `model="frame_lstm", protocol="random", metric="uar"`. By default the corpus is `tess`, and
        the model was not adapted to the test speaker.

    Returns
    -------
    Series

    Raises
    ------
    ParameterError
        If no row fits, or several do.
    """
    where = {"corpus": "tess"} | where
    if "seen_of_voice" not in where:
        results = _unadapted(results)
    rows = results[np.logical_and.reduce([results[name] == value for name, value in where.items()])]
    if len(rows) != 1:
        raise ParameterError(f"{where}: {len(rows)} rows of the table of results fit; give values that fit exactly one")
    return rows.iloc[0]


def percent(row: pd.Series) -> str:
    """Format a figure in percent, with its interval in brackets if it has one.

    If the seeds differ by more than `FAR_APART`, their range is added, since the choice of seed then matters more than
    the choice of words, which the interval is over.

    Parameters
    ----------
    row : Series
        With `value`, `low` and `high` between 0 and 1, and `per_seed`.

    Returns
    -------
    str

    Examples
    --------
    >>> percent(pd.Series({"value": 0.541, "low": 0.51, "high": 0.5692, "per_seed": "0.5410"}))
    '54.1 [51.0, 56.9]'
    >>> percent(pd.Series({"value": 0.45, "low": 0.43, "high": 0.46, "per_seed": "0.2800 0.6200"}))
    '45.0 [43.0, 46.0], seeds 28 to 62'
    """
    figure = in_percent(row["value"], row["low"], row["high"], unit="")
    seeds = over_seeds(row)
    if max(seeds) - min(seeds) > FAR_APART:
        figure += f", seeds {100 * min(seeds):.0f} to {100 * max(seeds):.0f}"
    return figure


def over_seeds(row: pd.Series) -> list[float]:
    """Return the figure of each seed.

    Parameters
    ----------
    row : Series
        From `pick`.

    Returns
    -------
    list of float
    """
    return [float(value) for value in row["per_seed"].split()]


def kept_predictions(path: str | os.PathLike[str], table: pd.DataFrame, model: str, protocol: str) -> pd.DataFrame:
    """Read the committed predictions of a model, on any corpus.

    Parameters
    ----------
    path : str or path
        The CSV that `python -m benchmarks.accuracy` writes.
    table : DataFrame
        The corpus table.
    model, protocol : str
        As for `evaluation.evaluate`.

    Returns
    -------
    DataFrame
        The held-out rows of the table, with `fold`, `predicted`, and for a network the probability of each emotion in
        a column named after it; sorted by fold and id.

    Raises
    ------
    ParameterError
        If the file does not exist, or has no predictions of this model and protocol.
    """
    path = path_of("path", path)
    if not path.is_file():
        raise ParameterError(f"{path}: no such file; `python -m benchmarks.accuracy` writes the predictions")
    kept = pd.read_csv(path, dtype=dict.fromkeys(("model", "protocol", "fold", "id", "predicted"), "str"))
    predicted = kept[(kept["model"] == model) & (kept["protocol"] == protocol)]
    if predicted.empty:
        raise ParameterError(f"{path}: has no predictions of {model} by {protocol}; `evaluation.evaluate` makes them")
    return beside_truth(table, predicted.drop(columns=["model", "protocol"]).dropna(axis="columns", how="all"))


def is_whole_tess(table: pd.DataFrame) -> bool:
    """Return whether a corpus table holds all utterances of TESS and no others.

    Parameters
    ----------
    table : DataFrame
        A corpus table.

    Returns
    -------
    bool
    """
    return set(table["corpus"]) == {"tess"} and set(table["id"]) == set(corpora.index("tess")["id"])


COLUMNS = {
    "random": ("random", ""),
    "by word": ("by_word", ""),
    "OAF -> YAF": ("by_speaker", "OAF -> YAF"),
    "YAF -> OAF": ("by_speaker", "YAF -> OAF"),
    "mean of both": ("by_speaker", "mean"),
    "voice and word": ("by_speaker_and_word", "mean"),
}
"""Columns of the overview, each with its protocol and direction."""


_TESS = {"tess_doubled": ", corpus doubled", "tess": ""}
"""The corpora of the overview, TESS with each recording twice and TESS itself, and the suffix of the model's title."""


def overview(results: pd.DataFrame, *, metric: str = "uar", models: tuple[str, ...] | None = None) -> pd.DataFrame:
    """Show one figure of each model under each protocol, in percent, with its interval over words.

    Parameters
    ----------
    results : DataFrame
        From `read`.
    metric : {"uar", "accuracy"}
        The figure.
    models : tuple of str or None
        Names of recipes, in the order of the rows; None shows all models with a figure, in the order of the recipes,
        and adds a row for each model that was also measured on the doubled corpus.

    Returns
    -------
    DataFrame, str
        One row per model, columns `COLUMNS`; a dash if the table has no figure.

    Raises
    ------
    ParameterError
        If the metric or a model is unknown.

    Notebook: 04_evaluate
    """
    if metric not in METRICS:
        raise ParameterError(f"metric={metric!r}: must be one of {', '.join(METRICS)}")
    if unknown := [model for model in models or () if model not in RECIPES]:
        raise ParameterError(f"models: {unknown[0]!r} is not among {', '.join(RECIPES)}")
    rows = _unadapted(results)[lambda row: row["metric"] == metric]
    cells: dict[Hashable, str] = (
        rows.set_index(["corpus", "model", "protocol", "direction"]).apply(percent, axis=1).to_dict()
    )
    shown = {
        f"{RECIPES[model].title}{twice}": {
            name: cells.get((corpus, model, *where), "-") for name, where in COLUMNS.items()
        }
        for model in models or RECIPES
        for corpus, twice in _TESS.items()
        if (models and not twice) or any((corpus, model, *where) in cells for where in COLUMNS.values())
    }
    return pd.DataFrame.from_dict(shown, orient="index", columns=list(COLUMNS)).rename_axis("model")


def _unadapted(results: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of models that were not adapted to the test speaker."""
    return results[~results["seen_of_voice"].isin(SEEN_OF_VOICE)]


def new_voices(results: pd.DataFrame) -> pd.DataFrame:
    """Show the UAR of the models trained on several corpora, for left-out speakers, in percent.

    Parameters
    ----------
    results : DataFrame
        From `read`.

    Returns
    -------
    DataFrame, str
        One row per model, one column per corpus; the 95 % interval in brackets is over speakers if there are enough,
        otherwise over words.
    """
    rows = _unadapted(results)[lambda row: (row["protocol"] == "leave_speaker_out") & (row["metric"] == "uar")]
    return _a_column_each(rows[rows["trained_on"].str.contains("+", regex=False)], ["model"])


def by_corpus(results: pd.DataFrame) -> pd.DataFrame:
    """Show the UAR within each corpus and across corpora, in percent: the cost of a new voice and of a new corpus.

    Within a corpus, speakers are left out and models distinguish all of its emotions (EMO-DB has boredom and no
    surprise; RAVDESS has calm in addition to the seven). Across corpora, models distinguish only the shared emotions,
    so the two figures of a corpus belong to different tasks.

    Parameters
    ----------
    results : DataFrame
        From `read`.

    Returns
    -------
    DataFrame, str
        One row per model and training set, one column per corpus, with the 95 % interval in brackets; for the two
        voices of TESS, the mean of both directions.
    """
    rows = _unadapted(results)[lambda row: row["metric"] == "uar"]
    across = rows[rows["protocol"] == ACROSS_CORPORA]
    own = rows[rows["trained_on"] == rows["corpus"]]
    many_voices = own[own["protocol"] == "leave_speaker_out"]
    two_voices = own[(own["protocol"] == "by_speaker") & (own["direction"] == "mean")]
    # TESS has two voices and so two folds only; its models get a row only if another corpus has figures of them too.
    beside = two_voices[two_voices["model"].isin({*across["model"], *many_voices["model"]})]
    inside = pd.concat([many_voices, beside]).assign(trained_on="its other speakers")
    both = pd.concat([inside, across.assign(trained_on="the other two corpora")])
    return _a_column_each(both, ["model", "trained_on"])


def _a_column_each(rows: pd.DataFrame, index: list[str]) -> pd.DataFrame:
    """Return the figures with one column per corpus; models in the order of the recipes, named by their titles."""
    figures = rows.assign(figure=[percent(row) for _, row in rows.iterrows()])
    order = [model for model in RECIPES if model in set(rows["model"])]
    figures["model"] = pd.Categorical(figures["model"], categories=order, ordered=True)
    cells = figures.pivot(index=index, columns="corpus", values="figure").fillna("-").sort_index()
    shown = cells.rename(columns=lambda name: CORPORA[name].short_title).rename_axis(columns=None).reset_index()
    shown["model"] = [RECIPES[model].title for model in shown["model"]]
    return shown.rename(columns={"trained_on": "trained on"}).set_index("model")


def used_to_voice(results: pd.DataFrame) -> pd.DataFrame:
    """Show the UAR on TESS across voices after adapting to the test speaker, in percent.

    Parameters
    ----------
    results : DataFrame
        From `read`.

    Returns
    -------
    DataFrame, str
        One row per model and direction; a column without adaptation, and one for each of `evaluation.SEEN_OF_VOICE`,
        with the mean and the worst of the draws.

    Notebook: 04_evaluate
    """
    of_tess = (results["corpus"] == "tess") & (results["protocol"] == "by_speaker")
    models = set(results[of_tess & results["seen_of_voice"].isin(SEEN_OF_VOICE)]["model"])
    rows = results[of_tess & results["model"].isin(models)]
    index = ["model", "direction", "seen_of_voice", "metric"]
    values: dict[Hashable, float] = rows.set_index(index)["value"].to_dict()
    columns = {"nothing": "none"} | {name: name for name in SEEN_OF_VOICE}
    shown = [
        {"model": RECIPES[model].title, "direction": direction}
        | {name: _mean_and_worst(values, (model, direction, seen)) for name, seen in columns.items()}
        for model in RECIPES
        for direction in sorted(set(rows[rows["model"] == model]["direction"]))
    ]
    return pd.DataFrame(shown, columns=["model", "direction", *columns]).set_index("model")


def _mean_and_worst(values: Mapping[Hashable, float], where: tuple[str, str, str]) -> str:
    """Return the mean of the draws, and the worst if it is known; a dash if there is no figure."""
    if (*where, "uar") not in values:
        return "-"
    worst = values.get((*where, "uar_worst"))
    mean = f"{100 * values[*where, 'uar']:.1f}"
    return mean if worst is None else f"{mean}, worst {100 * worst:.1f}"


def entry(rows: pd.DataFrame) -> pd.DataFrame:
    """Show the figures of a system as an entry in a table of systems, in percent.

    Parameters
    ----------
    rows : DataFrame
        From `evaluation.result_rows`, or rows of the table of results.

    Returns
    -------
    DataFrame, str
        One row per corpus and protocol, and per direction if it has any: the UAR and the accuracy with their 95 %
        intervals, what the intervals are over, and the number of utterances.
    """
    texts = ["interval_over", "direction"]
    # A column without any text is one of numbers, which takes no text.
    rows = rows.astype(dict.fromkeys(texts, object)).fillna(dict.fromkeys(texts, ""))
    rows = rows.assign(figure=[percent(row) for _, row in rows.iterrows()], utterances=rows["n"].astype(str))
    where = ["model", "corpus", "protocol", "direction", "utterances", "interval_over"]
    uar, accuracy = (rows.loc[rows["metric"] == metric, [*where, "figure"]] for metric in ("uar", "accuracy"))
    shown = uar.merge(accuracy, on=where, suffixes=("_uar", "_accuracy"))
    shown["protocol"] = (shown["protocol"] + ", " + shown["direction"]).str.removesuffix(", ")
    shown["system"] = [RECIPES[name].title if name in RECIPES else name for name in shown["model"]]
    names = {"figure_uar": "UAR", "figure_accuracy": "accuracy", "interval_over": "interval over"}
    shown = shown.rename(columns=names).replace("", "-").set_index("system")
    return shown[["corpus", "protocol", "utterances", "UAR", "accuracy", "interval over"]]


def to_markdown(shown: pd.DataFrame) -> str:
    """Format a table of text as Markdown.

    Parameters
    ----------
    shown : DataFrame, str
        The table; its index becomes the first column.

    Returns
    -------
    str

    Examples
    --------
    >>> print(to_markdown(pd.DataFrame({"UAR": ["54.1"]}, index=pd.Index(["ours"], name="system"))), end="")
    | system | UAR |
    | --- | --- |
    | ours | 54.1 |
    """
    shown = shown.reset_index()
    lines = [shown.columns, ["---"] * len(shown.columns), *shown.to_numpy()]
    escaped = [[str(cell).replace("|", "\\|") for cell in line] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in escaped) + "\n"


def titled(results: pd.DataFrame) -> pd.DataFrame:
    """Add a column with the models' names in prose.

    Parameters
    ----------
    results : DataFrame
        Rows of the table of results.

    Returns
    -------
    DataFrame
        The rows with a column `title`.

    Notebook: 04_evaluate
    """
    return results.assign(title=[RECIPES[model].title for model in results["model"]])


def worth(recognizer: EmotionRecognizer) -> pd.DataFrame:
    """Show the scores of a recogniser for voices and corpora left out of its training, in percent.

    Parameters
    ----------
    recognizer : EmotionRecognizer
        A recogniser with scores in its description.

    Returns
    -------
    DataFrame, str
        One row per protocol and corpus: UAR with its interval; the share of utterances with an answer; the share of
        right answers among these; the expected calibration error.

    Raises
    ------
    ParameterError
        If the description has no scores.
    """
    if not recognizer.about.get("worth"):
        raise ParameterError("the recogniser was not measured; `emotion-lib train` measures the recognisers it trains")
    rows = [
        {
            "tested on": SCORED_ON[each["protocol"]],
            "corpus": CORPORA[each["corpus"]].short_title if each["corpus"] in CORPORA else each["corpus"],
            "UAR": in_percent(*(each[key] for key in ("value", "low", "high", "interval_over")), unit=""),
            "answered": f"{100 * each['coverage']:.1f}",
            "answers that are right": "-" if each["precision"] is None else f"{100 * each['precision']:.1f}",
            "calibration error": f"{100 * each['expected_calibration_error']:.1f}",
        }
        for protocol in SCORED_ON
        for each in recognizer.about["worth"]
        if each["protocol"] == protocol
    ]
    return pd.DataFrame(rows).set_index(["tested on", "corpus"])


PUBLISHED = {"train_accuracy_mean_over_epochs": 0.9259, "accuracy_mean_over_epochs": 0.9673}
"""The averages over epochs that the original notebook prints; its README swaps them."""
PUBLISHED_LAST = {"train_accuracy": 0.9874, "accuracy": 0.9982}
"""The accuracies of its last epoch."""


def reproduction(results: pd.DataFrame) -> pd.DataFrame:
    """Show the published figures of the original network beside those of the network rebuilt here.

    Parameters
    ----------
    results : DataFrame
        From `read`.

    Returns
    -------
    DataFrame, percent
        One row per source, one column per figure.

    References
    ----------
    PragyaShandilya/Emotion-Recognition-with-Neural-Network, README and notebook, as of 2026.

    Notebook: 03_model
    """
    columns = {
        "train_accuracy_mean_over_epochs": "training, mean over epochs",
        "accuracy_mean_over_epochs": "test, mean over epochs",
        "train_accuracy": "training, last epoch",
        "accuracy": "test, last epoch",
    }
    train, test = PUBLISHED.values()
    figures: dict[str, dict[str, float]] = {
        "published, in its README": dict(zip(PUBLISHED, (test, train), strict=True)),
        "published, in its notebook": PUBLISHED | PUBLISHED_LAST,
    }
    for name, corpus in (("rebuilt, corpus doubled", "tess_doubled"), ("rebuilt, each recording once", "tess")):
        where = {"corpus": corpus, "protocol": "random", "model": "mean_mfcc_lstm"}
        figures[name] = {metric: float(pick(results, metric=metric, **where)["value"]) for metric in columns}
    table = pd.DataFrame.from_dict(figures, orient="index", columns=list(columns)).rename(columns=columns)
    return (100 * table).round(2)
