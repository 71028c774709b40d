"""The committed table of results is shown: a model a row, in percent."""

from collections.abc import Hashable, Mapping

import pandas as pd

from emotion_lib.corpora.loading import CORPORA
from emotion_lib.errors import ParameterError
from emotion_lib.evaluation import ACROSS_CORPORA, SEEN_OF_VOICE
from emotion_lib.metrics import METRICS
from emotion_lib.recipes import RECIPES
from emotion_lib.recognizer import EmotionRecognizer
from emotion_lib.recognizer.describing import in_percent
from emotion_lib.results.reading import percent, pick

COLUMNS = {
    "random": ("random", ""),
    "by word": ("by_word", ""),
    "OAF -> YAF": ("by_speaker", "OAF -> YAF"),
    "YAF -> OAF": ("by_speaker", "YAF -> OAF"),
    "mean of both": ("by_speaker", "mean"),
    "voice and word": ("by_speaker_and_word", "mean"),
}
"""Columns of the overview: the protocol and the direction that each shows."""


_TESS = {"tess_doubled": ", corpus doubled", "tess": ""}
"""TESS as it was often used, each recording twice, and as it is; what each adds to the title of a model."""


def overview(results: pd.DataFrame, *, metric: str = "uar", models: tuple[str, ...] | None = None) -> pd.DataFrame:
    """Show one figure of each model under each protocol, in percent, with its interval over words.

    Parameters
    ----------
    results : DataFrame
        From `read`.
    metric : {"uar", "accuracy"}
        The figure.
    models : tuple of str or None
        Names of recipes, in the order of the rows; None shows those that have a figure, in the order of the recipes.
        A model that was measured on the doubled corpus too has a row of its own for that.

    Returns
    -------
    DataFrame, str
        One row a model, columns `COLUMNS`; a dash where the table has no figure.

    Raises
    ------
    ParameterError
        If the metric or a model is not known.

    Notebook: 04_evaluate
    """
    if metric not in METRICS:
        raise ParameterError(f"metric={metric!r}: must be one of {', '.join(METRICS)}")
    if unknown := [model for model in models or () if model not in RECIPES]:
        raise ParameterError(f"models: {unknown[0]!r} is not among {', '.join(RECIPES)}")
    rows = _unseen(results)[lambda row: row["metric"] == metric]
    cells: dict[Hashable, str] = (
        rows.set_index(["corpus", "model", "protocol", "direction"]).apply(percent, axis=1).to_dict()
    )
    shown = {
        f"{RECIPES[model].title}{twice}": {
            name: cells.get((corpus, model, *where), "-") for name, where in COLUMNS.items()
        }
        for model in models or RECIPES
        for corpus, twice in _TESS.items()
        if (models and not twice) or _is_measured(cells, corpus, model)
    }
    return pd.DataFrame.from_dict(shown, orient="index", columns=list(COLUMNS)).rename_axis("model")


def _unseen(results: pd.DataFrame) -> pd.DataFrame:
    """Return the rows for which nothing was shown of the voice of the test besides the training."""
    return results[~results["seen_of_voice"].isin(SEEN_OF_VOICE)]


def _is_measured(cells: Mapping[Hashable, str], corpus: str, model: str) -> bool:
    return any((corpus, model, *where) in cells for where in COLUMNS.values())


def new_voices(results: pd.DataFrame) -> pd.DataFrame:
    """Show the UAR of the models that were trained on several corpora, for speakers that were left out, in percent.

    Parameters
    ----------
    results : DataFrame
        From `read`.

    Returns
    -------
    DataFrame, str
        One row a model, one column a corpus; in brackets the 95 % interval, over speakers where there are enough of
        them, else over words.
    """
    rows = _unseen(results)[lambda row: (row["protocol"] == "leave_speaker_out") & (row["metric"] == "uar")]
    return _a_column_each(rows[rows["trained_on"].str.contains("+", regex=False)], ["model"])


def by_corpus(results: pd.DataFrame) -> pd.DataFrame:
    """Show the UAR inside each corpus and from the others to it, in percent: what a voice costs, and what a corpus.

    Inside a corpus, speakers are left out and all of its emotions told apart (EMO-DB has boredom and no surprise,
    RAVDESS calm besides the seven); from the others to it, those that both have, so that the two are not of one task.

    Parameters
    ----------
    results : DataFrame
        From `read`.

    Returns
    -------
    DataFrame, str
        One row a model and training, one column a corpus, in brackets the 95 % interval; of the two voices of TESS the
        mean of both directions.
    """
    rows = _unseen(results)[lambda row: row["metric"] == "uar"]
    across = rows[rows["protocol"] == ACROSS_CORPORA]
    own = rows[rows["trained_on"] == rows["corpus"]]
    many_voices = own[own["protocol"] == "leave_speaker_out"]
    two_voices = own[(own["protocol"] == "by_speaker") & (own["direction"] == "mean")]
    beside = two_voices[two_voices["model"].isin({*across["model"], *many_voices["model"]})]
    inside = pd.concat([many_voices, beside]).assign(trained_on="its other speakers")
    both = pd.concat([inside, across.assign(trained_on="the other two corpora")])
    return _a_column_each(both, ["model", "trained_on"])


def _a_column_each(rows: pd.DataFrame, index: list[str]) -> pd.DataFrame:
    """Return figures with a column for each corpus, the models by their titles and in the order of the recipes."""
    figures = rows.assign(figure=[percent(row) for _, row in rows.iterrows()])
    order = [model for model in RECIPES if model in set(rows["model"])]
    figures["model"] = pd.Categorical(figures["model"], categories=order, ordered=True)
    cells = figures.pivot(index=index, columns="corpus", values="figure").fillna("-").sort_index()
    shown = cells.rename(columns=lambda name: CORPORA[name].short_title).rename_axis(columns=None).reset_index()
    shown["model"] = [RECIPES[model].title for model in shown["model"]]
    return shown.rename(columns={"trained_on": "trained on"}).set_index("model")


def used_to_voice(results: pd.DataFrame) -> pd.DataFrame:
    """Show the UAR on TESS across the voices, once something was shown of the voice of the test, in percent.

    Parameters
    ----------
    results : DataFrame
        From `read`.

    Returns
    -------
    DataFrame, str
        One row a model and direction; a column for nothing shown, and one for each of `evaluation.SEEN_OF_VOICE`, with
        the mean of the draws and the worst of them.

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
    """Return the mean of the draws, and the worst where it is known; a dash where there is no figure."""
    if (*where, "uar") not in values:
        return "-"
    worst = values.get((*where, "uar_worst"))
    mean = f"{100 * values[*where, 'uar']:.1f}"
    return mean if worst is None else f"{mean}, worst {100 * worst:.1f}"


def worth(recognizer: EmotionRecognizer) -> pd.DataFrame:
    """Show what a recogniser is worth for speakers that were left out of its training, in percent.

    Parameters
    ----------
    recognizer : EmotionRecognizer
        One that was measured.

    Returns
    -------
    DataFrame, str
        One row a corpus: UAR with its interval; how many utterances get an answer, and how many of the answers are
        right; how far confidence is from the share that is right (expected calibration error).

    Raises
    ------
    ParameterError
        If it was not measured.
    """
    if not recognizer.about.get("worth"):
        raise ParameterError("the recogniser was not measured; `emotion-lib train` measures what it trains")
    rows = {
        CORPORA[name].short_title if name in CORPORA else name: {
            "UAR": in_percent(*(each[key] for key in ("value", "low", "high", "interval_over")), unit=""),
            "answered": f"{100 * each['coverage']:.1f}",
            "answers that are right": "-" if each["precision"] is None else f"{100 * each['precision']:.1f}",
            "calibration error": f"{100 * each['expected_calibration_error']:.1f}",
        }
        for name, each in recognizer.about["worth"].items()
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("corpus")


PUBLISHED = {"train_accuracy_mean_over_epochs": 0.9259, "accuracy_mean_over_epochs": 0.9673}
"""The averages over epochs that the original notebook prints; its README has the two the other way round."""
PUBLISHED_LAST = {"train_accuracy": 0.9874, "accuracy": 0.9982}
"""What its last epoch reached."""


def reproduction(results: pd.DataFrame) -> pd.DataFrame:
    """Put the published figures of the original network beside those of the same network rebuilt here.

    Parameters
    ----------
    results : DataFrame
        From `read`.

    Returns
    -------
    DataFrame, percent
        One row a source, one column a figure.

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
