"""The history of a training: one row an epoch."""

import math
from collections.abc import Mapping, Sequence
from typing import Any


def best_epoch(history: Sequence[Mapping[str, Any]]) -> int:
    """Return the row of the best epoch, or -1 without any.

    Parameters
    ----------
    history : sequence of mapping
        One row an epoch, with `validation_loss` and, unless tracks have several labels, `validation_accuracy`.

    Returns
    -------
    int
        The first by accuracy, which few validation tracks leave with many ties, and among those by loss; by loss alone
        where there is no accuracy.
    """

    def merit(row: Mapping[str, Any]) -> tuple[float, float]:
        accuracy = float(row.get("validation_accuracy", math.nan))
        return 0.0 if math.isnan(accuracy) else accuracy, -row["validation_loss"]

    merits = [merit(row) for row in history]
    return merits.index(max(merits)) if merits else -1
