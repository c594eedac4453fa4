"""The tables of one protocol over all its runs, for tracks with several tags: each model, each tag, pairs of models."""

import itertools
import math
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from earfield.evaluate.runs import counts, of_both, read_runs
from earfield.evaluate.score_tables import write_facts
from earfield.evaluate.tag_scores import STATISTICS, tag_rows
from earfield.files.tables import write_csv
from earfield.statistics.intervals import paired_difference_ci

_NUMBERS = ("value", "other_value", "difference", "ci_low", "ci_high")
_PAIRED = ["protocol", "model", "other", "statistic", "seeds", "n_tracks", "n_predictions", *_NUMBERS]


def write_tag_tables(
    *,
    predictions: Sequence[str | os.PathLike[str]],
    tracks: str | os.PathLike[str],
    summary_path: str | os.PathLike[str],
    facts_path: str | os.PathLike[str],
    tags_path: str | os.PathLike[str],
    paired_path: str | os.PathLike[str],
) -> None:
    """Write all that the runs of one protocol say of tags.

    Parameters
    ----------
    predictions : sequence of path-like
        Paths that end in `<protocol>/<seed>/<model>/predictions.csv`.
    tracks : path-like
        The table of tracks, for the count of those left out.
    summary_path : path-like
        `.csv` to write: `protocol, model`, and the macro means of `tag_rows`.
    facts_path : path-like
        `.json` to write: the same as DVC reads metrics, with the tracks left out.
    tags_path : path-like
        `.csv` to write: `protocol, model`, and the rows by tag of `tag_rows`.
    paired_path : path-like
        `.csv` to write: `protocol, model, other, statistic`, counts, and two models' means over tags of the statistic
        on the same tests, with their difference.

    Raises
    ------
    DatasetError
        If two models were not tested on the same tracks.
    """
    summary, by_tag = [], []
    added: dict[tuple[str, str], dict[str, np.ndarray]] = {}
    runs = read_runs(predictions)
    for (protocol, model), tests in runs.items():
        rows, macro, added[protocol, model] = tag_rows(tests)
        names = {"protocol": protocol, "model": model}
        summary.append(names | macro)
        by_tag += [names | row for row in rows]
    write_csv(pd.DataFrame(summary).round(6), summary_path)
    write_csv(pd.DataFrame(by_tag).round(6), tags_path)
    pairs = [
        _pair(one, other, statistic, added, runs)
        for one, other in itertools.permutations(runs, 2)
        for statistic in STATISTICS
    ]
    write_csv(pd.DataFrame(pairs, columns=_PAIRED).round(6), paired_path)
    limits = [f"{name}{end}" for name in STATISTICS for end in ("", "_ci_low", "_ci_high")]
    write_facts(summary, tracks, facts_path, test=limits)


def _pair(
    one: tuple[str, str],
    other: tuple[str, str],
    statistic: str,
    added: Mapping[tuple[str, str], Mapping[str, np.ndarray]],
    runs: Mapping[tuple[str, str], pd.DataFrame],
) -> dict[str, Any]:
    """Compare two models by one statistic; numbers are left open where no run can be scored."""
    a, b = of_both(one, other, {key: added[key][statistic] for key in (one, other)}, runs)
    names = {"protocol": one[0], "model": one[1], "other": other[1], "statistic": statistic}
    numbers = (math.nan,) * len(_NUMBERS)
    if a.size:
        numbers = (float(np.nanmean(a)), float(np.nanmean(b)), *paired_difference_ci(a, b))
    return {**names, **counts(a), **dict(zip(_NUMBERS, numbers, strict=True))}
