"""Folds as a list: one row for each utterance of a fold, for those who use no code of ours."""

import pandas as pd

from emotion_lib.errors import ParameterError, check_columns
from emotion_lib.splits.protocols import Split, split


def listed(table: pd.DataFrame, protocol: str, *, seed: int = 0) -> pd.DataFrame:
    """List which utterances train and which are tested in each fold of a protocol.

    The list does not depend on the order of the rows. The lists of `splits/lists` are made so from the indexes of the
    corpora, with the seed 0.

    Parameters
    ----------
    table : DataFrame
        The table of one corpus, as `corpora.load` returns it.
    protocol : str
        Name of a protocol, as `split` takes it.
    seed : int
        Seed of what is drawn.

    Returns
    -------
    DataFrame
        Columns id, fold, side (`"train"` or `"test"`); folds in their order, and sorted by id in each. An utterance
        that is on neither side of a fold has no row there.

    Raises
    ------
    ParameterError
        As `split` does, and if the table has no ids or one of them twice.

    Examples
    --------
    >>> table = pd.DataFrame({"id": ["A_1", "B_1"], "speaker": ["A", "B"], "emotion": "sad"})
    >>> listed(table, "by_speaker")
        id    fold   side
    0  A_1  B -> A   test
    1  B_1  B -> A  train
    2  A_1  A -> B  train
    3  B_1  A -> B   test
    """
    check_columns("the table", table, "id")
    if table["id"].duplicated().any():
        twice = table["id"][table["id"].duplicated()].iloc[0]
        raise ParameterError(f"id {twice!r}: twice in the table; list each corpus alone, without copies")
    table = table.sort_values("id", ignore_index=True)
    return pd.concat([_of_fold(table["id"], part) for part in split(table, protocol, seed=seed)], ignore_index=True)


def _of_fold(ids: pd.Series, part: Split) -> pd.DataFrame:
    sides = pd.concat([pd.Series("train", index=part.train), pd.Series("test", index=part.test)]).sort_index()
    return pd.DataFrame({"id": ids.loc[sides.index], "fold": part.fold, "side": sides})
