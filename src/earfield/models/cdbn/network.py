"""A convolutional deep belief network on whitened spectrograms, trained layer by layer without labels.

Source: Lee, Largman, Pham & Ng (2009), "Unsupervised feature learning for audio classification using convolutional deep
belief networks", NIPS 22.
"""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from earfield.errors import ConfigError, DatasetError
from earfield.mel.shards import MelShards, window_starts
from earfield.models.cdbn.contrastive_divergence import train_crbm
from earfield.models.cdbn.crbm import Crbm, HiddenInputs, new_crbm, pooled_probabilities
from earfield.models.cdbn.options import Options
from earfield.models.cdbn.whitening import Whitening, fit_whitening

log = logging.getLogger(__name__)

_WEIGHTS_STREAM, _TRAINING_STREAM = 11, 12
_FLOOR = 0.01  # of a whitened component's variance, relative to the mean variance of a band
LEARNING = {"momentum": 0.9, "decay": 0.001, "sparsity": 10.0}
_SEGMENTS = 16  # per batch of `describe`


@dataclass(frozen=True)
class Cdbn:
    """A trained network."""

    whitening: Whitening
    layers: list[Crbm]  # the lowest first
    histories: list[pd.DataFrame]  # of each layer's training, as from `train_crbm`
    frames: int  # length of a segment
    hop: int  # distance between segments [frames]


def segments_of(
    shards: MelShards, names: Sequence[str], *, frames: int, hop: int
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Cut tracks into segments of some frames, a hop apart, that cover them with their tails.

    Returns
    -------
    tracks : list of str [length n_segments]
        The track of each segment.
    starts : np.ndarray [shape=(n_segments,), dtype=int]
        Its first frame.
    counts : np.ndarray [shape=(n_tracks,), dtype=int]
        Segments of each track.

    Raises
    ------
    DatasetError
        If a track is shorter than a segment.
    """
    lengths = shards.index.frames.loc[list(names)].to_numpy()
    if lengths.min() < frames:
        raise DatasetError(
            f"The track '{names[int(lengths.argmin())]}' has {lengths.min()} frames, fewer than the {frames} of the "
            "option frames of the convolutional deep belief network; lower it."
        )
    starts = [window_starts(length, frames=frames, hop=hop) for length in lengths]
    counts = np.array([len(each) for each in starts])
    return [name for name, n in zip(names, counts, strict=True) for _ in range(n)], np.concatenate(starts), counts


# One BLAS thread per worker: summation order independent of the number of processors.
@threadpool_limits.wrap(limits=1, user_api="blas")
def train_cdbn(shards: MelShards, names: Sequence[str], options: Options, *, seed: int, workers: int) -> Cdbn:
    """Fit the whitening, then train layer after layer, on the named tracks.

    The same seed gives the same bits, with any number of workers (threads).

    Raises
    ------
    ConfigError
        If a layer has no whole block left in a segment.
    DatasetError
        If a track is shorter than a segment, or the spectra do not vary.
    EarfieldError
        If a layer's reconstruction error stops being a number.
    """
    hop = max(1, round(options.frames * (1 - options.overlap)))
    tracks, starts, _ = segments_of(shards, names, frames=options.frames, hop=hop)
    whitening = fit_whitening((shards.track(name) for name in names), components=options.components, floor=_FLOOR)
    log.info("%d components hold %.2f%% of the variance.", whitening.components, 100 * whitening.variance_kept)
    made = Cdbn(whitening, [], [], options.frames, hop)
    channels, left = whitening.components, options.frames
    for depth, n in enumerate(options.bases):
        layer = new_crbm(
            channels=channels,
            bases=n,
            length=options.length,
            pooling=options.pooling,
            gaussian=not depth,
            target_sparsity=options.target_sparsity,
            seed=[_WEIGHTS_STREAM, seed, depth],
        )
        if layer.positions(left) < options.pooling:
            raise ConfigError(
                f"Layer {depth + 1} of the convolutional deep belief network gets {left} frames, too few for a basis "
                f"of {options.length} and a block of {options.pooling}; raise its option frames, or name fewer layers "
                "in bases."
            )
        below = _passes(made)

        def visible(rows: np.ndarray, below: Callable[[np.ndarray], list[np.ndarray]] = below) -> np.ndarray:
            return below(shards.gather([tracks[row] for row in rows], starts[rows].tolist(), frames=options.frames))[-1]

        history = train_crbm(
            layer,
            visible,
            len(starts),
            name=f"layer {depth + 1} of the convolutional deep belief network",
            seed=[_TRAINING_STREAM, seed, depth],
            epochs=options.epochs,
            batch_size=options.batch_size,
            learning_rate=options.learning_rate,
            target_sparsity=options.target_sparsity,
            workers=workers,
            **LEARNING,
        )
        made.layers.append(layer)
        made.histories.append(history)
        channels, left = n, layer.positions(left) // options.pooling
    return made


@threadpool_limits.wrap(limits=1, user_api="blas")
def describe(cdbn: Cdbn, shards: MelShards, names: Sequence[str], *, workers: int) -> tuple[np.ndarray, np.ndarray]:
    """Compute the features of all segments of some tracks, in `workers` threads.

    Returns
    -------
    features : np.ndarray [shape=(n_segments, n_bases of all layers), dtype=float32]
        Pooled probabilities averaged over the segment, of the first layer's bases, then of the next one's.
    counts : np.ndarray [shape=(n_tracks,), dtype=int]
        Segments of each track.
    """
    tracks, starts, counts = segments_of(shards, names, frames=cdbn.frames, hop=cdbn.hop)
    passes = _passes(cdbn)

    def part(first: int) -> np.ndarray:
        stop = first + _SEGMENTS
        mel = shards.gather(tracks[first:stop], starts[first:stop].tolist(), frames=cdbn.frames)
        return np.concatenate([pooled.mean(axis=1) for pooled in passes(mel)[1:]], axis=1)

    with ThreadPoolExecutor(workers) as pool:
        return np.concatenate(list(pool.map(part, range(0, len(starts), _SEGMENTS)))), counts


def _passes(cdbn: Cdbn) -> Callable[[np.ndarray], list[np.ndarray]]:
    """Return a function from log-mel segments to whitened ones and the pooled probabilities of each layer."""
    layers = [(layer, HiddenInputs(layer)) for layer in cdbn.layers]

    def passes(mel: np.ndarray) -> list[np.ndarray]:
        values = [cdbn.whitening(mel)]
        for layer, inputs in layers:
            values.append(pooled_probabilities(layer, inputs, values[-1]))
        return values

    return passes
