"""Keras' LSTM, trained faster on a processor: the same layer and the same numbers, with a gradient of its own.

Keras has the gradient of the weights computed and added up at each step of time, in products too small for two cores to
share. Here it is one product over all steps, after them; and a batch is taken in two halves, each of which keeps a core
busy. What is not training is left to Keras, so that it is exported as an LSTM.
"""

from functools import cache
from typing import Any

from emotion_lib.models.starting import import_keras


def lstm_layer(
    units: int, *, kernel_initializer: Any, recurrent_initializer: Any, return_sequences: bool = False
) -> Any:
    """Return an LSTM layer.

    Parameters
    ----------
    units : int > 0
        Its cells.
    kernel_initializer, recurrent_initializer : keras.Initializer
        Of the weights of the inputs, and of those of the step before.
    return_sequences : bool
        Whether it gives the hidden state of each step, and not of the last one alone.

    Returns
    -------
    keras.layers.LSTM
    """
    return _lstm_class()(
        units,
        kernel_initializer=kernel_initializer,
        recurrent_initializer=recurrent_initializer,
        return_sequences=return_sequences,
    )


@cache
def _lstm_class() -> Any:
    """Return the class of layer, which cannot be defined before Keras is there."""
    keras = import_keras()
    import tensorflow as tf

    base: Any = keras.layers.LSTM

    class LSTM(base):  # type: ignore[misc]
        """Keras' own but for its training on a processor; a graphics card has a kernel for it."""

        def inner_loop(self, sequences: Any, initial_state: Any, mask: Any, training: bool = False) -> Any:
            """Return the last hidden state, those of all steps, and the states to go on from."""
            if not training or mask is not None or tf.config.list_physical_devices("GPU"):
                return super().inner_loop(sequences, initial_state, mask, training)
            kernels = (self.cell.kernel, self.cell.bias[None], self.cell.recurrent_kernel)
            kernel = tf.concat([tf.convert_to_tensor(each) for each in kernels], axis=0)
            inputs = tf.transpose(tf.concat([sequences, tf.ones_like(sequences[..., :1])], axis=2), (1, 0, 2))
            half = tf.shape(inputs)[1] // 2
            halves = [tf.custom_gradient(_hidden)(each, kernel) for each in (inputs[:, :half], inputs[:, half:])]
            hidden = tf.concat(halves, axis=1)
            return hidden[-1], tf.transpose(hidden, (1, 0, 2)), [hidden[-1], hidden[-1]]

    return LSTM


def _hidden(inputs: Any, kernel: Any) -> tuple[Any, Any]:
    """Return the hidden states of all steps, and what turns their gradient into those of inputs and kernel.

    Time is first: inputs are (n_steps, n_utterances, n_inputs), the last input being 1, and the kernel is
    (n_inputs + n_units, 4 * n_units), its columns those of input gate, forget gate, candidate and output gate.
    """
    import tensorflow as tf

    n_steps, n_inputs, n_units = tf.shape(inputs)[0], inputs.shape[2], kernel.shape[1] // 4
    gates = tf.split(kernel, 4, axis=1)
    nothing = tf.zeros((tf.shape(inputs)[1], n_units))

    def forward(step: Any, h: Any, c: Any, kept: list[Any]) -> tuple[Any, ...]:
        joined = tf.concat([inputs[step], h], axis=1)
        h, c, state = _cell(joined, c, gates)
        values = (h, joined, *state)
        return step + 1, h, c, [array.write(step, value) for array, value in zip(kept, values, strict=True)]

    start = (0, nothing, nothing, [tf.TensorArray(tf.float32, n_steps) for _ in range(8)])
    *_, kept = tf.while_loop(lambda step, *_: step < n_steps, forward, start)
    hidden, joined, *states = (array.stack() for array in kept)

    def gradient(upstream: Any) -> tuple[Any, Any]:
        recurrent = tf.transpose(kernel[n_inputs:])

        def backward(step: Any, dh: Any, dc: Any, kept: Any) -> tuple[Any, ...]:
            dz, dc = _cell_gradient(dh + upstream[step], dc, [state[step] for state in states])
            return step - 1, dz @ recurrent, dc, kept.write(step, dz)

        end = (n_steps - 1, nothing, nothing, tf.TensorArray(tf.float32, n_steps))
        *_, kept = tf.while_loop(lambda step, *_: step >= 0, backward, end)
        dz = tf.reshape(kept.stack(), (-1, 4 * n_units))
        of_inputs = tf.reshape(tf.matmul(dz, kernel[:n_inputs], transpose_b=True), tf.shape(inputs))
        return of_inputs, tf.matmul(tf.reshape(joined, (-1, n_inputs + n_units)), dz, transpose_a=True)

    return hidden, gradient


def _cell(joined: Any, c: Any, gates: list[Any]) -> tuple[Any, Any, tuple[Any, ...]]:
    """Return the hidden state and the memory after a step, and what the gradient of the step needs."""
    import tensorflow as tf

    i, f, g, o = (joined @ gate for gate in gates)
    i, f, g, o = tf.sigmoid(i), tf.sigmoid(f), tf.tanh(g), tf.sigmoid(o)
    after = f * c + i * g
    out = tf.tanh(after)
    return o * out, after, (c, i, f, g, o, out)


def _cell_gradient(dh: Any, dc: Any, state: list[Any]) -> tuple[Any, Any]:
    """Return the gradient of the four products of a step, and of the memory before it."""
    import tensorflow as tf

    c, i, f, g, o, out = state
    dc = dc + dh * o * (1 - out**2)
    dz = (dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g**2), dh * out * o * (1 - o))
    return tf.concat(dz, axis=1), dc * f
