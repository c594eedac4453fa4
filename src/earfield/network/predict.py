"""A network's probabilities for whole tracks, averaged over their windows."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import tensorflow as tf

from earfield.mel.shards import MelShards, window_starts
from earfield.network.context import context_frames, summarise
from earfield.network.device import Device

_MICRO_BATCH = {False: 8, True: 256}  # windows at a time, without and with a GPU


class TrackPredictor:
    """Predicts tracks; made once for a network, since the first call compiles it.

    Parameters
    ----------
    model : keras.Model
        From log-mel segments (batch, frames, n_mels) to probabilities.
    device : Device
        Where it runs.
    overlap : float
        Overlap of neighbouring windows, as a share of their length.

    Attributes
    ----------
    frames, hop : int
        Length of a window and distance between windows [frames].
    """

    def __init__(self, model: keras.Model, *, device: Device, overlap: float) -> None:
        length, n_mels = model.input_shape[1:]
        self._behind = context_frames(model)
        self.frames = length - self._behind
        self.hop = max(1, round(self.frames * (1 - overlap)))
        self._size = _MICRO_BATCH[device.gpu]
        self._pool = ThreadPoolExecutor(device.workers)

        @tf.function(input_signature=[tf.TensorSpec((None, length, n_mels), tf.float32)])
        def probabilities(x: tf.Tensor) -> tf.Tensor:
            return model(x, training=False)

        self._probabilities = probabilities

    def __call__(self, shards: MelShards, names: Sequence[str]) -> np.ndarray:
        """Average the network's output over the windows of each track, its tail included.

        Parameters
        ----------
        shards : MelShards
            Where the tracks lie.
        names : sequence of str
            Tracks to predict.

        Returns
        -------
        np.ndarray [shape=(n_tracks, n_labels), dtype=float64]
            Mean probabilities.
        """
        return np.stack([of_track.mean(axis=0, dtype=np.float64) for of_track in self.windows(shards, names)])

    def at(self, shards: MelShards, names: Sequence[str], *, start: int) -> np.ndarray:
        """Return the network's output on one window of each track.

        Parameters
        ----------
        shards, names
            As when called.
        start : int
            First frame of the window.

        Returns
        -------
        np.ndarray [shape=(n_tracks, n_labels), dtype=float32]
        """
        starts = np.array([start])
        return np.concatenate(list(self._pool.map(lambda name: self._track(shards.track(name), starts), names)))

    def windows(self, shards: MelShards, names: Sequence[str]) -> list[np.ndarray]:
        """Return the network's output on each window of each track.

        Parameters
        ----------
        shards, names
            As when called.

        Returns
        -------
        list of np.ndarray [shape=(n_windows, n_labels), dtype=float32]
            The windows of `window_starts`, the last of which may overlap more than the others.
        """

        def of_track(name: str) -> np.ndarray:
            mel = shards.track(name)
            return self._track(mel, window_starts(len(mel), frames=self.frames, hop=self.hop))

        return list(self._pool.map(of_track, names))

    def _track(self, mel: np.ndarray, starts: np.ndarray) -> np.ndarray:
        behind = [summarise(mel, frames=self._behind)] if self._behind else []
        outputs = []
        for first in range(0, len(starts), self._size):
            some = starts[first : first + self._size]
            windows = np.stack([np.concatenate([mel[start : start + self.frames], *behind]) for start in some])
            outputs.append(self._probabilities(windows).numpy())
        return np.concatenate(outputs)
