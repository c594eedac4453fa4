"""Estimates, comparisons and counts in words."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from earfield.files.markdown import counted, percent
from earfield.statistics.intervals import Estimate


def in_words(row: Any, *, unit: str, value: str = "value") -> str:
    """Return a number with its interval.

    Parameters
    ----------
    row : pd.Series or Estimate
        With `ci_low`, `ci_high` and the number; NaN where unknown.
    unit : str
        "fraction" gives "68.4% (59.8% – 75.9%)", "points" gives "+3.1 points (-2.0 to +8.2)", "number" gives
        "+0.02 (-0.01 to +0.05)".
    value : str
        Name of the number.

    Returns
    -------
    str
        Empty for no number.
    """
    number, low, high = getattr(row, value), row.ci_low, row.ci_high
    if math.isnan(number):
        return ""
    if unit == "fraction":
        words, bounds = percent(number), f"{percent(low)} – {percent(high)}"
    else:
        factor, digits, noun = (100, 1, " points") if unit == "points" else (1, 2, "")
        bounds = f"{factor * low:+.{digits}f} to {factor * high:+.{digits}f}"
        words = f"{factor * number:+.{digits}f}{noun}"
    return f"{words} (no interval)" if math.isnan(low) or math.isnan(high) else f"{words} ({bounds})"


def position(row: Estimate | Any, level: float = 0, name: str = "0") -> str:
    """Say where an interval lies."""
    if math.isnan(row.ci_low) or math.isnan(row.ci_high):
        return "There is no interval."
    side = "lies above" if row.ci_low > level else "lies below" if row.ci_high < level else "contains"
    return f"The interval {side} {name}."


def pairs_in_words(pairs: pd.DataFrame) -> str:
    """Return the accuracy of each other model, and the difference from it with its interval."""
    return "; ".join(
        f"{each.other}: {percent(each.other_accuracy)}, difference {in_words(each, unit='points', value='difference')}"
        for _, each in pairs.iterrows()
    )


def sides_in_words(model: str, pairs: pd.DataFrame) -> str:
    """Say from which models one is significantly different, and how often they disagree."""
    sides = {
        "better than": pairs[pairs.ci_low > 0],
        "worse than": pairs[pairs.ci_high < 0],
        "not distinguished from": pairs[(pairs.ci_low <= 0) & (pairs.ci_high >= 0)],
    }
    told = [f"{side} {listed(own.other)}" for side, own in sides.items() if len(own)]
    disagreed = ", ".join(
        f"{counted(int(each.tracks_disagreed), 'track')} (p = {each.p_value:.3g})" for each in pairs.itertuples()
    )
    return f"{model} is {', '.join(told)}. They disagree on {disagreed}."


def labels_in_words(recalls: Mapping[str, float], labels: Sequence[str]) -> str:
    """Return some labels with their recall."""
    return ", ".join(f"{label} {percent(recalls[label])}" for label in labels)


def listed(names: Sequence[str]) -> str:
    """Return names with "and" between them."""
    return " and ".join(names)
