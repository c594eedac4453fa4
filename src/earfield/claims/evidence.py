"""The tables that claims are judged by, and what a judged claim is."""

import functools
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from earfield.errors import DatasetError
from earfield.evaluate.recall_differences import Recalls, recalls
from earfield.evaluate.score_tables import no_scores, read_scores
from earfield.files.markdown import percent

HOLDS, FAILS, UNTOLD = VERDICTS = ("holds", "does not hold", "cannot be told from this data")
HARDEST = ("country", "rock")  # says the paper
BEST = "ensemble"  # what we made to be the best with few songs
BEST_IS_OPTIMISTIC = f"{BEST} was chosen on 130 tracks of GTZAN: its numbers on those are optimistic."
BEYOND = "not in the paper"  # the place of a claim that is ours to ask

# Of each table the columns without which nothing can be judged by it.
_COLUMNS = {
    "summary": "protocol model seeds tracks tests accuracy low high baseline",
    "paired": "protocol model other seeds tracks tests accuracy other_accuracy difference low high p_value "
    "tracks_disagreed",
    "recall": "protocol model label seeds tracks tests recall low high",
    "heard": "protocol model seconds seeds tracks tests accuracy low high gain gain_low gain_high",
    "calibration": "protocol model bin seeds tracks tests confidence accuracy low high calibration_error",
    "learning_curve": "protocol model train_share train_tracks accuracy low high",
    "protocols": "model protocol other tracks accuracy other_accuracy difference low high",
    "resemblance": "protocol estimate measure null difference low high seeds units",
    "references": "name accuracy dataset genres protocol source url kind",
}
_ARRAYS = ("hidden_segments", "raw_segments", "difference_segments", "baseline_segments", "n_tracks", "n_segments")


@dataclass(frozen=True)
class Evidence:
    """What is known of a dataset's runs.

    Attributes
    ----------
    dataset, source : str
        Its name, and "gtzan", "demo" or "files".
    protocol, model : str
        Whose results claims are judged by.
    hand_made : tuple of str
        Models on features made by hand.
    controls : tuple of str
        Models that know no more than chance does.
    artists_apart : str or None
        The protocol under which no artist is in two subsets.
    curves : mapping
        By protocol: the protocol with all training tracks, and the share of them that is used.
    summary, paired, recall, heard, calibration, learning_curve, protocols, resemblance, references : pd.DataFrame
        The tables of these names; without rows if there are none.
    discriminants : mapping or None
        The arrays of figure 5's data.
    runs : list of pd.DataFrame
        Predictions of `model` in each run of `protocol`.
    whole_track : mapping of str to pd.DataFrame
        Tests of `model` and of the network that sees a summary of the track too, from `read_runs`; empty without it.
    songs : pd.DataFrame
        The table of all tracks, those left out included.
    """

    dataset: str
    source: str
    protocol: str
    model: str
    hand_made: tuple[str, ...]
    controls: tuple[str, ...]
    artists_apart: str | None
    curves: Mapping[str, Sequence[Any]]
    summary: pd.DataFrame
    paired: pd.DataFrame
    recall: pd.DataFrame
    heard: pd.DataFrame
    calibration: pd.DataFrame
    learning_curve: pd.DataFrame
    protocols: pd.DataFrame
    resemblance: pd.DataFrame
    references: pd.DataFrame
    discriminants: Mapping[str, np.ndarray] | None
    runs: list[pd.DataFrame]
    whole_track: Mapping[str, pd.DataFrame]
    songs: pd.DataFrame

    @functools.cached_property
    def recalls(self) -> Recalls | None:
        """Recalls of the labels by `model` under `protocol`; None without a run."""
        return recalls(self.runs) if self.runs else None

    @property
    def usable(self) -> pd.DataFrame:
        """Tracks that have no problem."""
        return self.songs[self.songs.problem == ""]

    def shown(self, table: pd.DataFrame, **where: str) -> pd.DataFrame:
        """Return the rows of a table for `protocol` and `model`, and these values of other columns."""
        return rows(table, **({"protocol": self.protocol, "model": self.model} | where))


@dataclass(frozen=True)
class Question:
    """What is asked of the evidence.

    Attributes
    ----------
    claim : str
        A short name.
    sentence : str
        What is claimed.
    place : str
        Where the paper says so, or `BEYOND`.
    measure : str
        What our number is.
    unit : str
        "share", "points" (differences of shares) or "" (a number without unit).
    rule : str
        Which interval makes which verdict.
    """

    claim: str
    sentence: str
    place: str
    measure: str
    unit: str
    rule: str


@dataclass(frozen=True)
class Claim:
    """A question with its verdict.

    Attributes
    ----------
    question : Question
        What was asked.
    protocol : str
        What the number was measured under.
    verdict : str
        One of `VERDICTS`.
    reason : str
        Why, in a sentence or two.
    value, low, high : float
        Our number and its 95% interval; NaN where there is none.
    baseline : str
        What it is held against, with its number.
    tracks, tests, seeds : int or None
        What it was measured on.
    """

    question: Question
    protocol: str
    verdict: str
    reason: str
    value: float = math.nan
    low: float = math.nan
    high: float = math.nan
    baseline: str = ""
    tracks: int | None = None
    tests: int | None = None
    seeds: int | None = None

    @property
    def number(self) -> str:
        """Our number with its interval, in words."""
        return in_words(self.value, self.low, self.high, unit=self.question.unit)


def in_words(value: float, low: float, high: float, *, unit: str) -> str:
    """Return a number with its interval.

    Parameters
    ----------
    value, low, high : float
        NaN where unknown.
    unit : str
        "share" gives "68.4% (59.8% – 75.9%)", "points" gives "+3.1 points (-2.0 to +8.2)", "" gives
        "+0.02 (-0.01 to +0.05)".

    Returns
    -------
    str
        Empty for no number.
    """
    if math.isnan(value):
        return ""
    if unit == "share":
        bounds = f"{percent(low)} – {percent(high)}"
        number = percent(value)
    else:
        factor, digits, noun = (100, 1, " points") if unit == "points" else (1, 2, "")
        bounds = f"{factor * low:+.{digits}f} to {factor * high:+.{digits}f}"
        number = f"{factor * value:+.{digits}f}{noun}"
    return f"{number} (no interval)" if math.isnan(low) or math.isnan(high) else f"{number} ({bounds})"


def rows(table: pd.DataFrame, **where: str) -> pd.DataFrame:
    """Return the rows of a table whose columns have these values."""
    kept = np.logical_and.reduce([table[column] == value for column, value in where.items()])
    return table[kept]


def read_table(name: str, paths: Sequence[str | os.PathLike[str]]) -> pd.DataFrame:
    """Read a table of results, of one protocol or of several.

    Parameters
    ----------
    name : str
        Which table, such as "summary".
    paths : sequence of path-like
        Its files; none give a table without rows.

    Returns
    -------
    pd.DataFrame
        Names as they stand there, all else as numbers, NaN where there is none.

    Raises
    ------
    DatasetError
        If a file lacks a column, or holds something else where a number should stand.
    """
    needed = _COLUMNS[name].split()
    if not paths:
        return no_scores(needed)
    table = pd.concat([read_scores(path, needed) for path in paths], ignore_index=True)
    # A run may be in the tables of two protocols: what names a row stands before its counts.
    return table.drop_duplicates(needed[: needed.index("seeds")]) if len(paths) > 1 else table


def read_arrays(path: str | os.PathLike[str] | None) -> dict[str, np.ndarray] | None:
    """Read what claims need of figure 5's data.

    Parameters
    ----------
    path : path-like or None
        `.npz` of `write_discriminants_data`.

    Returns
    -------
    dict or None
        Arrays by name; None without a path.

    Raises
    ------
    DatasetError
        If the file lacks an array.
    """
    if path is None:
        return None
    with np.load(path) as archive:
        missing = [name for name in _ARRAYS if name not in archive]
        if missing:
            raise DatasetError(f"{path} lacks the array '{missing[0]}'; delete the file and run again.")
        return {name: archive[name] for name in _ARRAYS}
