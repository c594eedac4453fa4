"""Recipes of training: which windows an epoch has, what it is validated on, when it ends and which epoch is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from earfield.train.history import best_epoch
from earfield.train.segments import plan_epoch

_SHARED_START_STREAM = 4  # of random numbers; others are in use elsewhere
_COMPARED = 10  # epochs at either end of a round
_SETTLED = 0.01  # difference of validation accuracy that ends it


@dataclass(frozen=True)
class RandomWindows:
    """Ours: each window with a start of its own, early stopping on whole validation tracks, the best epoch kept.

    Attributes
    ----------
    lengths : np.ndarray [shape=(n_tracks,), dtype=int]
        Of the training tracks [frames].
    shortest : int
        Length of the shortest training or validation track [frames].
    frames : int
        Length of a window.
    windows_per_track, batch_size, max_epochs, patience, seed : int
        As in `train_network`.
    """

    lengths: np.ndarray
    shortest: int
    frames: int
    windows_per_track: int
    batch_size: int
    max_epochs: int
    patience: int
    seed: int

    def plan(self, epoch: int) -> tuple[np.ndarray, np.ndarray]:
        """Draw windows with `plan_epoch`."""
        return plan_epoch(
            self.lengths,
            frames=self.frames,
            windows_per_track=self.windows_per_track,
            batch_size=self.batch_size,
            seed=self.seed,
            epoch=epoch,
        )

    def validation_start(self, epoch: int) -> int | None:
        """Score whole tracks."""
        return None

    def is_over(self, history: Sequence[Mapping[str, Any]]) -> bool:
        """End after `max_epochs`, or after `patience` without a better one."""
        return len(history) >= self.max_epochs or len(history) - 1 - self.kept(history) >= self.patience

    def kept(self, history: Sequence[Mapping[str, Any]]) -> int:
        """Keep the best epoch."""
        return best_epoch(history)


@dataclass(frozen=True)
class Author(RandomWindows):
    """The paper's code: one start for a whole batch, rounds until validation settles, the last epoch kept.

    An epoch deals the training tracks out in random order into batches of `batch_size`, of which the last whole one is
    left out: two of 150 from the paper's 500 tracks. All windows of a batch start at one frame, and validation tracks
    are scored on the one window at the start of the last batch. After each round of `patience` epochs (500) training
    ends if the mean validation accuracy of the round's last ten epochs is within 0.01 of that of its first ten.

    Fewer tracks than two batches need, for which the author's code has no answer, are dealt out into three.

    Source: Dong (2018), the published code.
    """

    def plan(self, epoch: int) -> tuple[np.ndarray, np.ndarray]:
        """Deal the tracks out; each window of a batch has the batch's start."""
        generator = np.random.default_rng([_SHARED_START_STREAM, self.seed, epoch])
        n = len(self.lengths)
        size = self.batch_size if n >= 2 * self.batch_size else max(1, n // 3)
        n_batches = max(1, n // size - 1)
        tracks = generator.permutation(n)[: n_batches * size].reshape(n_batches, size)
        starts = generator.integers(0, self.shortest - self.frames + 1, size=(n_batches, 1))
        return tracks, np.broadcast_to(starts, tracks.shape)

    def validation_start(self, epoch: int) -> int | None:
        """Score the window at the start of the epoch's last batch."""
        return int(self.plan(epoch)[1][-1, 0])

    def is_over(self, history: Sequence[Mapping[str, Any]]) -> bool:
        """End after `max_epochs`, or after a round that changed little."""
        if len(history) >= self.max_epochs:
            return True
        if not history or len(history) % self.patience:
            return False
        accuracy = [row["validation_accuracy"] for row in history[-self.patience :]]
        return bool(abs(np.mean(accuracy[-_COMPARED:]) - np.mean(accuracy[:_COMPARED])) < _SETTLED)

    def kept(self, history: Sequence[Mapping[str, Any]]) -> int:
        """Keep the last epoch."""
        return len(history) - 1


RECIPES = {"windows": RandomWindows, "author": Author}
