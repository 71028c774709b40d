"""What a network is shown in an epoch: which utterances, and in which version."""

from dataclasses import dataclass, replace

import numpy as np

from emotion_lib import augment
from emotion_lib.errors import ParameterError
from emotion_lib.extraction import Features
from emotion_lib.training.batches import AnyFeatures


@dataclass(frozen=True)
class Regime:
    """Say what a network is shown in an epoch, and how fast it learns.

    The default shows each utterance once, as it is.

    Parameters
    ----------
    per_corpus : int or None
        Utterances that are drawn from each corpus in an epoch, the same number of each emotion, so that a large corpus
        or a frequent emotion counts no more than another; None shows every utterance once.
    n_frames : int or None
        Shows another version of an utterance each time (`augment.vary`), of at most this many frames; None shows it
        as it is.
    decay : bool
        Whether steps get smaller to the end, along a cosine.
    inertia : float in [0, 1)
        Momentum of the exponential moving average of the weights, epoch by epoch; the average is what is kept in the
        end. At 0 that is the last weights.

    Raises
    ------
    ParameterError
        If a number is not positive, or `inertia` no such share.

    References
    ----------
    Tarvainen, A. and Valpola, H. (2017). Mean teachers are better role models. arXiv:1703.01780
    """

    per_corpus: int | None = None
    n_frames: int | None = None
    decay: bool = False
    inertia: float = 0.0

    def __post_init__(self) -> None:
        for name in ("per_corpus", "n_frames"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ParameterError(f"{name}={value}: must be a positive number")
        if not 0 <= self.inertia < 1:
            raise ParameterError(f"inertia={self.inertia}: must be from 0 to below 1")


AS_GIVEN = Regime()
VARIED = Regime(per_corpus=600, n_frames=152, decay=True, inertia=0.9)
"""For networks that are to know voices they never heard."""


def drawn(features: AnyFeatures, regime: Regime, rng: np.random.Generator) -> np.ndarray:
    """Return the positions of the utterances of an epoch, in the order in which they are shown.

    Parameters
    ----------
    features : Features or StoredFeatures
        The training utterances.
    regime : Regime
        What is shown.
    rng : numpy.random.Generator
        Draws them.

    Returns
    -------
    ndarray of int
    """
    return rng.permutation(len(features) if regime.per_corpus is None else _balanced(features, regime.per_corpus, rng))


def version(features: Features, regime: Regime, rng: np.random.Generator) -> Features:
    """Return utterances as they are, or varied.

    Parameters
    ----------
    features : Features
        Some of the utterances of an epoch.
    regime : Regime
        What is shown.
    rng : numpy.random.Generator
        Draws versions.

    Returns
    -------
    Features
    """
    return features if regime.n_frames is None else _varied(features, regime.n_frames, rng)


def _balanced(features: AnyFeatures, per_corpus: int, rng: np.random.Generator) -> np.ndarray:
    """Return the same number of utterances of each corpus, and in it of each emotion; few ones are repeated."""
    drawn: list[np.ndarray] = []
    for _, corpus in features.table.reset_index(drop=True).groupby("corpus"):
        emotions = [rows.index.to_numpy() for _, rows in corpus.groupby("emotion")]
        n = max(1, per_corpus // len(emotions))
        drawn += [rng.choice(rows, n, replace=n > len(rows)) for rows in emotions]
    return np.concatenate(drawn)


def _varied(features: Features, n_frames: int, rng: np.random.Generator) -> Features:
    assert features.settings.sr is not None  # refused before
    X = np.zeros((len(features), n_frames, features.X.shape[2]), dtype=np.float32)
    lengths = np.zeros(len(features), dtype=np.int32)
    for row, (frames, length) in enumerate(zip(features.X, features.lengths, strict=True)):
        varied = augment.vary(frames[:length], rng, sr=features.settings.sr, n_frames=n_frames)
        X[row, : len(varied)], lengths[row] = varied, len(varied)
    return replace(features, X=X, lengths=lengths)


def check_regime(regime: Regime, features: AnyFeatures) -> None:
    """Refuse features that cannot be drawn or varied as a regime says.

    Parameters
    ----------
    regime : Regime
        What is to be shown.
    features : Features or StoredFeatures
        The training utterances.

    Raises
    ------
    ParameterError
        If the corpora are not known that are to be drawn from, or the frames are none that voices are varied in.
    """
    if regime.per_corpus is not None and "corpus" not in features.table:
        raise ParameterError("regime: per_corpus needs to know the corpus of each utterance; add the column 'corpus'")
    if regime.n_frames is not None and (features.feature != "log_mel" or features.settings.sr is None):
        raise ParameterError(
            f"regime: voices are varied in log_mel frames of one rate, these are {features.feature} at "
            f"sr={features.settings.sr}; extract log_mel with settings of an sr"
        )
