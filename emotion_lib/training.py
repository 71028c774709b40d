"""Training: features and emotions in, a fitted network out; repeatable, and not lost when it is killed."""

import hashlib
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from emotion_lib import augment, checkpoints, enrolment, models
from emotion_lib.discriminant import Discriminant
from emotion_lib.emotions import in_order
from emotion_lib.errors import ModelFileError, ParameterError
from emotion_lib.extraction import Features
from emotion_lib.features import FeatureSettings, frame_weights
from emotion_lib.progress import bar
from emotion_lib.recognizer import EmotionRecognizer


@dataclass(frozen=True)
class FittedNetwork:
    """A trained network, what its outputs mean, and how the features it was trained on were made.

    Parameters
    ----------
    model : keras.Model
        The network.
    emotions : tuple of str
        What each output stands for.
    feature : str
        Name of the feature it takes.
    settings : FeatureSettings
        How that feature is made.
    history : DataFrame
        One row an epoch: `epoch`, `loss`, `accuracy` as training saw them (dropout on, weights changing), and
        `test_loss`, `test_accuracy` where held-out features were observed: of the weights after that epoch, which are
        not what is kept where a regime has `inertia`.
    seconds : float
        How long its training took, what was done before a resumption included.

    Notebook: 03_model
    """

    model: Any = field(repr=False)
    emotions: tuple[str, ...]
    feature: str
    settings: FeatureSettings
    history: pd.DataFrame = field(repr=False)
    seconds: float = 0.0

    def predict_proba(self, features: Features) -> np.ndarray:
        """Return the probability of each emotion for each utterance.

        Parameters
        ----------
        features : Features
            Made as those that the network was trained on.

        Returns
        -------
        ndarray of shape (n_utterances, n_emotions), float32

        Raises
        ------
        ParameterError
            If the features are of another kind or were made with other settings.
        """
        _check_same("features", features, self.feature, self.settings)
        if len(features) == 0:
            return np.empty((0, len(self.emotions)), dtype=np.float32)
        probabilities: np.ndarray = self.model.predict(_inputs(self.model, features), batch_size=256, verbose=0)
        return probabilities

    def predict(self, features: Features) -> np.ndarray:
        """Return the most probable emotion of each utterance.

        Parameters
        ----------
        features : Features
            Made as those that the network was trained on.

        Returns
        -------
        ndarray of shape (n_utterances,), str

        Raises
        ------
        ParameterError
            If the features are of another kind or were made with other settings.
        """
        heard: np.ndarray = np.array(self.emotions)[self.predict_proba(features).argmax(axis=1)]
        return heard

    def recognizer(self, **options: Any) -> EmotionRecognizer:
        """Return the network as a recogniser, which needs no TensorFlow and can be saved.

        Parameters
        ----------
        **options
            `calibration`, `about`, `trained_on` and `voices`, as `EmotionRecognizer` takes them.

        Returns
        -------
        EmotionRecognizer
        """
        onnx = models.to_onnx(self.model)
        return EmotionRecognizer(onnx, emotions=self.emotions, feature=self.feature, settings=self.settings, **options)


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


def fit(
    model: Any,
    features: Features,
    *,
    epochs: int = 50,
    batch_size: int = 64,
    seed: int = 0,
    observe: Features | None = None,
    regime: Regime = AS_GIVEN,
    checkpoint: str | os.PathLike[str] | None = None,
    progress: bool | None = None,
) -> FittedNetwork:
    """Train a network; the same arguments give the same weights on the same machine.

    The order of the utterances and the dropout of epoch k follow from the seed and k alone. So a run that was
    killed resumes from its checkpoint to the weights that it would have had.

    Parameters
    ----------
    model : keras.Model
        From `models`, freshly built; it is trained in place.
    features : Features
        The training utterances.
    epochs : int > 0
        Times that each utterance is seen.
    batch_size : int > 0
        Utterances between two changes of the weights.
    seed : int
        Seed of order and dropout.
    observe : Features or None
        Held-out utterances, scored after each epoch for the curves. They change nothing: the weights are
        identical without them.
    regime : Regime
        What is shown in an epoch, and how fast the network learns.
    checkpoint : path or None
        File that keeps the state after each epoch; if it is there, training goes on from it.
    progress : bool or None
        Whether to show a bar with the epoch's loss and accuracy; None shows it where somebody watches.

    Returns
    -------
    FittedNetwork

    Raises
    ------
    ParameterError
        If `epochs` or `batch_size` is not positive, the network has no inputs or outputs for what is given, or
        the checkpoint has more epochs behind it than were asked for.
    ModelFileError
        If the checkpoint is of a run with other data, another network, or another seed.

    Notebook: 03_model
    """
    emotions = in_order(features.emotion)
    _check(model, features, emotions, epochs=epochs, batch_size=batch_size)
    _check_regime(regime, features)
    if observe is not None:
        _check_observed(observe, features, emotions)
    _set_normalisation(model, features)
    model.optimizer.build(model.trainable_variables)
    run = _Run(model, emotions, features, regime, epochs=epochs, batch_size=batch_size, seed=seed, observe=observe)
    history = run.resume(Path(checkpoint), epochs) if checkpoint else []
    line = bar(range(len(history), epochs), description=f"Training {model.name}", progress=progress)
    for epoch in line:
        started = time.perf_counter()
        history.append(run.epoch(epoch))
        run.seconds += time.perf_counter() - started
        line.set_postfix_str(", ".join(f"{name} {value:.3f}" for name, value in history[-1].items() if name != "epoch"))
        if checkpoint:
            run.keep(Path(checkpoint), history)
    run.settle()
    return FittedNetwork(model, emotions, features.feature, features.settings, pd.DataFrame(history), run.seconds)


def together(networks: Sequence[FittedNetwork]) -> FittedNetwork:
    """Return one network that answers what several agree on: the geometric mean of their probabilities.

    Networks that differ in their seed alone err in different places; their mean errs less than each.

    Parameters
    ----------
    networks : sequence of FittedNetwork
        At least one; trained for the same emotions on the same kind of features.

    Returns
    -------
    FittedNetwork
        Its history is the mean of theirs, epoch by epoch, and its time the sum.

    Raises
    ------
    ParameterError
        If there is none, or they differ in emotions, feature or settings.

    References
    ----------
    Hansen, L. K. and Salamon, P. (1990). Neural network ensembles. doi:10.1109/34.58871
    """
    if len({(each.emotions, each.feature, each.settings) for each in networks}) != 1:
        raise ParameterError(f"networks: {len(networks)} of different kinds; give some that differ in their seed alone")
    first = networks[0]
    history = pd.concat([each.history for each in networks]).groupby("epoch", as_index=False).mean()
    model = models.average([each.model for each in networks])
    seconds = sum(each.seconds for each in networks)
    return FittedNetwork(model, first.emotions, first.feature, first.settings, history, seconds)


STATISTICS_WEIGHT = 0.2
"""How much voice statistics count beside a network; chosen on speakers left out of EMO-DB and RAVDESS."""


def with_statistics(network: FittedNetwork, known: Discriminant) -> FittedNetwork:
    """Let a network and a discriminant of voice statistics answer together.

    The network hears what happens when; the discriminant, how the whole utterance moves. They err in different places.

    Parameters
    ----------
    network : FittedNetwork
        Of log-mel frames.
    known : Discriminant
        Of the same emotions, learnt from the same utterances.

    Returns
    -------
    FittedNetwork
        Its time is the sum of both.

    Raises
    ------
    ParameterError
        If they know other emotions.
    """
    if network.emotions != known.emotions:
        raise ParameterError(
            f"known: of {', '.join(known.emotions)}, the network of {', '.join(network.emotions)}; fit both on the same"
        )
    model = models.with_statistics(network.model, known.coefficients, known.intercept, weight=STATISTICS_WEIGHT)
    return replace(network, model=model, seconds=network.seconds + known.seconds)


@dataclass
class _Run:
    """One training run: what an epoch needs, and what a checkpoint keeps."""

    model: Any
    emotions: tuple[str, ...]
    features: Features
    regime: Regime
    epochs: int
    batch_size: int
    seed: int
    observe: Features | None
    identity: str = field(init=False)
    learning_rate: float = field(init=False)
    seconds: float = field(init=False, default=0.0)
    average: list[np.ndarray] = field(init=False)

    def __post_init__(self) -> None:
        self.identity = self._identity()
        self.average = self.model.get_weights()
        self.learning_rate = float(self.model.optimizer.learning_rate)

    def epoch(self, epoch: int) -> dict[str, float]:
        """Train one epoch and return its row of the history."""
        shuffled = self._shown(np.random.default_rng([self.seed, epoch]))
        _set_dropout_seeds(self.model, self.seed, epoch)
        if self.regime.decay:
            share = (1 + np.cos(np.pi * epoch / self.epochs)) / 2
            self.model.optimizer.learning_rate.assign(share * self.learning_rate)
        trained = self.model.fit(
            _inputs(self.model, shuffled),
            self._targets(shuffled),
            batch_size=self.batch_size,
            shuffle=False,
            verbose=0,
        ).history
        inertia = self.regime.inertia if epoch else 0.0  # the weights before training are no part of it
        self.average = [
            np.asarray(inertia * old + (1 - inertia) * new, dtype=old.dtype)
            for old, new in zip(self.average, self.model.get_weights(), strict=True)
        ]
        row = {"epoch": epoch + 1, "loss": trained["loss"][0], "accuracy": trained["accuracy"][0]}
        return row | self._observed()

    def _shown(self, rng: np.random.Generator) -> Features:
        """Return the utterances of an epoch in their order, as they are or varied."""
        if self.regime.per_corpus is None:
            order = rng.permutation(len(self.features))
        else:
            order = rng.permutation(_balanced(self.features, self.regime.per_corpus, rng))
        shown = self.features[order]
        return shown if self.regime.n_frames is None else _varied(shown, self.regime.n_frames, rng)

    def _observed(self) -> dict[str, float]:
        """Return loss and accuracy on the observed utterances, if there are any."""
        if self.observe is None:
            return {}
        inputs, targets = _inputs(self.model, self.observe), self._targets(self.observe)
        loss, accuracy = self.model.evaluate(inputs, targets, batch_size=256, verbose=0)
        return {"test_loss": loss, "test_accuracy": accuracy}

    def _targets(self, features: Features) -> np.ndarray:
        """Return the number of each utterance's emotion."""
        return np.array([self.emotions.index(emotion) for emotion in features.emotion])

    def keep(self, checkpoint: Path, history: list[dict[str, float]]) -> None:
        """Write everything that the next epoch depends on."""
        arrays = [*(np.asarray(variable) for variable in self._state()), *self.average]
        manifest = {"run": self.identity, "history": history, "seconds": round(self.seconds, 3)}
        checkpoints.write(checkpoint, manifest, arrays)

    def resume(self, checkpoint: Path, epochs: int) -> list[dict[str, float]]:
        """Take up the state that was kept, if there is one, and return its history."""
        if not checkpoint.exists():
            return []
        manifest, arrays = checkpoints.read(checkpoint)
        if manifest.get("run") != self.identity:
            raise ModelFileError(f"{checkpoint}: kept by another run (other data, network or seed); name another file")
        history: list[dict[str, float]] = manifest["history"]
        if len(history) > epochs:
            raise ParameterError(f"epochs={epochs}: {checkpoint} has {len(history)} behind it; name another file")
        state = self._state()
        for variable, value in zip(state, arrays[: len(state)], strict=True):
            variable.assign(value)
        self.average, self.seconds = arrays[len(state) :], float(manifest["seconds"])
        return history

    def settle(self) -> None:
        """Give the network the average of its weights."""
        self.model.set_weights(self.average)

    def _state(self) -> list[Any]:
        """Return the variables of network and optimiser."""
        return [*self.model.variables, *self.model.optimizer.variables]

    def _choices(self) -> tuple[Any, ...]:
        """Return what two runs must have in common besides data and network."""
        chosen = (self.batch_size, self.seed, self.observe is None, self.regime)
        return (*chosen, self.epochs) if self.regime.decay else chosen

    def _identity(self) -> str:
        """Return a digest of data, seed and the network before it is trained."""
        digest = hashlib.sha256(repr(self._choices()).encode())
        arrays = (self.features.X, self.features.lengths, self._targets(self.features), *self.model.get_weights())
        for array in arrays:
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()


def _balanced(features: Features, per_corpus: int, rng: np.random.Generator) -> np.ndarray:
    """Return the same number of utterances of each corpus, and in it of each emotion; few ones are repeated."""
    drawn: list[np.ndarray] = []
    for _, corpus in features.table.reset_index(drop=True).groupby("corpus"):
        emotions = [rows.index.to_numpy() for _, rows in corpus.groupby("emotion")]
        n = max(1, per_corpus // len(emotions))
        drawn += [rng.choice(rows, n, replace=n > len(rows)) for rows in emotions]
    return np.concatenate(drawn)


def _varied(features: Features, n_frames: int, rng: np.random.Generator) -> Features:
    """Return another version of each utterance."""
    assert features.settings.sr is not None  # refused before
    X = np.zeros((len(features), n_frames, features.X.shape[2]), dtype=np.float32)
    lengths = np.zeros(len(features), dtype=np.int32)
    for row, (frames, length) in enumerate(zip(features.X, features.lengths, strict=True)):
        varied = augment.vary(frames[:length], rng, sr=features.settings.sr, n_frames=n_frames)
        X[row, : len(varied)], lengths[row] = varied, len(varied)
    return replace(features, X=X, lengths=lengths)


def _check(model: Any, features: Features, emotions: tuple[str, ...], *, epochs: int, batch_size: int) -> None:
    """Refuse what cannot be trained."""
    for name, value in (("epochs", epochs), ("batch_size", batch_size)):
        if value < 1:
            raise ParameterError(f"{name}={value}: must be a positive number")
    if len(emotions) < 2:
        raise ParameterError(f"features: {len(emotions)} emotions in {len(features)} utterances; two are the least")
    if model.output_shape[-1] != len(emotions):
        raise ParameterError(
            f"{model.name}: has {model.output_shape[-1]} outputs for {len(emotions)} emotions "
            f"({', '.join(emotions)}); build it with n_emotions={len(emotions)}"
        )
    _check_shape(model, features)


def _check_shape(model: Any, features: Features) -> None:
    """Refuse features that the network has no inputs for."""
    takes = model.inputs[0].shape[1:]
    wants_frames = len(model.inputs) == 2
    expected = f"frames of {takes[1]} numbers" if wants_frames else f"one vector of {takes[0]} numbers an utterance"
    fits = (
        features.X.ndim == 3 and features.X.shape[2] == takes[1] if wants_frames else features.X.shape[1:] == takes[:1]
    )
    if not fits:
        raise ParameterError(
            f"{model.name}: takes {expected}, the {features.feature} given has shape {features.X.shape}; "
            "extract another feature, or build the network for this one"
        )


def _check_regime(regime: Regime, features: Features) -> None:
    """Refuse features that cannot be drawn or varied as a regime says."""
    if regime.per_corpus is not None and "corpus" not in features.table:
        raise ParameterError("regime: per_corpus needs to know the corpus of each utterance; add the column 'corpus'")
    if regime.n_frames is not None and (features.feature != "log_mel" or features.settings.sr is None):
        raise ParameterError(
            f"regime: voices are varied in log_mel frames of one rate, these are {features.feature} at "
            f"sr={features.settings.sr}; extract log_mel with settings of an sr"
        )


def _check_observed(observe: Features, features: Features, emotions: tuple[str, ...]) -> None:
    """Refuse to observe what the network cannot be scored on."""
    _check_same("observe", observe, features.feature, features.settings)
    if unknown := sorted(set(observe.emotion) - set(emotions)):
        raise ParameterError(f"observe: emotion {str(unknown[0])!r} is not among those trained ({', '.join(emotions)})")


def _check_same(name: str, features: Features, feature: str, settings: FeatureSettings) -> None:
    """Refuse features that were made in another way, and name the differences."""
    made = {"feature": features.feature} | asdict(features.settings)
    expected = {"feature": feature} | asdict(settings)
    if differ := [key for key in made if made[key] != expected[key]]:
        found, trained = (", ".join(f"{key}={values[key]!r}" for key in differ) for values in (made, expected))
        raise ParameterError(f"{name}: made with {found}; this network was trained with {trained}; extract them so")


def _inputs(model: Any, features: Features) -> np.ndarray | list[np.ndarray]:
    """Return what the network takes: averaged coefficients one by one, or frames and their weights, and statistics."""
    if len(model.inputs) == 1:
        return features.X[..., None]
    frames = [features.X, frame_weights(features.lengths, features.X.shape[1])]
    if len(model.inputs) == 2:
        return frames
    return [*frames, enrolment.statistics(features.X, features.lengths, feature=features.feature)]


def _set_normalisation(model: Any, features: Features) -> None:
    """Give the network the mean and variance of the training utterances' real frames, if it asks for them."""
    if all(layer.name != models.STANDARDISE for layer in model.layers):
        return
    X = features.X
    if X.ndim == 3:
        X = X[np.arange(X.shape[1]) < features.lengths[:, None]]
    model.get_layer(models.STANDARDISE).set_weights([X.mean(axis=0), X.var(axis=0)])


def _set_dropout_seeds(model: Any, seed: int, epoch: int) -> None:
    """Make the dropout of an epoch follow from the seed and the epoch alone."""
    generators = [layer.seed_generator for layer in model.layers if hasattr(layer, "seed_generator")]
    for number, generator in enumerate(generators):
        state = np.random.default_rng([seed, epoch, number]).integers(2**31, size=2)
        generator.state.assign(state.astype(generator.state.dtype))
