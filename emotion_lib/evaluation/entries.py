"""Score the predictions of any system on the folds of a protocol, so that it gets a row in the table of results."""

import os
from collections.abc import Collection

import numpy as np
import pandas as pd

from emotion_lib import splits
from emotion_lib.corpora.labels import unify, with_synonyms
from emotion_lib.corpora.own import read_lines
from emotion_lib.emotions import STYLES, in_order
from emotion_lib.errors import ParameterError, check_columns, path_of
from emotion_lib.evaluation.experiments import ACROSS_CORPORA, Evaluation, corpora_of
from emotion_lib.recognizer.prediction import UNKNOWN

ROUNDING = 0.05
"""Largest distance from 1 of the sum of an utterance's probabilities, which files often hold with few digits."""

_NAMED = 3  # ids in an error message


def read_csv(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read a CSV file from a program or a spreadsheet, every cell as text.

    The columns may be separated by commas, semicolons, tabs or bars. The text is UTF-8 with or without a byte order
    mark, UTF-16 with one, or else Windows-1252, in which spreadsheets of Western Europe write.

    Parameters
    ----------
    path : str or path
        The file.

    Returns
    -------
    DataFrame, str

    Raises
    ------
    CorpusError, ParameterError
        If the file is not a table.
    """
    lines = [cells for _, cells in read_lines(path_of("path", path))]
    if not lines:
        raise ParameterError(f"{path}: an empty file; its first line must name the columns")
    columns, *rows = lines
    if len(set(columns)) < len(columns):
        raise ParameterError(f"{path}: two columns have the same name; rename one")
    if wrong := next((cells for cells in rows if len(cells) != len(columns)), None):
        raise ParameterError(f"{path}: {len(wrong)} cells below {len(columns)} columns, in the line of {wrong[0]}")
    return pd.DataFrame(rows, columns=columns, dtype=str)


def score_predictions(
    predictions: pd.DataFrame,
    table: pd.DataFrame,
    protocol: str,
    *,
    system: str,
    folds: pd.DataFrame | None = None,
    trained_on: str = "",
) -> Evaluation:
    """Put the predictions of any system beside the acted emotions; `result_rows` gives the figures.

    Parameters
    ----------
    predictions : DataFrame
        One row per tested utterance: `id`, and the predicted emotion as `predicted`, or a probability for each emotion
        in a column named after it, or the predicted emotion as `emotion`. The first of these three counts. A prediction
        may be `unknown`, which is never right. If a system was trained several times, a column `seed` tells its
        predictions for an utterance apart.
    table : DataFrame
        The table of one corpus.
    protocol : str
        Name of a protocol in `splits.PROTOCOLS`; or `ACROSS_CORPORA` for a system that was trained on other recordings,
        which is tested on all utterances.
    system : str
        Name of the system.
    folds : DataFrame or None
        The folds of the protocol as `splits.list_folds` returns them; None makes them with seed 0.
    trained_on : str
        Name of the training data, for `ACROSS_CORPORA`.

    Returns
    -------
    Evaluation

    Raises
    ------
    ParameterError
        If a prediction is missing, doubled, or for an utterance that is not tested; if an emotion is unknown, or the
        probabilities of an utterance are not probabilities; if the folds test an utterance twice, or one that is not in
        the table; and as for `splits.list_folds`.

    Examples
    --------
    >>> from emotion_lib.evaluation import result_rows
    >>> words = {"id": ["A_1", "B_1"], "corpus": "mine", "speaker": ["A", "B"], "text": "back", "emotion": "sad"}
    >>> table = pd.DataFrame(words)
    >>> answers = pd.DataFrame({"id": ["B_1", "A_1"], "predicted": ["sad", "angry"]})
    >>> found = score_predictions(answers, table, "leave_speaker_out", system="ours")
    >>> result_rows(found)[["model", "metric", "value"]].to_numpy().tolist()
    [['ours', 'accuracy', 0.5], ['ours', 'uar', 0.5]]
    """
    if protocol == ACROSS_CORPORA:
        folds = table[["id"]].assign(fold=f"{trained_on} -> {corpora_of(table)}", side="test")
    if folds is not None and protocol != ACROSS_CORPORA:
        check_columns("the list of folds", folds, "id", "fold", "side", cure="`emotion-lib split` writes such a list")
        _check_apart(folds, table, protocol)
    tested = _tested(splits.list_folds(table, protocol) if folds is None else folds, table)
    predictions = predictions.rename(columns=lambda name: str(name).strip().casefold())
    if doubled := sorted(set(predictions.columns[predictions.columns.duplicated()])):
        raise ParameterError(f"the predictions: two columns are named {doubled[0]!r}, apart from case; rename one")
    check_columns("the predictions", predictions, "id", cure="name the column with the ids of the utterances so")
    ids = predictions["id"].astype(str).str.strip().str.replace("\\", "/")  # as in the ids of a list of one's own
    seeds = predictions["seed"].astype(str).str.strip() if "seed" in predictions else pd.Series("0", predictions.index)
    for seed in sorted(set(seeds)) or ["0"]:
        _check_ids(ids[seeds == seed], tested["id"])
    known = in_order({*STYLES, *table["emotion"]})
    predicted = pd.DataFrame({"id": ids, "predicted": _predicted(predictions.set_index(ids), known)})
    predicted["seed"] = pd.factorize(seeds, sort=True)[0]
    return Evaluation(
        corpus=corpora_of(table),
        protocol=protocol,
        model=system,
        predictions=tested.merge(predicted, on="id").sort_values("seed", kind="stable", ignore_index=True),
        histories=pd.DataFrame(),
        minutes=np.nan,
        trained_on=trained_on,
    )


def _tested(folds: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Return the tested utterances with their folds and acted emotions."""
    check_columns("the list of folds", folds, "id", "fold", "side", cure="`emotion-lib split` writes such a list")
    tested = folds.loc[folds["side"] == "test", ["id", "fold"]]
    if tested.empty:
        raise ParameterError("the list of folds: no row with side 'test'; `emotion-lib split` writes such a list")
    if twice := _named(set(tested["id"][tested["id"].duplicated()])):
        raise ParameterError(f"the list of folds tests utterances twice: {twice}; give a list that tests each once")
    if strange := _named(set(tested["id"]) - set(table["id"])):
        raise ParameterError(f"the list of folds has ids that are not in {corpora_of(table)}: {strange}")
    return tested.merge(table[["corpus", "id", "speaker", "text", "emotion"]], on="id", validate="one_to_one")


def _check_apart(folds: pd.DataFrame, table: pd.DataFrame, protocol: str) -> None:
    """Refuse folds that train on speakers or texts which the protocol keeps apart."""
    rows = folds.merge(table[["id", "speaker", "text"]], on="id")
    kept_apart = {"speaker": "speaker" in protocol, "text": "word" in protocol}
    for fold, part in rows.groupby("fold"):
        for column in (name for name, apart in kept_apart.items() if apart):
            train, test = (set(part.loc[part["side"] == side, column]) for side in ("train", "test"))
            if both := sorted(train & test):
                raise ParameterError(
                    f"the list of folds: {column} {both[0]!r} is in training and test of fold {fold!r}, but {protocol} "
                    f"keeps them apart; write the list with `emotion-lib split --protocol {protocol}`"
                )


def _check_ids(ids: pd.Series, tested: pd.Series) -> None:
    """Refuse predictions that are doubled, missing, or for utterances that are not tested."""
    if twice := _named(set(ids[ids.duplicated()])):
        raise ParameterError(
            f"ids with two predictions or more: {twice}; predict each utterance once, or name the runs in a column seed"
        )
    if strange := _named(set(ids) - set(tested)):
        raise ParameterError(
            f"ids that are not tested: {strange}; the {len(tested)} tested ones have names such as {tested.iloc[0]!r}, "
            "and `emotion-lib split` lists them with the side test"
        )
    if missing := _named(set(tested) - set(ids)):
        raise ParameterError(
            f"ids without a prediction: {missing}; predict all {len(tested)}, and write {UNKNOWN} for no answer"
        )


def _named(ids: Collection[str] | pd.Index) -> str:
    """Return the first ids and how many there are; empty if there are none."""
    first = [repr(id) for id in sorted(ids)[:_NAMED]]
    return f"{', '.join(first)}{', ...' if len(ids) > _NAMED else ''} ({len(ids)} in all)" if first else ""


def _predicted(predictions: pd.DataFrame, known: Collection[str]) -> list[str]:
    """Return the predicted emotions; the index of the predictions is the ids."""
    emotions = [emotion for emotion in known if emotion.casefold() in predictions]
    if "predicted" not in predictions and emotions:
        probabilities = _probabilities(predictions[[emotion.casefold() for emotion in emotions]])
        return [emotions[place] for place in probabilities.argmax(axis=1)]
    column = "predicted" if "predicted" in predictions else "emotion"
    cure = "give predicted emotions as `predicted`, or a column of probabilities for each emotion"
    check_columns("the predictions", predictions, column, cure=cure)
    spelt = {emotion.casefold(): emotion for emotion in (*known, UNKNOWN)}
    words = pd.Series(unify(predictions[column].astype(str)), predictions.index)
    wrong = words[~words.str.casefold().isin(spelt)]
    if len(wrong):
        raise ParameterError(
            f"{wrong.index[0]}: emotion {wrong.iloc[0]!r} is not known ({wrong.nunique()} such words); "
            f"known are {with_synonyms(known)}, and {UNKNOWN} for no answer"
        )
    return [spelt[word.casefold()] for word in words]


def _probabilities(cells: pd.DataFrame) -> np.ndarray:
    """Return probabilities as numbers, which may have a decimal comma; refuse anything else."""
    with_point = (cells[name].astype(str).str.replace(",", ".") for name in cells)
    numbers = np.column_stack([pd.to_numeric(column, errors="coerce") for column in with_point])
    for wrong, expected in (
        (~np.isfinite(numbers).all(axis=1), "must be numbers"),
        ((numbers < 0).any(axis=1), "must not be negative"),
        (abs(numbers.sum(axis=1) - 1) > ROUNDING, f"must sum to 1 over {', '.join(cells.columns)}"),
    ):
        if named := _named(cells.index[np.flatnonzero(wrong)]):
            raise ParameterError(f"probabilities of {named}: {expected}")
    return numbers
