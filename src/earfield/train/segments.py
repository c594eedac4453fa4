"""Training input: random segments of random tracks, read from the memory-mapped shards."""

from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from earfield.mel.shards import MelShards

_EPOCH_STREAM, _BATCHES_AHEAD = 1, 3


def plan_epoch(
    lengths: np.ndarray, *, frames: int, segments_per_track: int, batch_size: int, seed: int, epoch: int
) -> tuple[np.ndarray, np.ndarray]:
    """Draw the segments of one epoch.

    Parameters
    ----------
    lengths : np.ndarray [shape=(n_tracks,), dtype=int]
        Of the training tracks [frames].
    frames : int
        Length of a segment.
    segments_per_track, batch_size : int
        Segments of each track, and in a batch; the last batch is filled up with some more.
    seed, epoch : int
        The draw depends on these alone, so that training can resume at any epoch.

    Returns
    -------
    tracks, starts : np.ndarray [shape=(n_batches, batch_size), dtype=int]
        Row of the track and first frame of each segment. Tracks come in rounds, each in a new random order; starts
        are independent and uniform over all that fit.
    """
    generator = np.random.default_rng([_EPOCH_STREAM, seed, epoch])
    n_batches = -(-len(lengths) * segments_per_track // batch_size)
    rounds = -(-n_batches * batch_size // len(lengths))
    tracks = np.concatenate([generator.permutation(len(lengths)) for _ in range(rounds)])
    tracks = tracks[: n_batches * batch_size].reshape(n_batches, batch_size)
    return tracks, generator.integers(0, lengths[tracks] - frames + 1)


def training_batches(
    shards: MelShards,
    names: Sequence[str],
    labels: np.ndarray,
    plan: tuple[np.ndarray, np.ndarray],
    *,
    frames: int,
    context: np.ndarray | None = None,
) -> tf.data.Dataset:
    """Read the planned segments, some batches ahead of the training step.

    Parameters
    ----------
    shards, names
        The training tracks.
    labels : np.ndarray [shape=(n_tracks,), dtype=int] or [shape=(n_tracks, n_tags), dtype=bool]
        Their labels, or which tags they have.
    plan : tuple of np.ndarray
        From `plan_epoch`.
    frames : int
        Length of a segment.
    context : np.ndarray [shape=(n_tracks, n_context_frames, n_mels)] or None
        Summaries of the tracks, appended to their segments.

    Returns
    -------
    tf.data.Dataset
        Of (float32 [batch, frames, n_mels], int32 [batch] or float32 [batch, n_tags]).
    """
    kind = np.float32 if labels.ndim > 1 else np.int32

    def batches() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for rows, starts in zip(*plan, strict=True):
            x = shards.gather([names[row] for row in rows], starts, frames=frames)
            x = x if context is None else np.concatenate([x, context[rows]], axis=1)
            yield x, labels[rows].astype(kind)

    n_mels = shards.track(names[0]).shape[1]
    size = plan[0].shape[1]
    length = frames + (0 if context is None else context.shape[1])
    signature = (tf.TensorSpec((size, length, n_mels), tf.float32), tf.TensorSpec((size, *labels.shape[1:]), kind))
    options = tf.data.Options()
    # Its thread sleeps for twice as long each time, and a dataset's end waits for it: seconds in every epoch.
    options.autotune.enabled = False
    dataset = tf.data.Dataset.from_generator(batches, output_signature=signature)
    return dataset.prefetch(_BATCHES_AHEAD).with_options(options)
