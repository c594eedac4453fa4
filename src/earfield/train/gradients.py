"""Fast gradients of the plain Keras network.

A training step on a CPU is limited by memory, not by arithmetic. Four measures, none of which changes the function or
its gradient:

- each ReLU follows its max pool, where there is an eighth of the values (both are monotone, so they commute);
- the gradient of the pool compares with the maximum instead of searching for it again;
- positions of a map that the following pool drops (its border) are not computed;
- micro-batches of a few segments, whose maps fit into the cache, run one per processor, instead of each operation on
  all processors. They are summed in their order, so that the number of processors does not change a bit of the result.
"""

import functools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import tensorflow as tf

from earfield.network.context import CONTEXT, context_frames
from earfield.network.scale import scaled


def library_max_pool(y: tf.Tensor, window: tuple[int, int]) -> tf.Tensor:
    """TensorFlow's max pool, which is fast on a GPU; see `max_pool`."""
    return tf.nn.max_pool2d(y, window, window, "VALID")


def max_pool(y: tf.Tensor, window: tuple[int, int]) -> tf.Tensor:
    """Max pool for CPUs, compiled by XLA; its gradient compares with the maximum.

    Parameters
    ----------
    y : tf.Tensor [shape=(batch, frames, bands, channels)]
        `frames` and `bands` are multiples of the window's.
    window : tuple of int
        Size and stride along frames and bands.

    Returns
    -------
    tf.Tensor [shape=(batch, frames / window[0], bands / window[1], channels)]
        Values that tie for a maximum share its gradient evenly.
    """
    rows, columns = window
    frames, bands, channels = y.shape[1:]

    def members(y: tf.Tensor) -> tf.Tensor:
        return tf.reshape(y, (-1, frames // rows, rows, bands // columns, columns, channels))

    def each(y: tf.Tensor) -> list[tf.Tensor]:
        # One slice for each place in the window, so that XLA vectorises along the channels.
        return [members(y)[:, :, row, :, column] for row in range(rows) for column in range(columns)]

    @tf.function(jit_compile=True)
    def forward(y: tf.Tensor) -> tf.Tensor:
        return functools.reduce(tf.maximum, each(y))

    @tf.function(jit_compile=True)
    def backward(y: tf.Tensor, maximum: tf.Tensor, upstream: tf.Tensor) -> tf.Tensor:
        ties = functools.reduce(tf.add, [tf.cast(tf.equal(one, maximum), y.dtype) for one in each(y)])
        hit = tf.equal(members(y), maximum[:, :, None, :, None])
        shared = tf.where(hit, (upstream / ties)[:, :, None, :, None], tf.zeros((), y.dtype))
        return tf.reshape(shared, tf.shape(y))

    @tf.custom_gradient
    def pool(y: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
        maximum = forward(y)
        return maximum, lambda upstream: backward(y, maximum, upstream)

    return pool(y)


def logits(
    model: keras.Model, x: tf.Tensor, *, seed: tf.Tensor | None, pool: Callable[..., tf.Tensor] = max_pool
) -> tf.Tensor:
    """Compute the logits of a network of `build_network`.

    Parameters
    ----------
    x : tf.Tensor [shape=(batch, frames, n_mels)]
        Log-mel segments after `scaled`, in the type that the network computes in.
    seed : tf.Tensor [shape=(2,)] or None
        Seed of the dropped units; None drops none.
    pool : callable
        `max_pool` or `library_max_pool`.

    Returns
    -------
    tf.Tensor [shape=(batch, n_labels), dtype=float32]
    """
    behind = context_frames(model)
    h = _convolved(model, x[:, : x.shape[1] - behind], "", pool=pool)
    if behind:
        whole = _convolved(model, x[:, x.shape[1] - behind :], f"{CONTEXT}_", pool=pool)
        h = tf.concat([h, whole], axis=1)
    for position, name in enumerate(("dropout1", "dense", "dropout2", "output"), start=1):
        layer = model.get_layer(name)
        if position % 2 and seed is not None:
            h = tf.nn.experimental.stateless_dropout(h, layer.rate, seed + position)
        elif not position % 2:
            h = tf.matmul(h, tf.cast(layer.kernel, x.dtype)) + tf.cast(layer.bias, x.dtype)
            if name != "output":
                h = layer.activation(h)
    return tf.cast(h, tf.float32)


def _convolved(model: keras.Model, x: tf.Tensor, prefix: str, *, pool: Callable[..., tf.Tensor]) -> tf.Tensor:
    """Compute the convolution and pooling blocks whose names begin with the prefix, and flatten the result."""
    blocks = [layer for layer in model.layers if layer.name.startswith(f"{prefix}conv")]
    pools = [layer for layer in model.layers if layer.name.startswith(f"{prefix}pool")]
    h = x[..., None]
    for conv, pooling, (frames, bands) in zip(blocks, pools, _used_extent(blocks, pools), strict=True):
        used = h if h.shape[1:3] == (frames, bands) else h[:, :frames, :bands]  # the gradient of a slice is a copy
        h = tf.nn.conv2d(used, tf.cast(conv.kernel, x.dtype), 1, "VALID")
        h = tf.nn.relu(tf.nn.bias_add(pool(h, pooling.pool_size), tf.cast(conv.bias, x.dtype)))
    return tf.reshape(h, (-1, int(np.prod(h.shape[1:]))))


def _used_extent(blocks: Sequence[keras.Layer], pools: Sequence[keras.Layer]) -> list[tuple[int, int]]:
    """Return for each block the extent of its input that the output depends on: (frames, bands)."""
    used: list[tuple[int, int]] = []
    needed = tuple(pools[-1].output.shape[1:3])
    for conv, pool in zip(reversed(blocks), reversed(pools), strict=True):
        needed = tuple(
            n * window + kernel - 1 for n, window, kernel in zip(needed, pool.pool_size, conv.kernel_size, strict=True)
        )
        used.insert(0, needed)
    return used


class GradientStep:
    """Loss and gradients of a batch, computed by micro-batches on several threads.

    Parameters
    ----------
    model : keras.Model
        Made by `build_network`.
    micro_batch : int
        Segments in a micro-batch.
    workers : int
        Micro-batches computed in parallel.
    precision : str
        Type that layers compute in, "float32" or "bfloat16"; logits, loss, weights and updates are float32.
    xla : bool
        Whether XLA compiles a micro-batch as a whole.
    pool : callable
        `max_pool` or `library_max_pool`.
    tags : bool
        Whether a segment has several labels, each with an independent probability.
    """

    def __init__(
        self,
        model: keras.Model,
        *,
        micro_batch: int,
        workers: int,
        precision: str = "float32",
        xla: bool = False,
        pool: Callable[..., tf.Tensor] = max_pool,
        tags: bool = False,
    ) -> None:
        self._model = model
        self._micro_batch = micro_batch
        self._pool = ThreadPoolExecutor(workers)
        shape = model.input_shape[1:]
        target = (
            tf.TensorSpec((None, *model.output_shape[1:]), tf.float32) if tags else tf.TensorSpec((None,), tf.int32)
        )

        @tf.function(
            jit_compile=xla,
            input_signature=[tf.TensorSpec((None, *shape), tf.float32), target, tf.TensorSpec((2,), tf.int32)],
        )
        def part(x: tf.Tensor, y: tf.Tensor, seed: tf.Tensor) -> list[tf.Tensor]:
            with tf.GradientTape() as tape:
                out = logits(model, tf.cast(scaled(model, x), precision), seed=seed, pool=pool)
                if tags:
                    loss = tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(y, out))
                else:
                    loss = tf.reduce_sum(tf.nn.sparse_softmax_cross_entropy_with_logits(y, out))
            if tags:
                hits = tf.reduce_sum(tf.reduce_mean(tf.cast(tf.equal(out >= 0, y > 0.5), tf.float32), axis=1))
            else:
                hits = tf.reduce_sum(tf.cast(tf.equal(tf.argmax(out, 1, tf.int32), y), tf.float32))
            return [loss, hits, *tape.gradient(loss, model.trainable_variables)]

        @tf.function
        def total(parts: list[list[tf.Tensor]], n: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, list[tf.Tensor]]:
            loss, hits, *sums = [tf.add_n(each) / n for each in zip(*parts, strict=True)]
            with tf.GradientTape() as tape:
                penalty = tf.add_n(model.losses) if model.losses else tf.constant(0.0)
            shrink = tape.gradient(penalty, model.trainable_variables) if model.losses else [None] * len(sums)
            return loss, hits, [g if s is None else g + s for g, s in zip(sums, shrink, strict=True)]

        self._part, self._total = part, total

    def __call__(self, x: tf.Tensor, y: tf.Tensor, *, seed: tuple[int, int]) -> tuple[float, float, list[tf.Tensor]]:
        """Compute a batch.

        Parameters
        ----------
        x : tf.Tensor [shape=(batch, frames, n_mels)]
            Log-mel segments.
        y : tf.Tensor [shape=(batch,), dtype=int32] or [shape=(batch, n_labels), dtype=float32]
            Their labels; with tags, 1 where a segment has the tag and 0 where not.
        seed : tuple of 2 ints
            Seed of the dropped units, another one for every batch.

        Returns
        -------
        loss : float
            Mean cross-entropy [nat], without the L2 penalty; with tags, summed over them.
        accuracy : float
            Fraction of segments whose label has the largest output, with units dropped; with tags, of right decisions.
        gradients : list of tf.Tensor
            Of mean cross-entropy plus L2 penalty, in the order of `model.trainable_variables`.
        """
        starts = range(0, len(x), self._micro_batch)
        seeds = [tf.constant([seed[0], (seed[1] * 4096 + position) % 2**31]) for position in range(len(starts))]
        parts = list(self._pool.map(self._run, [x] * len(starts), [y] * len(starts), starts, seeds))
        loss, hits, gradients = self._total(parts, tf.constant(float(len(x))))
        return float(loss), float(hits), gradients

    def _run(self, x: tf.Tensor, y: tf.Tensor, start: int, seed: tf.Tensor) -> list[tf.Tensor]:
        stop = start + self._micro_batch
        return self._part(x[start:stop], y[start:stop], seed)
