"""Contrastive divergence: unsupervised training of a layer.

Statistics of weights and visible units use sampled hidden units, as in the definition, not their probabilities: few are
on, so that only the two passes from visible to hidden units are convolutions. A batch averages the sampling noise.
Statistics of hidden biases use probabilities.

Source: Hinton (2002), "Training products of experts by minimizing contrastive divergence"; Lee, Ekanadham & Ng (2008),
"Sparse deep belief net model for visual area V2", for the sparsity.
"""

import logging
import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd

from earfield.errors import EarfieldError
from earfield.models.cdbn.crbm import Crbm, HiddenInputs, visible_means
from earfield.models.cdbn.crbm_kernels import add_patches, move, sample_blocks

log = logging.getLogger(__name__)

MICRO_BATCH = 8  # segments per worker: their arrays stay in the cache

# From numbers of segments to their visible units [shape=(n, n_frames, n_channels), dtype=float32]; thread-safe.
Visible = Callable[[np.ndarray], np.ndarray]


@dataclass
class Contrast:
    """Sums over segments of statistics of the data minus those of its reconstruction."""

    weights: np.ndarray  # [shape=(n_bases, length, n_channels)] products of hidden and visible units
    hidden_bias: np.ndarray  # [shape=(n_bases,)] probabilities of hidden units
    visible_bias: np.ndarray  # [shape=(n_channels,)] visible units
    activation: np.ndarray  # [shape=(n_bases,)] probabilities of hidden units given the data, not a difference
    error: float  # squared difference of visible units


def contrast(
    layer: Crbm,
    inputs: HiddenInputs,
    visible: np.ndarray,
    generator: np.random.Generator,
    *,
    out: np.ndarray | None = None,
) -> Contrast:
    """Sample hidden units, reconstruct the visible ones, sample again, and compare.

    Parameters
    ----------
    layer, inputs
        A layer and the inputs of its hidden units.
    visible : np.ndarray [shape=(n_segments, n_frames, n_channels), dtype=float32]
        The data.
    generator : np.random.Generator
        Of the samples.
    out : np.ndarray [shape=(n_bases, length, n_channels), dtype=float32], optional
        Buffer of the sum of products: allocating takes longer than filling.
    """
    visible = np.ascontiguousarray(visible[:, : layer.extent(visible.shape[1])])
    bases, length, channels = layer.weights.shape
    shape = (len(visible), layer.positions(visible.shape[1]) // layer.pooling, bases)
    chosen = np.empty(shape, np.int8)
    products = np.empty(layer.weights.shape, np.float32) if out is None else out
    products[:] = 0
    sums = products.reshape(bases, length * channels)
    activation, back = np.zeros(bases, np.float32), np.zeros(bases, np.float32)

    sample_blocks(inputs.products(visible), inputs.bias, layer.pooling, _bits(generator, shape), chosen, activation)
    add_patches(chosen, layer.pooling, visible, np.float32(1), sums)
    means = visible_means(layer, chosen)
    sample_blocks(inputs.products(means), inputs.bias, layer.pooling, _bits(generator, shape), chosen, back)
    add_patches(chosen, layer.pooling, means, np.float32(-1), sums)

    means -= visible
    error = float(np.einsum("ntc,ntc->", means, means))
    return Contrast(products, activation - back, -means.sum(axis=(0, 1)), activation, error)


def _bits(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Return random numbers of 16 bits, four from each word that the generator makes."""
    words = generator.bit_generator.random_raw(-(-math.prod(shape) // 4))
    return words.view(np.uint16)[: math.prod(shape)].reshape(shape)


class Learner:
    """Optimiser of a layer, which it trains in place.

    Parameters
    ----------
    layer : Crbm
    learning_rate : float
        Step along the mean contrast of a hidden unit's position.
    momentum : float
        Fraction of a step that the next one repeats.
    decay : float
        Weight decay, times the learning rate.
    target_sparsity : float
        Target sparsity: mean probability of a hidden unit.
    sparsity : float
        Strength of the sparsity term on the hidden biases, times the learning rate.
    workers : int
        Number of threads. Sums of micro-batches are added in order: the result does not depend on the number.
    """

    def __init__(
        self,
        layer: Crbm,
        *,
        learning_rate: float,
        momentum: float,
        decay: float,
        target_sparsity: float,
        sparsity: float,
        workers: int,
    ) -> None:
        self._layer, self._rate, self._momentum, self._decay = layer, learning_rate, momentum, decay
        self._target_sparsity, self._sparsity = target_sparsity, sparsity
        self._pool = ThreadPoolExecutor(workers)
        self._parameters = (layer.weights, layer.hidden_bias, layer.visible_bias)
        self._inputs = HiddenInputs(layer)
        self._products = np.empty((0, *layer.weights.shape), np.float32)
        self._steps = [np.zeros_like(each) for each in self._parameters]

    def step(self, visible: Visible, rows: np.ndarray, *, seed: Sequence[int]) -> tuple[float, float]:
        """Take one step.

        Parameters
        ----------
        visible : callable
            Reads segments by number.
        rows : np.ndarray [shape=(batch,), dtype=int]
            Segments of the batch.
        seed : sequence of int
            Of the samples; different for every step.

        Returns
        -------
        error, activation : float
            Mean squared difference of a visible unit and its reconstruction; mean probability of a hidden unit.
        """
        layer, inputs = self._layer, self._inputs
        inputs.refresh()

        starts = range(0, len(rows), MICRO_BATCH)
        if len(self._products) < len(starts):
            self._products = np.empty((len(starts), *layer.weights.shape), np.float32)

        def part(start: int, out: np.ndarray) -> tuple[Contrast, int]:
            generator = np.random.Generator(np.random.SFC64([*seed, start]))
            v = visible(rows[start : start + MICRO_BATCH])
            with np.errstate(over="ignore", invalid="ignore"):  # divergence is detected from the result
                return contrast(layer, inputs, v, generator, out=out), v.shape[1]

        parts, frames = zip(*self._pool.map(part, starts, self._products), strict=True)
        n = len(rows) * layer.positions(frames[0])
        hidden, visible_sum, activation = (
            np.sum([getattr(each, name) for each in parts], axis=0)
            for name in ("hidden_bias", "visible_bias", "activation")
        )
        hidden += np.float32(self._sparsity) * (np.float32(n * self._target_sparsity) - activation)
        sums = (self._products[: len(parts)], hidden[None], visible_sum[None])
        scale, rate, momentum = np.array([1 / n, self._rate, self._momentum], np.float32)
        for parameter, step, own, decay in zip(self._parameters, self._steps, sums, (self._decay, 0, 0), strict=True):
            flat = parameter.reshape(-1), step.reshape(-1), own.reshape(len(own), -1)
            move(*flat, scale, rate, momentum, np.float32(decay))
        error = sum(each.error for each in parts) / (len(rows) * layer.extent(frames[0]) * len(layer.visible_bias))
        return error, float(activation.mean() / n)


def train_crbm(
    layer: Crbm,
    visible: Visible,
    n_segments: int,
    *,
    name: str,
    seed: Sequence[int],
    epochs: int,
    batch_size: int,
    **learning: float,
) -> pd.DataFrame:
    """Train a layer in place by one-step contrastive divergence.

    Parameters
    ----------
    layer : Crbm
    visible : callable
        Reads segments by number, from 0 to `n_segments`.
    name : str
        Of the layer in errors and the log.
    seed : sequence of int
        Of the order of segments and of the samples.
    epochs, batch_size : int
        Number of epochs; segments in a step.
    **learning
        Of `Learner`.

    Returns
    -------
    pd.DataFrame
        `epoch, reconstruction_error, activation`: means over the epoch of what `Learner.step` returns.

    Raises
    ------
    EarfieldError
        If the reconstruction error, the activation or a parameter stops being a number.
    """
    learner = Learner(layer, **learning)  # type: ignore[arg-type]  # `workers` is an int
    history = []
    for epoch in range(epochs):
        order = np.random.default_rng([*seed, epoch]).permutation(n_segments)
        steps = []
        for number, start in enumerate(range(0, n_segments, batch_size)):
            done = learner.step(visible, order[start : start + batch_size], seed=[*seed, epoch, number])
            # Units with probability NaN are never on, and their reconstruction is finite.
            if not all(np.isfinite(each).all() for each in (done, layer.weights, layer.hidden_bias)):
                raise EarfieldError(
                    f"The training of {name} diverged in step {number + 1} of epoch {epoch + 1}; lower the "
                    f"option learning_rate (now {learning['learning_rate']:g})."
                )
            steps.append(done)
        error, activation = np.mean(steps, axis=0)
        history.append({"epoch": epoch + 1, "reconstruction_error": error, "activation": activation})
        log.info("%s, epoch %d: reconstruction error %.4f, %.2f%% active", name, epoch + 1, error, 100 * activation)
    return pd.DataFrame(history, columns=["epoch", "reconstruction_error", "activation"])
