"""What every judgement is put together from: margins, verdicts, what claims take over from rows, intervals in words."""

import math
from typing import Any

import pandas as pd

from earfield.claims.evidence import FAILS, HOLDS, UNTOLD, Claim, Evidence, Question, in_words
from earfield.files.markdown import percent

SMALL, MODERATE = 0.03, 0.05  # margins: a difference of shares that is less counts as none
ABOVE_ALL = (
    "Holds if the interval of every such difference lies above 0; does not hold if one that does not ends below "
    f"{100 * SMALL:.0f} points."
)


def verdict(holds: Any, fails: Any) -> str:
    """Return the verdict of a rule."""
    return HOLDS if holds else FAILS if fails else UNTOLD


def untold(question: Question, evidence: Evidence, reason: str) -> Claim:
    """Return a claim that lacks what it would be judged by."""
    return Claim(question, evidence.protocol, UNTOLD, reason)


def not_run(question: Question, evidence: Evidence) -> Claim:
    """Return a claim about a model without a run."""
    return untold(question, evidence, f"{evidence.model} was not run under {evidence.protocol}.")


def first(table: pd.DataFrame) -> Any | None:
    """Return the first row of a table, or None if it has none."""
    return None if table.empty else table.iloc[0]


def found_in(row: Any, value: str, protocol: str, *, low: str = "low", high: str = "high") -> dict[str, Any]:
    """Return what a claim takes over from a row of a table: the column `value`, its interval and its counts."""
    counts = {
        name: int(row[name]) for name in ("tracks", "tests", "seeds") if name in row and not math.isnan(row[name])
    }
    return {"protocol": protocol, "value": row[value], "low": row[low], "high": row[high], **counts}


def above_all(pairs: pd.DataFrame) -> tuple[Any, bool, bool]:
    """Judge differences from several models by `ABOVE_ALL`.

    Parameters
    ----------
    pairs : pd.DataFrame
        With `low` and `high` of each difference, one row at least.

    Returns
    -------
    row : pd.Series
        The comparison that decides: the one that fails most clearly, or the one whose interval begins lowest.
    holds, fails : bool
        What the rule says.
    """
    failing = pairs[(pairs.low <= 0) & (pairs.high < SMALL)]
    row = pairs.loc[pairs.low.idxmin() if failing.empty else failing.high.idxmin()]
    return row, bool((pairs.low > 0).all()), len(failing) > 0


def pairs_in_words(pairs: pd.DataFrame) -> str:
    """Return the accuracy of each other model, and the difference from it with its interval."""
    return "; ".join(
        f"{each.other}: {percent(each.other_accuracy)}, difference "
        f"{in_words(each.difference, each.low, each.high, unit='points')}"
        for each in pairs.itertuples()
    )


def position(low: float, high: float, level: float = 0, name: str = "0") -> str:
    """Say where an interval lies."""
    if math.isnan(low) or math.isnan(high):
        return "There is no interval."
    side = "lies above" if low > level else "lies below" if high < level else "contains"
    return f"The interval {side} {name}."
