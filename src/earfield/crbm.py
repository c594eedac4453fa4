"""A convolutional restricted Boltzmann machine over time, with probabilistic max pooling.

Bases slide along the frames of a segment. Neighbouring positions of a basis form a block, of which at most one unit is
on; a block is pooled to whether any is. All else follows from `energy`.

Source: Lee, Grosse, Ranganath & Ng (2009), "Convolutional deep belief networks for scalable unsupervised learning of
hierarchical representations", ICML; Lee, Largman, Pham & Ng (2009), "Unsupervised feature learning for audio
classification using convolutional deep belief networks", NIPS 22.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from earfield.crbm_kernels import add_bases, fill_probabilities


@dataclass
class Crbm:
    """One layer.

    Attributes
    ----------
    weights : np.ndarray [shape=(n_bases, length, n_channels), dtype=float32]
    hidden_bias : np.ndarray [shape=(n_bases,), dtype=float32]
    visible_bias : np.ndarray [shape=(n_channels,), dtype=float32]
    pooling : int
        Units in a block.
    gaussian : bool
        Whether visible units are normal with unit variance; else they are on or off.
    """

    weights: np.ndarray
    hidden_bias: np.ndarray
    visible_bias: np.ndarray
    pooling: int
    gaussian: bool

    def positions(self, frames: int) -> int:
        """Return how many positions a basis has along so many frames: whole blocks alone."""
        return (frames - self.weights.shape[1] + 1) // self.pooling * self.pooling

    def extent(self, frames: int) -> int:
        """Return how many of so many frames those positions reach."""
        return self.positions(frames) + self.weights.shape[1] - 1


def new_crbm(
    *, channels: int, bases: int, length: int, pooling: int, gaussian: bool, activation: float, seed: Sequence[int]
) -> Crbm:
    """Return a layer with small random weights.

    Parameters
    ----------
    channels, bases, length, pooling, gaussian
        Shape and kind, as in `Crbm`.
    activation : float
        Share of the hidden units that are on while the weights are small, below 1 / `pooling`.
    seed : sequence of int
        Of the weights.

    Returns
    -------
    Crbm
    """
    weights = np.random.default_rng(seed).standard_normal((bases, length, channels)) / np.sqrt(length * channels)
    bias = np.log(activation / (1 - pooling * activation))
    return Crbm(
        (0.1 * weights).astype(np.float32),
        np.full(bases, bias, np.float32),
        np.zeros(channels, np.float32),
        pooling,
        gaussian,
    )


def energy(layer: Crbm, visible: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """Return the energy of states; states have a probability proportional to exp(-energy).

    Parameters
    ----------
    layer : Crbm
    visible : np.ndarray [shape=(n_segments, n_frames, n_channels)]
        As many frames as the positions reach.
    hidden : np.ndarray [shape=(n_segments, n_positions, n_bases)]
        0 or 1, at most one 1 in a block of a basis.

    Returns
    -------
    np.ndarray [shape=(n_segments,), dtype=float64]
    """
    visible, hidden, bias = visible.astype(float), hidden.astype(float), layer.visible_bias.astype(float)
    patches = np.lib.stride_tricks.sliding_window_view(visible, layer.weights.shape[1], axis=1)
    together = np.einsum("ntk,ntcl,klc->n", hidden, patches, layer.weights, optimize=True)
    alone = -((visible - bias) ** 2).sum(axis=(1, 2)) / 2 if layer.gaussian else (visible * bias).sum(axis=(1, 2))
    return -(alone + together + (hidden * layer.hidden_bias).sum(axis=(1, 2)))


def hidden_inputs(layer: Crbm) -> Callable[[np.ndarray], np.ndarray]:
    """Return the function from visible units to what the hidden units get from them, for the weights as they are now.

    Parameters
    ----------
    layer : Crbm

    Returns
    -------
    callable
        From float32 [shape=(n_segments, n_frames, n_channels)] to float32 [shape=(n_segments, n_positions, n_bases)]:
        the inner product of the patch at each position with each basis, and the bias. Several threads may call it.
    """
    import tensorflow as tf

    with tf.device("CPU"):  # what comes after runs there, and to move the inputs takes longer than to compute them
        kernel = tf.constant(layer.weights.transpose(1, 2, 0))
        bias = tf.constant(layer.hidden_bias)

    def inputs(visible: np.ndarray) -> np.ndarray:
        with tf.device("CPU"):
            cut = tf.constant(visible[:, : layer.extent(visible.shape[1])])
            return np.asarray(memoryview(_convolve()(cut, kernel, bias)))

    return inputs


@functools.cache
def _convolve() -> Any:
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec([None] * n, tf.float32) for n in (3, 3, 1)])
    def convolve(visible: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
        return tf.nn.bias_add(tf.nn.conv1d(visible, kernel, 1, "VALID"), bias)

    return convolve


def hidden_probabilities(layer: Crbm, inputs: np.ndarray) -> np.ndarray:
    """Return the probability that each hidden unit is on, given the visible units.

    Parameters
    ----------
    layer : Crbm
    inputs : np.ndarray [shape=(n_segments, n_positions, n_bases), dtype=float32]
        From `hidden_inputs`.

    Returns
    -------
    np.ndarray [shape=(n_segments, n_positions, n_bases), dtype=float32]
        Softmax over the units of a block and the state without any.
    """
    probabilities = np.empty(inputs.shape, np.float32)
    fill_probabilities(inputs, layer.pooling, probabilities)
    return probabilities


def pooled_probabilities(layer: Crbm, inputs: np.ndarray) -> np.ndarray:
    """Return the probability that a unit of each block is on, given the visible units.

    Parameters
    ----------
    layer, inputs
        As in `hidden_probabilities`.

    Returns
    -------
    np.ndarray [shape=(n_segments, n_positions / pooling, n_bases), dtype=float32]
    """
    segments, positions, bases = inputs.shape
    blocks = (segments, positions // layer.pooling, layer.pooling, bases)
    return hidden_probabilities(layer, inputs).reshape(blocks).sum(axis=2)


def visible_means(layer: Crbm, chosen: np.ndarray) -> np.ndarray:
    """Return the expectation of the visible units, given the hidden ones.

    Parameters
    ----------
    layer : Crbm
    chosen : np.ndarray [shape=(n_segments, n_blocks, n_bases), dtype=int8]
        Which unit of each block is on; `pooling` if none is.

    Returns
    -------
    np.ndarray [shape=(n_segments, n_frames, n_channels), dtype=float32]
        Of the frames that the positions reach.
    """
    bases, length, channels = layer.weights.shape
    frames = chosen.shape[1] * layer.pooling + length - 1
    visible = np.empty((len(chosen), frames, channels), np.float32)
    visible[:] = layer.visible_bias
    add_bases(chosen, layer.pooling, layer.weights.reshape(bases, -1), visible)
    return visible if layer.gaussian else 1 / (1 + np.exp(-visible))
