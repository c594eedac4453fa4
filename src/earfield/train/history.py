"""History of a training: one row per epoch."""

import math
from collections.abc import Mapping, Sequence
from typing import Any


def best_epoch(history: Sequence[Mapping[str, Any]]) -> int:
    """Return the row of the best epoch; -1 if there is none.

    It is the first of highest `validation_accuracy` and, among ties (frequent with few validation tracks), of lowest
    `validation_loss`; of lowest loss where there is no accuracy, as for tracks with several labels.
    """

    def merit(row: Mapping[str, Any]) -> tuple[float, float]:
        accuracy = float(row.get("validation_accuracy", math.nan))
        return 0.0 if math.isnan(accuracy) else accuracy, -row["validation_loss"]

    merits = [merit(row) for row in history]
    return merits.index(max(merits)) if merits else -1
