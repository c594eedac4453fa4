"""The history of a training: one row an epoch."""

from collections.abc import Mapping, Sequence
from typing import Any


def best_epoch(history: Sequence[Mapping[str, Any]]) -> int:
    """Return the row of the best epoch, or -1 without any.

    Parameters
    ----------
    history : sequence of mapping
        One row an epoch, with `validation_accuracy` and `validation_loss`.

    Returns
    -------
    int
        The first by accuracy, which few validation tracks leave with many ties, and among those by loss.
    """
    merits = [(row["validation_accuracy"], -row["validation_loss"]) for row in history]
    return merits.index(max(merits)) if merits else -1
