"""Training recipes: the segments of an epoch, the validation, the stopping rule and the epoch that is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from earfield.configuration.settings import TrainSettings
from earfield.train.history import best_epoch
from earfield.train.segments import plan_epoch

_SHARED_START_STREAM = 4  # of random numbers; others are in use elsewhere
_COMPARED = 10  # epochs at either end of a round
_SETTLED = 0.01  # difference of validation accuracy below which training ends


@dataclass(frozen=True)
class RandomSegments:
    """The default: a random start for each segment, early stopping on whole validation tracks, the best epoch kept."""

    lengths: np.ndarray  # [shape=(n_tracks,), dtype=int] of the training tracks [frames]
    shortest: int  # length of the shortest training or validation track [frames]
    frames: int  # length of a segment
    settings: TrainSettings
    seed: int

    def plan(self, epoch: int) -> tuple[np.ndarray, np.ndarray]:
        """Draw segments with `plan_epoch`."""
        return plan_epoch(
            self.lengths,
            frames=self.frames,
            segments_per_track=self.settings.segments_per_track,
            batch_size=self.settings.batch_size,
            seed=self.seed,
            epoch=epoch,
        )

    def validation_start(self, epoch: int) -> int | None:
        """Score whole tracks."""
        return None

    def is_over(self, history: Sequence[Mapping[str, Any]]) -> bool:
        """End after `max_epochs`, or after `patience` epochs without improvement."""
        since_best = len(history) - 1 - self.kept(history)
        return len(history) >= self.settings.max_epochs or since_best >= self.settings.patience

    def kept(self, history: Sequence[Mapping[str, Any]]) -> int:
        """Keep the best epoch."""
        return best_epoch(history)


@dataclass(frozen=True)
class PublishedCode(RandomSegments):
    """The author's code: one start per batch, rounds until validation accuracy settles, the last epoch kept.

    Each epoch divides the training tracks in random order into batches of `batch_size` and leaves the last whole one
    out: the paper's 500 tracks give two of 150. All segments of a batch start at the same frame, and validation tracks
    are scored on the single segment at the start of the last batch. After each round of `patience` epochs (500)
    training ends if the mean validation accuracy of the round's last ten epochs is within 0.01 of that of its first
    ten.

    Fewer tracks than two batches need, a case that the author's code does not handle, are divided into three batches.

    Source: Dong (2018), the published code.
    """

    def plan(self, epoch: int) -> tuple[np.ndarray, np.ndarray]:
        """Divide the tracks into batches; all segments of a batch have the same start."""
        generator = np.random.default_rng([_SHARED_START_STREAM, self.seed, epoch])
        n, batch_size = len(self.lengths), self.settings.batch_size
        size = batch_size if n >= 2 * batch_size else max(1, n // 3)
        n_batches = max(1, n // size - 1)
        tracks = generator.permutation(n)[: n_batches * size].reshape(n_batches, size)
        starts = generator.integers(0, self.shortest - self.frames + 1, size=(n_batches, 1))
        return tracks, np.broadcast_to(starts, tracks.shape)

    def validation_start(self, epoch: int) -> int | None:
        """Score the segment at the start of the epoch's last batch."""
        return int(self.plan(epoch)[1][-1, 0])

    def is_over(self, history: Sequence[Mapping[str, Any]]) -> bool:
        """End after `max_epochs`, or after a round that changed validation accuracy by less than 0.01."""
        if len(history) >= self.settings.max_epochs:
            return True
        patience = self.settings.patience
        if not history or len(history) % patience:
            return False
        accuracy = [row["validation_accuracy"] for row in history[-patience:]]
        return bool(abs(np.mean(accuracy[-_COMPARED:]) - np.mean(accuracy[:_COMPARED])) < _SETTLED)

    def kept(self, history: Sequence[Mapping[str, Any]]) -> int:
        """Keep the last epoch."""
        return len(history) - 1


RECIPES = {"random_segments": RandomSegments, "published_code": PublishedCode}
