"""Show figures of the table of results as small tables of text."""

from collections.abc import Hashable, Mapping

import pandas as pd

from emotion_lib.corpora.table import CORPORA
from emotion_lib.errors import ParameterError
from emotion_lib.evaluation import ACROSS_CORPORA, SEEN_OF_VOICE
from emotion_lib.evaluation.metrics import METRICS
from emotion_lib.evaluation.recipes import RECIPES
from emotion_lib.results.figures import percent, pick, unadapted

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


def overview(results: pd.DataFrame, *, metric: str = "uar") -> pd.DataFrame:
    """Show one figure of each model under each protocol, in percent, with its interval over words.

    Parameters
    ----------
    results : DataFrame
        From `read`.
    metric : {"uar", "accuracy"}
        The figure.

    Returns
    -------
    DataFrame, str
        One row per model with a figure, in the order of the recipes, and one for each that was also measured on the
        doubled corpus; columns `COLUMNS`; a dash if the table has no figure.

    Raises
    ------
    ParameterError
        If the metric is unknown.

    Notebook: 03_model
    """
    if metric not in METRICS:
        raise ParameterError(f"metric={metric!r}: must be one of {', '.join(METRICS)}")
    rows = unadapted(results)[lambda row: row["metric"] == metric]
    cells: dict[Hashable, str] = (
        rows.set_index(["corpus", "model", "protocol", "direction"]).apply(percent, axis=1).to_dict()
    )
    shown = {
        f"{RECIPES[model].title}{twice}": {
            name: cells.get((corpus, model, *where), "-") for name, where in COLUMNS.items()
        }
        for model in RECIPES
        for corpus, twice in _TESS.items()
        if any((corpus, model, *where) in cells for where in COLUMNS.values())
    }
    return pd.DataFrame.from_dict(shown, orient="index", columns=list(COLUMNS)).rename_axis("model")


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
    rows = unadapted(results)[lambda row: (row["protocol"] == "leave_speaker_out") & (row["metric"] == "uar")]
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
    rows = unadapted(results)[lambda row: row["metric"] == "uar"]
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
