"""Train a network epoch by epoch, with checkpoints; a resumed run reaches the same weights."""

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
from emotion_lib.errors import ModelFileError, ParameterError, check_positive, check_seed, path_of
from emotion_lib.extraction.store import AnyFeatures
from emotion_lib.features import frame_weights
from emotion_lib.progress import bar
from emotion_lib.training.fitted import FittedNetwork, check_same, dataset, in_batches
from emotion_lib.training.schedules import PLAIN, Schedule, augment, check_schedule, sample
from emotion_lib.writing import written_whole

CHECKPOINT_FORMAT = 2
"""Version of the checkpoint file; files of other versions are refused."""

_CURE = "delete it, or name another file, and train from the beginning"


def write_checkpoint(path: Path, manifest: dict[str, Any], arrays: Iterable[np.ndarray]) -> Path:
    """Write a checkpoint; an interrupted call leaves no half-written file.

    Parameters
    ----------
    path : Path
        The file to write; missing folders are created.
    manifest : dict
        Description of the run, in values that JSON can hold.
    arrays : iterable of ndarray
        The weights, in order.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    ModelFileError
        If `path` is a folder, or cannot be written.
    """
    text = json.dumps({"format": CHECKPOINT_FORMAT} | manifest)
    numbered = {f"weight_{number}": array for number, array in enumerate(arrays)}
    with written_whole(path, error=ModelFileError) as file:
        np.savez(file, allow_pickle=False, manifest=np.array(text), **numbered)
    return path


def read_checkpoint(path: Path) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Read a checkpoint that `write_checkpoint` wrote.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    manifest : dict
        The description of the run.
    arrays : list of ndarray
        The weights, in order.

    Raises
    ------
    ModelFileError
        If the file does not exist, is not a checkpoint, is damaged, or has another format.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            manifest: dict[str, Any] = json.loads(str(file["manifest"]))
            arrays = [file[f"weight_{number}"] for number in range(len(file.files) - 1)]  # all but the manifest
        version = manifest["format"]
    except FileNotFoundError:
        raise ModelFileError(f"{path}: no such file") from None
    except (ValueError, KeyError, TypeError, OSError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise ModelFileError(f"{path}: not a checkpoint, or a damaged one; {_CURE}") from error
    if version != CHECKPOINT_FORMAT:
        raise ModelFileError(f"{path}: has format {version}; this version reads format {CHECKPOINT_FORMAT}; {_CURE}")
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

    The order of the utterances and the dropout of epoch k depend only on the seed and on k. A run that is killed and
    resumed from its checkpoint therefore reaches the same weights as an uninterrupted run.

    Parameters
    ----------
    model : keras.Model
        A freshly built network from `models`; it is trained in place.
    features : Features or StoredFeatures
        The training utterances; with a store on disk, only a few batches are in memory at a time.
    epochs : int > 0
        Number of epochs.
    batch_size : int > 0
        Utterances in each step of the optimiser.
    seed : int
        Seed of the order of the utterances and of dropout.
    observe : Features, StoredFeatures or None
        Held-out utterances, scored after each epoch for the learning curves. They do not influence the weights.
    schedule : Schedule
        Sampling and augmentation of each epoch, and decay of the learning rate.
    checkpoint : path or None
        File that keeps the state after each epoch; if it exists, training resumes from it.
    progress : bool or None
        Whether to show a bar with the epoch's loss and accuracy; None shows it in a terminal or notebook.

    Returns
    -------
    FittedNetwork

    Raises
    ------
    ParameterError
        If `epochs` or `batch_size` is not positive, the network does not fit the features or the number of emotions,
        or the checkpoint has completed more epochs than `epochs`.
    ModelFileError
        If the checkpoint belongs to a run with other data, another network, or another seed.

    Notebook: 03_model
    """
    emotions = in_order(features.emotion)
    check_positive(epochs=epochs, batch_size=batch_size)
    check_seed(seed)
    _check_network(model, features, emotions)
    check_schedule(schedule, features)
    if observe is not None:
        check_same("observe", observe, features.feature, features.settings)
        if unknown := sorted(set(observe.emotion) - set(emotions)):
            raise ParameterError(
                f"observe: emotion {str(unknown[0])!r} is not among the training emotions ({', '.join(emotions)}); "
                "leave its utterances out"
            )
    _set_normalisation(model, features)  # before the run is created, because it copies the weights
    model.optimizer.build(model.trainable_variables)  # a checkpoint is assigned to its variables, which must exist
    run = _Run(model, emotions, features, schedule, epochs=epochs, batch_size=batch_size, seed=seed, observe=observe)
    place = path_of("checkpoint", checkpoint) if checkpoint else None
    history = run.resume(place) if place else []
    line = bar(range(len(history), epochs), description=f"Training {model.name}", progress=progress)
    for epoch in line:
        started = time.perf_counter()
        history.append(run.epoch(epoch))
        run.seconds += time.perf_counter() - started
        line.set_postfix_str(", ".join(f"{name} {value:.3f}" for name, value in history[-1].items() if name != "epoch"))
        if place:
            run.keep(place, history)
    model.set_weights(run.ema_weights)
    return FittedNetwork(model, emotions, features.feature, features.settings, pd.DataFrame(history), run.seconds)


@dataclass
class _Run:
    """One training run: the inputs of an epoch, and the state that a checkpoint keeps."""

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
        rng = np.random.default_rng([self.seed, epoch])  # independent of earlier epochs, so that a run can be resumed
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
        ema_momentum = self.schedule.ema_momentum if epoch else 0.0  # leaves the untrained weights out of the average
        self.ema_weights = [
            np.asarray(ema_momentum * old + (1 - ema_momentum) * new, dtype=old.dtype)
            for old, new in zip(self.ema_weights, self.model.get_weights(), strict=True)
        ]
        row = {"epoch": epoch + 1, "loss": trained["loss"][0], "accuracy": trained["accuracy"][0]}
        if self.observe is not None:
            observed = dataset(self.model, self.observe, emotions=self.emotions)
            row["test_loss"], row["test_accuracy"] = self.model.evaluate(observed, verbose=0)
        return row

    def keep(self, checkpoint: Path, history: list[dict[str, float]]) -> None:
        """Write a checkpoint with everything that the next epoch depends on."""
        arrays = [*(np.asarray(variable) for variable in self._state()), *self.ema_weights]
        manifest = {"run": self.identity, "history": history, "seconds": round(self.seconds, 3)}
        write_checkpoint(checkpoint, manifest, arrays)

    def resume(self, checkpoint: Path) -> list[dict[str, float]]:
        """Restore the state of a checkpoint, if it exists, and return its history."""
        self.identity = self._identity()
        if not checkpoint.exists():
            return []
        manifest, arrays = read_checkpoint(checkpoint)
        if manifest.get("run") != self.identity:
            raise ModelFileError(
                f"{checkpoint}: belongs to another run (other data, network or seed); name another file"
            )
        history: list[dict[str, float]] = manifest["history"]
        if len(history) > self.epochs:
            raise ParameterError(
                f"epochs={self.epochs}: {checkpoint} has completed {len(history)}; give at least as many, or name "
                "another file"
            )
        state = self._state()
        for variable, value in zip(state, arrays[: len(state)], strict=True):
            variable.assign(value)
        self.ema_weights, self.seconds = arrays[len(state) :], float(manifest["seconds"])
        return history

    def _state(self) -> list[Any]:
        return [*self.model.variables, *self.model.optimizer.variables]

    def _identity(self) -> str:
        """Return a digest of all options, the data, and the untrained network."""
        chosen = (self.batch_size, self.seed, self.observe is None, self.schedule, self.emotions)
        # The name of an optimiser does not affect the weights.
        steps = sorted(item for item in self.model.optimizer.get_config().items() if item[0] != "name")
        # Without decay a run may be extended; with decay, every learning rate depends on the number of epochs.
        epochs = self.epochs if self.schedule.cosine_decay else None
        digest = hashlib.sha256(repr((*chosen, steps, epochs)).encode())
        if self.schedule.per_corpus is not None:
            digest.update("\n".join(self.features.table["corpus"]).encode())
        targets = np.array([self.emotions.index(emotion) for emotion in self.features.emotion])
        X = (batch.X for batch in in_batches(self.features))
        for array in chain(X, (self.features.lengths, targets), self.model.get_weights()):
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()


def _check_network(model: Any, features: AnyFeatures, emotions: tuple[str, ...]) -> None:
    if len(emotions) < 2:
        raise ParameterError(
            f"features: {len(emotions)} emotions in {len(features)} utterances; at least two are needed"
        )
    if model.output_shape[-1] != len(emotions):
        raise ParameterError(
            f"{model.name}: has {model.output_shape[-1]} outputs for {len(emotions)} emotions "
            f"({', '.join(emotions)}); build it with n_emotions={len(emotions)}"
        )
    takes, has = model.inputs[0].shape[1:], features.shape[1:]
    if len(model.inputs) == 2:
        expected, fits = f"frames of {takes[1]} numbers", len(has) == 2 and has[1] == takes[1]
    else:
        expected, fits = f"one vector of {takes[0]} numbers per utterance", has == takes[:1]
    if not fits:
        raise ParameterError(
            f"{model.name}: takes {expected}; the {features.feature} given has shape {features.shape}; "
            "extract another feature, or build the network for this one"
        )


def _set_normalisation(model: Any, features: AnyFeatures) -> None:
    """Set the mean and variance of the training frames, without padding, in a network that standardises its input."""
    if all(layer.name != models.STANDARDISE for layer in model.layers):
        return
    n, total, squares = 0, np.float64(0), np.float64(0)  # sums, so that a store on disk is read only once
    for batch in in_batches(features):
        real = batch.X if batch.X.ndim == 2 else batch.X[frame_weights(batch.lengths, batch.X.shape[1]) > 0]
        n, total = n + len(real), total + real.sum(axis=0, dtype=np.float64)
        squares = squares + np.square(real, dtype=np.float64).sum(axis=0)
    model.get_layer(models.STANDARDISE).set_weights([total / n, squares / n - np.square(total / n)])


def _set_dropout_seeds(model: Any, seed: int, epoch: int) -> None:
    """Seed the dropout layers from the seed and the epoch alone, so that a resumed run drops the same units."""
    generators = [layer.seed_generator for layer in model.layers if hasattr(layer, "seed_generator")]
    for number, generator in enumerate(generators):
        state = np.random.default_rng([seed, epoch, number]).integers(2**31, size=2)
        generator.state.assign(state.astype(generator.state.dtype))
