"""Output and gradient of a layer at some positions of its map, computed from their receptive fields alone."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import keras
import numpy as np
import tensorflow as tf

from earfield.errors import ConfigError
from earfield.network.device import Device
from earfield.network.receptive_field import ReceptiveField, receptive_field

Positions = Literal["centre", "all"] | Sequence[Sequence[int]]

_INPUTS = {False: 2**17, True: 2**22}  # values of input at a time, without and with a GPU


def map_positions(field: ReceptiveField, positions: Positions) -> list[tuple[int, int]]:
    """Resolve positions on a layer's map into (frame, band).

    Parameters
    ----------
    field : ReceptiveField
        Of the layer.
    positions : str or sequence of (frame, band)
        "centre", "all", or the positions themselves.

    Raises
    ------
    ConfigError
        If the map has no such position.
    """
    if positions == "centre":
        return [(field.map_frames // 2, field.map_bands // 2)]
    if positions == "all":
        return [(frame, band) for frame in range(field.map_frames) for band in range(field.map_bands)]
    for position in positions:
        frame, band = position
        if not (0 <= int(frame) < field.map_frames and 0 <= int(band) < field.map_bands):
            raise ConfigError(
                f"activations.positions names {list(position)}, which is not on the layer's map of {field.map_frames} "
                f"frames x {field.map_bands} bands; frames go from 0 to {field.map_frames - 1}, bands from 0 to "
                f"{field.map_bands - 1}."
            )
    return [(int(frame), int(band)) for frame, band in positions]


class LayerRunner:
    """Computes a layer's output, and its gradient, at some positions (see `map_positions`) of its map.

    Attributes
    ----------
    field : ReceptiveField
        Of the layer's units.
    positions : list of (int, int)
        Frame and band of each position.
    units : int
        Channels of the layer.
    broken : list of int
        Units that depend on a weight that is not finite; their output is meaningless, though it may be 0.
    segment_frames : int
        Length of the network's input.

    Raises
    ------
    ConfigError
        If there is no such layer or position.
    """

    def __init__(self, model: keras.Model, layer: str, *, device: Device, positions: Positions) -> None:
        names = [each.name for each in model.layers if type(each).__name__ in ("Conv2D", "MaxPooling2D", "Dense")]
        if layer not in names:
            raise ConfigError(
                f"activations.layer is '{layer}', which the network does not have; it has {', '.join(names)}."
            )
        self.field = receptive_field(model, layer)
        self.positions = map_positions(self.field, positions)
        self.segment_frames = int(model.input_shape[1])
        self.units = int(model.get_layer(layer).output.shape[-1])
        self._layers = model.layers[: [each.name for each in model.layers].index(layer) + 1]
        self.broken = _broken_units(self._layers)
        self._values = _INPUTS[device.gpu]
        self._pool = ThreadPoolExecutor(device.workers)
        corners = np.array(self.positions)
        first, last = corners.min(axis=0), corners.max(axis=0)
        # The receptive fields of the positions and nothing beside them: one position of pool2 needs 2% of a segment.
        self._frames = slice(self.field.patch(*first)[0].start, self.field.patch(*last)[0].stop)
        self._bands = slice(self.field.patch(*first)[1].start, self.field.patch(*last)[1].stop)
        places = (corners - first).astype(np.int32)
        # Positions in the map's own order need no gather.
        in_order = [tuple(place) for place in places] == list(np.ndindex(*places.max(axis=0) + 1))
        crop = (self._frames.stop - self._frames.start, self._bands.stop - self._bands.start)
        patch = (self.field.frames, self.field.bands)

        @tf.function(input_signature=[tf.TensorSpec((None, *crop), tf.float32)])
        def outputs(x: tf.Tensor) -> tf.Tensor:
            y = self._through(x)
            if in_order:
                return tf.reshape(y, (-1, len(self.positions), self.units))
            picked = tf.gather_nd(tf.transpose(y, (1, 2, 0, 3)), places)
            return tf.transpose(picked, (1, 0, 2))

        @tf.function(input_signature=[tf.TensorSpec((None, *patch), tf.float32)])
        def gradients(x: tf.Tensor) -> tf.Tensor:
            # One copy of the patch for each unit, of which only that unit's output counts.
            copies = tf.repeat(x, self.units, axis=0)
            with tf.GradientTape() as tape:
                tape.watch(copies)
                y = tf.reshape(self._through(copies), (-1, self.units, self.units))
                own = tf.reduce_sum(tf.linalg.diag_part(y))
            return tf.reduce_sum(tf.reshape(tape.gradient(own, copies), (-1, self.units, *patch)), axis=0)

        self._outputs, self._gradients = outputs, gradients

    def _through(self, x: tf.Tensor) -> tf.Tensor:
        y = x[..., None]
        for layer in self._layers:
            if type(layer).__name__ not in ("InputLayer", "Reshape"):
                y = layer(y, training=False)
        return y

    def __call__(self, segments: np.ndarray) -> np.ndarray:
        """Compute the layer's output on log-mel segments [shape=(n_segments, frames, n_mels)].

        Returns
        -------
        np.ndarray [shape=(n_segments, n_positions, n_units), dtype=float32]
        """
        crops = segments[:, self._frames, self._bands]
        parts = self._pool.map(lambda batch: self._outputs(batch).numpy(), self._micro_batches(crops, 1))
        return np.concatenate(list(parts))

    def gradient_sum(self, patches: np.ndarray) -> np.ndarray:
        """Sum over patches of the gradient of each unit with respect to its input.

        Parameters
        ----------
        patches : np.ndarray [shape=(n_patches, patch_frames, patch_bands)]
            Receptive fields of single positions.

        Returns
        -------
        np.ndarray [shape=(n_units, patch_frames, patch_bands), dtype=float64]
        """
        batches = self._micro_batches(patches, self.units)
        total = np.zeros((self.units, self.field.frames, self.field.bands))
        for part in self._pool.map(lambda batch: self._gradients(batch).numpy(), batches):
            total += part
        return total

    def _micro_batches(self, x: np.ndarray, copies: int) -> list[np.ndarray]:
        size = max(1, self._values // (x[0].size * copies))
        return [np.ascontiguousarray(x[start : start + size], dtype=np.float32) for start in range(0, len(x), size)]


def _broken_units(layers: Sequence[keras.Layer]) -> list[int]:
    """Return the channels of the last layer that depend on a weight that is not finite."""
    broken = np.zeros(1, dtype=bool)
    for layer in layers:
        if layer.get_weights():
            kernel, bias = layer.get_weights()
            own = ~np.isfinite(kernel).reshape(-1, kernel.shape[-1]).all(axis=0) | ~np.isfinite(bias)
            broken = own | broken.any()
    return [int(unit) for unit in np.flatnonzero(broken)]
