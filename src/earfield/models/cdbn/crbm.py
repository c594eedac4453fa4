"""A convolutional restricted Boltzmann machine over time, with probabilistic max pooling.

Bases are convolved along the frames of a segment. Neighbouring positions of a basis form a block, in which at most one
unit is on; a block is pooled to whether any is. The energy of visible units v and hidden units h is

    E(v, h) = -Σ_tk h_tk (Σ_lc w_klc v_(t+l)c + b_k) - Σ_tc c_c v_tc    for binary v;

for Gaussian v, Σ_tc (v_tc - c_c)² / 2 takes the place of the last sum, - Σ c v.

Source: Lee, Grosse, Ranganath & Ng (2009), "Convolutional deep belief networks for scalable unsupervised learning of
hierarchical representations", ICML; Lee, Largman, Pham & Ng (2009), "Unsupervised feature learning for audio
classification using convolutional deep belief networks", NIPS 22.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from earfield.errors import ConfigError
from earfield.models.cdbn.crbm_kernels import add_bases, fill_probabilities
from earfield.models.cdbn.fast_convolution import transformed_frames, transformed_weights


@dataclass
class Crbm:
    """One layer."""

    weights: np.ndarray  # [shape=(n_bases, length, n_channels), dtype=float32]
    hidden_bias: np.ndarray  # [shape=(n_bases,), dtype=float32]
    visible_bias: np.ndarray  # [shape=(n_channels,), dtype=float32]
    pooling: int  # units in a block
    gaussian: bool  # whether visible units are normal with unit variance; else they are on or off

    def positions(self, frames: int) -> int:
        """Return the number of positions of a basis along `frames`, in whole blocks."""
        return (frames - self.weights.shape[1] + 1) // self.pooling * self.pooling

    def extent(self, frames: int) -> int:
        """Return the number of frames that these positions cover."""
        return self.positions(frames) + self.weights.shape[1] - 1


def new_crbm(
    *, channels: int, bases: int, length: int, pooling: int, gaussian: bool, target_sparsity: float, seed: Sequence[int]
) -> Crbm:
    """Return a layer of this shape and kind, as in `Crbm`, with small random weights.

    `target_sparsity` is the initial mean probability of a hidden unit.

    Raises
    ------
    ConfigError
        If `target_sparsity` is not between 0 and 1 / `pooling`.
    """
    if not 0 < pooling * target_sparsity < 1:
        raise ConfigError(
            f"The option target_sparsity is {target_sparsity:g} with a pooling of {pooling}: set it between 0 and "
            f"1 / pooling, {1 / pooling:.3g}."
        )
    weights = np.random.default_rng(seed).standard_normal((bases, length, channels)) / np.sqrt(length * channels)
    bias = np.full(bases, np.log(target_sparsity / (1 - pooling * target_sparsity)), np.float32)
    return Crbm((0.1 * weights).astype(np.float32), bias, np.zeros(channels, np.float32), pooling, gaussian)


class HiddenInputs:
    """Inputs of the hidden units: the convolution of the visible units with the bases, and the bias.

    Products are in the form of `combine`, which sums them where they are used. They use the weights at the time of the
    last `refresh`. Thread-safe.

    Attributes
    ----------
    bias : np.ndarray [shape=(n_bases,), dtype=float32]
    """

    def __init__(self, layer: Crbm) -> None:
        self._layer = layer
        self._transformed: np.ndarray | None = None
        self.refresh()

    def refresh(self) -> None:
        """Copy the layer's current weights and bias."""
        import tensorflow as tf

        self.bias = self._layer.hidden_bias.copy()
        self._transformed = transformed_weights(self._layer.weights, out=self._transformed)
        with tf.device("CPU"):  # the next steps run there, and copying takes longer than multiplying
            self._weights = tf.constant(self._transformed)

    def products(self, visible: np.ndarray) -> np.ndarray:
        """Compute the products with visible units [shape=(n_segments, n_frames, n_channels), dtype=float32].

        Returns
        -------
        np.ndarray [shape=(5, n_segments, tiles, n_bases), dtype=float32]
            Read-only.
        """
        import tensorflow as tf

        positions, length = self._layer.positions(visible.shape[1]), self._layer.weights.shape[1]
        frames = transformed_frames(visible[:, : positions + length - 1], length=length, outputs=positions)
        points, n, tiles, width = frames.shape
        with tf.device("CPU"):
            done = tf.matmul(tf.constant(frames.reshape(points, n * tiles, width)), self._weights)
        return np.asarray(memoryview(done)).reshape(points, n, tiles, -1)


def hidden_probabilities(layer: Crbm, inputs: HiddenInputs, visible: np.ndarray) -> np.ndarray:
    """Return the probability that each hidden unit is on, given the visible units.

    Parameters
    ----------
    layer, inputs
        A layer and the inputs of its hidden units.
    visible : np.ndarray [shape=(n_segments, n_frames, n_channels), dtype=float32]

    Returns
    -------
    np.ndarray [shape=(n_segments, n_positions, n_bases), dtype=float32]
        Softmax over the units of a block and the state without any.
    """
    shape = (len(visible), layer.positions(visible.shape[1]), len(inputs.bias))
    probabilities = np.empty(shape, np.float32)
    fill_probabilities(inputs.products(visible), inputs.bias, layer.pooling, probabilities)
    return probabilities


def pooled_probabilities(layer: Crbm, inputs: HiddenInputs, visible: np.ndarray) -> np.ndarray:
    """Return the probability that a unit of each block is on [shape=(n_segments, n_positions / pooling, n_bases)].

    The arguments are those of `hidden_probabilities`.
    """
    units = hidden_probabilities(layer, inputs, visible)
    return units.reshape(len(units), -1, layer.pooling, units.shape[2]).sum(axis=2)


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
