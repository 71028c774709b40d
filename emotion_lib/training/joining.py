"""Networks that answer together, with each other or with a discriminant of voice statistics."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from emotion_lib import models
from emotion_lib.discriminant import Discriminant
from emotion_lib.errors import ParameterError
from emotion_lib.training.fitted import FittedNetwork

STATISTICS_WEIGHT = 0.2
"""How much voice statistics count beside a network; chosen on speakers left out of EMO-DB and RAVDESS."""


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


def with_statistics(network: FittedNetwork, discriminant: Discriminant) -> FittedNetwork:
    """Let a network and a discriminant of voice statistics answer together: a product of probabilities.

    The network hears what happens when; the discriminant, how the whole utterance moves. They err in different places.

    Parameters
    ----------
    network : FittedNetwork
        Of log-mel frames.
    discriminant : Discriminant
        Of the same emotions, learnt from the same utterances.

    Returns
    -------
    FittedNetwork
        Its time is the sum of both.

    Raises
    ------
    ParameterError
        If they know other emotions, or learnt from other features.
    """
    if network.emotions != discriminant.emotions:
        theirs, its = ", ".join(discriminant.emotions), ", ".join(network.emotions)
        raise ParameterError(f"discriminant: of {theirs}, the network of {its}; fit both on the same")
    if (network.feature, network.settings) != (discriminant.feature, discriminant.settings):
        raise ParameterError(
            f"discriminant: of {discriminant.feature}, {discriminant.settings}, the network of {network.feature}, "
            f"{network.settings}; fit both on the same"
        )
    keras = models.import_keras()
    inputs = [keras.Input(each.shape[1:], name=each.name) for each in network.model.inputs]
    statistics = keras.Input((len(discriminant.coefficients),), name=models.STATISTICS)
    linear = keras.layers.Dense(len(discriminant.emotions), trainable=False, name="discriminant")
    log_probabilities = keras.ops.log_softmax(linear(statistics))
    linear.set_weights([discriminant.coefficients, discriminant.intercept])
    product = keras.ops.log(network.model(inputs) + 1e-7) + STATISTICS_WEIGHT * log_probabilities
    name = f"{network.model.name}_with_statistics"
    model = keras.Model([*inputs, statistics], keras.ops.softmax(product), name=name)
    return replace(network, model=model, seconds=network.seconds + discriminant.seconds)
