"""History of a training: one row per epoch."""

import math
from collections.abc import Mapping, Sequence
from typing import Any


def best_epoch(history: Sequence[Mapping[str, Any]]) -> int:
    """Return the row of the best epoch; -1 if there is none.

    Parameters
    ----------
    history : sequence of mapping
        One row per epoch, with `validation_loss` and, unless tracks have several labels, `validation_accuracy`.

    Returns
    -------
    int
        The first of highest accuracy and, among ties (frequent with few validation tracks), of lowest loss; of lowest
        loss where there is no accuracy.
    """

    def merit(row: Mapping[str, Any]) -> tuple[float, float]:
        accuracy = float(row.get("validation_accuracy", math.nan))
        return 0.0 if math.isnan(accuracy) else accuracy, -row["validation_loss"]

    merits = [merit(row) for row in history]
    return merits.index(max(merits)) if merits else -1
