"""Probabilities of whole tracks: means over their segments."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import tensorflow as tf

from earfield.mel.shards import MelShards, window_starts
from earfield.network.context import context_frames, summarise
from earfield.network.device import Device

_MICRO_BATCH = {False: 8, True: 256}  # segments at a time, without and with a GPU


class TrackPredictor:
    """Predictor of whole tracks from segments that overlap by a fraction; the first call compiles the network.

    Attributes
    ----------
    frames, hop : int
        Length of a segment and distance between segments [frames].
    """

    def __init__(self, model: keras.Model, *, device: Device, overlap: float) -> None:
        length, n_mels = model.input_shape[1:]
        self._context_frames = context_frames(model)
        self.frames = length - self._context_frames
        self.hop = max(1, round(self.frames * (1 - overlap)))
        self._size = _MICRO_BATCH[device.gpu]
        self._pool = ThreadPoolExecutor(device.workers)

        @tf.function(input_signature=[tf.TensorSpec((None, length, n_mels), tf.float32)])
        def probabilities(x: tf.Tensor) -> tf.Tensor:
            return model(x, training=False)

        self._probabilities = probabilities

    def __call__(self, shards: MelShards, names: Sequence[str]) -> np.ndarray:
        """Average the network's output over the segments of each track [shape=(n_tracks, n_labels), dtype=float64]."""
        return np.stack([of_track.mean(axis=0, dtype=np.float64) for of_track in self.segments(shards, names)])

    def at(self, shards: MelShards, names: Sequence[str], *, start: int) -> np.ndarray:
        """Return the network's output on one segment of each track, from frame `start` on.

        Returns
        -------
        np.ndarray [shape=(n_tracks, n_labels), dtype=float32]
        """
        one = np.array([start])
        return np.concatenate(list(self._pool.map(lambda name: self._track(shards.track(name), one), names)))

    def segments(self, shards: MelShards, names: Sequence[str]) -> list[np.ndarray]:
        """Return the network's output on each segment of each track.

        Returns
        -------
        list of np.ndarray [shape=(n_segments, n_labels), dtype=float32]
            At the starts of `window_starts`; the last segment may overlap more than the others.
        """

        def of_track(name: str) -> np.ndarray:
            mel = shards.track(name)
            return self._track(mel, window_starts(len(mel), frames=self.frames, hop=self.hop))

        return list(self._pool.map(of_track, names))

    def _track(self, mel: np.ndarray, starts: np.ndarray) -> np.ndarray:
        context = [summarise(mel, frames=self._context_frames)] if self._context_frames else []
        outputs = []
        for first in range(0, len(starts), self._size):
            some = starts[first : first + self._size]
            x = np.stack([np.concatenate([mel[start : start + self.frames], *context]) for start in some])
            outputs.append(self._probabilities(x).numpy())
        return np.concatenate(outputs)
