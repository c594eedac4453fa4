"""Rules that turn 95% intervals into a verdict."""

from collections.abc import Callable
from typing import NamedTuple

import pandas as pd

VERDICTS = HOLDS, FAILS, UNDECIDED = ("holds", "does not hold", "cannot be told from this data")


class Judged(NamedTuple):
    """What a rule says: the row that decides, whether the sentence holds, whether it does not (if it does not hold)."""

    row: object
    holds: bool
    fails: bool

    @property
    def verdict(self) -> str:
        """One of `VERDICTS`."""
        return HOLDS if self.holds else FAILS if self.fails else UNDECIDED


class Rule(NamedTuple):
    """A rule in words, with `{margin}`, and as a function of the compared estimates and the margin.

    The estimates are a table with at least one row and the columns `name, value, ci_low, ci_high`; comparisons with an
    interval that is NaN are false, so that such a row decides nothing.
    """

    words: str
    judge: Callable[[pd.DataFrame, float], Judged]


def _above(table: pd.DataFrame, margin: float) -> Judged:
    failing = table[(table.ci_low <= 0) & (table.ci_high < margin)]
    row = _least(table.ci_low) if failing.empty else failing.ci_high.idxmin()
    return Judged(row, bool((table.ci_low > 0).all()), len(failing) > 0)


def _exceeds(table: pd.DataFrame, margin: float) -> Judged:
    """Judge rows by groups, of which each may have a margin of its own; the first row is shown."""
    little = table.ci_high < (table.margin.fillna(margin) if "margin" in table else margin)
    groups = table.group if "group" in table else table.index
    return Judged(table.index[0], bool((table.ci_low > 0).all()), bool(little.groupby(groups).all().any()))


def _reaches(table: pd.DataFrame, margin: float) -> Judged:
    row = table.sort_values(["value", "name"]).iloc[0]
    return Judged(row.name, row.ci_low > 0 and row.ci_high >= margin, row.ci_high < margin)


def _at_least(table: pd.DataFrame, margin: float) -> Judged:
    row = table.iloc[0]
    return Judged(row.name, row.ci_low >= margin, row.ci_high < margin)


def _at_most(table: pd.DataFrame, margin: float) -> Judged:
    larger = table[(table.ci_low > 0) & (table.value >= margin)]
    row = _least(-table.ci_high) if larger.empty else larger.value.idxmax()
    return Judged(row, bool((table.ci_high < margin).all()), len(larger) > 0)


def _lowest(table: pd.DataFrame, margin: float) -> Judged:
    row = table.iloc[0]
    return Judged(row.name, row.ci_high < 0 and bool((table.value <= 0).all()), bool((table.ci_low > 0).any()))


def _differ(table: pd.DataFrame, margin: float) -> Judged:
    return Judged(
        table.ci_low.idxmax(),
        bool((table.ci_low > 0).any()),
        bool(((table.ci_low > -margin) & (table.ci_high < margin)).all()),
    )


def _within(table: pd.DataFrame, margin: float) -> Judged:
    row, off = table.iloc[0], (table.ci_low > 0) | (table.ci_high < 0)
    holds = -margin < row.ci_low and row.ci_high < margin and not off.iloc[1:].any()
    return Judged(row.name, holds, bool((off & (table.value.abs() >= margin)).any()))


def _least(column: pd.Series) -> object:
    return column.index[0] if column.isna().all() else column.idxmin()


RULES = {
    "above": Rule(
        "Holds if the interval of every such difference lies above 0; does not hold if one that does not ends below "
        "{margin}.",
        _above,
    ),
    "exceeds": Rule(
        "Holds if every interval lies above 0; does not hold if one, or all that belong together, end below {margin}.",
        _exceeds,
    ),
    "reaches": Rule(
        "Holds if the interval lies above 0 and reaches {margin}; does not hold if it ends below {margin}.", _reaches
    ),
    "at_least": Rule(
        "Holds if the interval begins at the margin or above it; does not hold if it ends below.", _at_least
    ),
    "at_most": Rule(
        "Holds if the interval of every such difference ends below {margin}; does not hold if one lies above 0 and its "
        "number is {margin} or more.",
        _at_most,
    ),
    "lowest": Rule(
        "Holds if the interval lies below 0 and no other label has a lower recall than one of these; does not hold if "
        "it lies above 0, or if another label's recall is significantly lower than that of one of these (intervals "
        "widened for all such pairs).",
        _lowest,
    ),
    "differ": Rule(
        "Holds if the interval of any pair excludes 0 (intervals widened for all pairs); does not hold if that of "
        "every pair lies within {margin} of 0.",
        _differ,
    ),
    "within": Rule(
        "Holds if the interval lies within {margin} of 0 and no further one excludes 0; does not hold if any of them "
        "excludes 0 and its number is {margin} or more.",
        _within,
    ),
}
