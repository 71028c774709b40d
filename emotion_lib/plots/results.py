"""Figures of results: confusion matrices."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from emotion_lib.errors import ParameterError
from emotion_lib.plots.style import INK, PALE, as_written, axes_or_new, say_empty
from emotion_lib.recognizer.prediction import UNKNOWN


def plot_confusion_matrix(matrix: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw a confusion matrix, with the recall of each emotion at the end of its row.

    Numbers are counts; colours are shares of the row.

    Parameters
    ----------
    matrix : DataFrame, int
        Counts, as `metrics.confusion_matrix` returns them: one row per emotion, one column per prediction, in the same
        order; a column `unknown` may follow.
    ax : Axes, optional
        The axes to draw on; by default those of a new figure.

    Returns
    -------
    Axes
        True emotion over predicted emotion.

    Raises
    ------
    ParameterError
        If rows and columns do not have the same names in the same order.

    Examples
    --------
    >>> ax = plot_confusion_matrix(pd.DataFrame([[3, 1], [0, 4]], ["happy", "sad"], ["happy", "sad"]))
    >>> [text.get_text() for text in ax.texts]
    ['3', '1', '0', '4', '75 %', '100 %', 'recall']

    Notebook: 04_evaluate
    """
    labels = [str(label) for label in matrix.index]
    predicted = [str(label) for label in matrix.columns]
    if predicted not in (labels, [*labels, UNKNOWN]):
        raise ParameterError(
            f"matrix of shape {matrix.shape}: rows and columns must be the same emotions in the same order"
        )
    ax = axes_or_new(ax, height=1.2 + 0.45 * max(len(labels), 2))
    counts = matrix.to_numpy()
    if not counts.sum():
        return say_empty(ax, "There are no predictions to draw.")
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for (row, column), count in np.ndenumerate(counts):
        colour = "white" if shares[row, column] > 0.5 else INK if count else PALE  # readable on its cell
        ax.text(column, row, f"{count}", ha="center", va="center", color=colour)
    right = len(predicted) - 0.4
    for row, (recall, total) in enumerate(zip(shares.diagonal(), counts.sum(axis=1), strict=True)):
        ax.text(right, row, f"{recall:.0%}".replace("%", " %") if total else "-", va="center", color=INK)
    ax.text(right, -0.55, "recall", va="bottom", color=INK)
    ax.set_xticks(range(len(predicted)), labels=predicted)
    ax.set_yticks(range(len(labels)), labels=labels)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set(xlabel="Predicted emotion", ylabel="True emotion")
    return as_written(ax)
