"""Train a network, epoch by epoch, with checkpoints from which a run goes on to the same weights."""

import hashlib
import json
import os
import time
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from emotion_lib import models
from emotion_lib.emotions import in_order
from emotion_lib.errors import ModelFileError, ParameterError
from emotion_lib.extraction.store import AnyFeatures
from emotion_lib.features import frame_weights
from emotion_lib.progress import bar
from emotion_lib.training.fitted import FittedNetwork, check_same, dataset, in_batches
from emotion_lib.training.schedules import PLAIN, Schedule, augment, check_schedule, sample
from emotion_lib.writing import written_whole

CHECKPOINT_FORMAT = 2
"""Version of the file; another one is refused."""

_CURE = "delete it, or name another file, and train from the beginning"


def write_checkpoint(path: Path, manifest: dict[str, Any], arrays: Iterable[np.ndarray]) -> Path:
    """Write a file that is either whole or not there.

    Parameters
    ----------
    path : Path
        Where to; folders that are missing are made.
    manifest : dict
        What JSON can say of it.
    arrays : iterable of ndarray
        The weights, in their order.

    Returns
    -------
    Path
        Where it was written.

    Raises
    ------
    ModelFileError
        If `path` is a folder, or nothing can be written there.
    """
    text = json.dumps({"format": CHECKPOINT_FORMAT} | manifest)
    numbered = {f"weight_{number}": array for number, array in enumerate(arrays)}
    with written_whole(path, error=ModelFileError) as file:
        np.savez(file, allow_pickle=False, manifest=np.array(text), **numbered)
    return path


def read_checkpoint(path: Path) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Read a file that `write` wrote.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    manifest : dict
        What was said of it.
    arrays : list of ndarray
        The weights, in their order.

    Raises
    ------
    ModelFileError
        If there is no such file, it is no checkpoint, damaged, or written by another version.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            manifest: dict[str, Any] = json.loads(str(file["manifest"]))
            arrays = [file[f"weight_{number}"] for number in range(len(file.files) - 1)]
        version = manifest["format"]
    except FileNotFoundError:
        raise ModelFileError(f"{path}: no such file") from None
    except (ValueError, KeyError, TypeError, OSError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise ModelFileError(f"{path}: not a checkpoint, or a damaged one; {_CURE}") from error
    if version != CHECKPOINT_FORMAT:
        raise ModelFileError(f"{path}: written in format {version}, this version reads {CHECKPOINT_FORMAT}; {_CURE}")
    return manifest, arrays


def fit(
    model: Any,
    features: AnyFeatures,
    *,
    epochs: int = 50,
    batch_size: int = 64,
    seed: int = 0,
    observe: AnyFeatures | None = None,
    schedule: Schedule = PLAIN,
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
    features : Features or StoredFeatures
        The training utterances; of those on disk, only some batches are in memory.
    epochs : int > 0
        Times that each utterance is seen.
    batch_size : int > 0
        Utterances between two changes of the weights.
    seed : int
        Seed of order and dropout.
    observe : Features, StoredFeatures or None
        Held-out utterances, scored after each epoch for the curves. They change nothing: the weights are
        identical without them.
    schedule : Schedule
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
    _check_network(model, features, emotions, epochs=epochs, batch_size=batch_size)
    check_schedule(schedule, features)
    if observe is not None:
        _check_observed(observe, features, emotions)
    _set_normalisation(model, features)
    model.optimizer.build(model.trainable_variables)
    run = _Run(model, emotions, features, schedule, epochs=epochs, batch_size=batch_size, seed=seed, observe=observe)
    history = run.resume(Path(checkpoint), epochs) if checkpoint else []
    line = bar(range(len(history), epochs), description=f"Training {model.name}", progress=progress)
    for epoch in line:
        started = time.perf_counter()
        history.append(run.epoch(epoch))
        run.seconds += time.perf_counter() - started
        line.set_postfix_str(", ".join(f"{name} {value:.3f}" for name, value in history[-1].items() if name != "epoch"))
        if checkpoint:
            run.keep(Path(checkpoint), history)
    run.use_ema_weights()
    return FittedNetwork(model, emotions, features.feature, features.settings, pd.DataFrame(history), run.seconds)


@dataclass
class _Run:
    """One training run: what an epoch needs, and what a checkpoint keeps."""

    model: Any
    emotions: tuple[str, ...]
    features: AnyFeatures
    schedule: Schedule
    epochs: int
    batch_size: int
    seed: int
    observe: AnyFeatures | None
    identity: str = field(init=False, default="")
    learning_rate: float = field(init=False)
    seconds: float = field(init=False, default=0.0)
    ema_weights: list[np.ndarray] = field(init=False)

    def __post_init__(self) -> None:
        self.ema_weights = self.model.get_weights()
        self.learning_rate = float(self.model.optimizer.learning_rate)

    def epoch(self, epoch: int) -> dict[str, float]:
        rng = np.random.default_rng([self.seed, epoch])
        _set_dropout_seeds(self.model, self.seed, epoch)
        if self.schedule.cosine_decay:
            share = (1 + np.cos(np.pi * epoch / self.epochs)) / 2
            self.model.optimizer.learning_rate.assign(share * self.learning_rate)
        batches = dataset(
            self.model,
            self.features,
            rows=sample(self.features, self.schedule, rng),
            batch_size=self.batch_size,
            version=lambda batch: augment(batch, self.schedule, rng),
            emotions=self.emotions,
        )
        trained = self.model.fit(batches, shuffle=False, verbose=0).history
        ema_momentum = self.schedule.ema_momentum if epoch else 0.0  # the weights before training are no part of it
        self.ema_weights = [
            np.asarray(ema_momentum * old + (1 - ema_momentum) * new, dtype=old.dtype)
            for old, new in zip(self.ema_weights, self.model.get_weights(), strict=True)
        ]
        row = {"epoch": epoch + 1, "loss": trained["loss"][0], "accuracy": trained["accuracy"][0]}
        return row | self._observed()

    def _observed(self) -> dict[str, float]:
        if self.observe is None:
            return {}
        observed = dataset(self.model, self.observe, emotions=self.emotions)
        loss, accuracy = self.model.evaluate(observed, verbose=0)
        return {"test_loss": loss, "test_accuracy": accuracy}

    def keep(self, checkpoint: Path, history: list[dict[str, float]]) -> None:
        """Write everything that the next epoch depends on."""
        arrays = [*(np.asarray(variable) for variable in self._state()), *self.ema_weights]
        manifest = {"run": self.identity, "history": history, "seconds": round(self.seconds, 3)}
        write_checkpoint(checkpoint, manifest, arrays)

    def resume(self, checkpoint: Path, epochs: int) -> list[dict[str, float]]:
        """Take up the state that was kept, if there is one, and return its history."""
        self.identity = self._identity()
        if not checkpoint.exists():
            return []
        manifest, arrays = read_checkpoint(checkpoint)
        if manifest.get("run") != self.identity:
            raise ModelFileError(f"{checkpoint}: kept by another run (other data, network or seed); name another file")
        history: list[dict[str, float]] = manifest["history"]
        if len(history) > epochs:
            raise ParameterError(f"epochs={epochs}: {checkpoint} has {len(history)} behind it; name another file")
        state = self._state()
        for variable, value in zip(state, arrays[: len(state)], strict=True):
            variable.assign(value)
        self.ema_weights, self.seconds = arrays[len(state) :], float(manifest["seconds"])
        return history

    def use_ema_weights(self) -> None:
        self.model.set_weights(self.ema_weights)

    def _state(self) -> list[Any]:
        return [*self.model.variables, *self.model.optimizer.variables]

    def _choices(self) -> tuple[Any, ...]:
        """Return what two runs must have in common besides data and network."""
        chosen = (self.batch_size, self.seed, self.observe is None, self.schedule, self.emotions)
        steps = sorted(item for item in self.model.optimizer.get_config().items() if item[0] != "name")
        return (*chosen, steps, self.epochs if self.schedule.cosine_decay else None)

    def _identity(self) -> str:
        """Return a digest of data, seed and the network before it is trained."""
        digest = hashlib.sha256(repr(self._choices()).encode())
        if self.schedule.per_corpus is not None:
            digest.update("\n".join(self.features.table["corpus"]).encode())
        targets = np.array([self.emotions.index(emotion) for emotion in self.features.emotion])
        X = (batch.X for batch in in_batches(self.features))
        for array in chain(X, (self.features.lengths, targets), self.model.get_weights()):
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()


def _check_network(
    model: Any, features: AnyFeatures, emotions: tuple[str, ...], *, epochs: int, batch_size: int
) -> None:
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


def _check_shape(model: Any, features: AnyFeatures) -> None:
    takes = model.inputs[0].shape[1:]
    wants_frames = len(model.inputs) == 2
    expected = f"frames of {takes[1]} numbers" if wants_frames else f"one vector of {takes[0]} numbers an utterance"
    fits = (
        len(features.shape) == 3 and features.shape[2] == takes[1] if wants_frames else features.shape[1:] == takes[:1]
    )
    if not fits:
        raise ParameterError(
            f"{model.name}: takes {expected}, the {features.feature} given has shape {features.shape}; "
            "extract another feature, or build the network for this one"
        )


def _check_observed(observe: AnyFeatures, features: AnyFeatures, emotions: tuple[str, ...]) -> None:
    check_same("observe", observe, features.feature, features.settings)
    if unknown := sorted(set(observe.emotion) - set(emotions)):
        raise ParameterError(f"observe: emotion {str(unknown[0])!r} is not among those trained ({', '.join(emotions)})")


def _set_normalisation(model: Any, features: AnyFeatures) -> None:
    """Give the network the mean and variance of the training utterances' real frames, if it asks for them."""
    if all(layer.name != models.STANDARDISE for layer in model.layers):
        return
    model.get_layer(models.STANDARDISE).set_weights(_mean_and_variance(features))


def _mean_and_variance(features: AnyFeatures) -> list[np.ndarray]:
    """Return both of each number of a frame or vector, from one pass."""
    n, total, squares = 0, np.float64(0), np.float64(0)
    for batch in in_batches(features):
        real = batch.X if batch.X.ndim == 2 else batch.X[frame_weights(batch.lengths, batch.X.shape[1]) > 0]
        n, total = n + len(real), total + real.sum(axis=0, dtype=np.float64)
        squares = squares + np.square(real, dtype=np.float64).sum(axis=0)
    return [total / n, squares / n - np.square(total / n)]


def _set_dropout_seeds(model: Any, seed: int, epoch: int) -> None:
    """Make the dropout of an epoch follow from the seed and the epoch alone."""
    generators = [layer.seed_generator for layer in model.layers if hasattr(layer, "seed_generator")]
    for number, generator in enumerate(generators):
        state = np.random.default_rng([seed, epoch, number]).integers(2**31, size=2)
        generator.state.assign(state.astype(generator.state.dtype))
