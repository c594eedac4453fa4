"""The tables of results that claims are judged by."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from earfield.errors import DatasetError
from earfield.evaluate.runs import read_runs
from earfield.evaluate.score_tables import COLUMNS, no_scores, read_scores
from earfield.files.tables import read_text_csv

Paths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | None

# Of each table the columns without which nothing can be judged by it; what names a row comes before its counts.
_COLUMNS = COLUMNS | {
    "resemblance": ["protocol", "estimate", "measure", "null", "difference", "ci_low", "ci_high", "seeds", "units"],
    "references": ["name", "accuracy", "dataset", "genres", "protocol", "source", "url", "kind"],
}
_ARRAYS = ("hidden_segments", "raw_segments", "difference_segments", "baseline_segments", "n_tracks", "n_segments")


@dataclass(frozen=True)
class ClaimSettings:
    """Whose results claims are judged by.

    Attributes
    ----------
    source : str
        "gtzan", "demo" or "files".
    protocol, model : str
        Those that a sentence speaks of if it names no others.
    hand_made : sequence of str
        Models on hand-made features.
    controls : sequence of str
        Models that know no more than chance does: untrained, on shuffled labels, the majority.
    artists_apart : str, optional
        The protocol under which no artist is in two subsets.
    curves : mapping
        By protocol: the protocol with all training tracks, and the fraction of them that it uses; see
        `earfield.configuration.run_grid.learning_curves`.
    """

    source: str
    protocol: str
    model: str
    hand_made: Sequence[str] = ()
    controls: Sequence[str] = ()
    artists_apart: str | None = None
    curves: Mapping[str, Sequence[Any]] | None = None


@dataclass(frozen=True)
class Evidence:
    """What is known of a dataset's runs.

    Attributes
    ----------
    dataset : str
        Its name.
    settings : ClaimSettings
        Whose results claims are judged by.
    tables : mapping of str to pd.DataFrame
        The tables of `read_evidence`; without rows if there are none.
    axes : mapping of str to np.ndarray, or None
        The arrays of figure 5's data.
    runs : mapping of str to pd.DataFrame
        By model: its tests under `settings.protocol`, from `read_runs`.
    songs : pd.DataFrame
        The table of all tracks, those left out included.
    """

    dataset: str
    settings: ClaimSettings
    tables: Mapping[str, pd.DataFrame]
    axes: Mapping[str, np.ndarray] | None
    runs: Mapping[str, pd.DataFrame]
    songs: pd.DataFrame

    @property
    def usable(self) -> pd.DataFrame:
        """Tracks that have no problem."""
        return self.songs[self.songs.problem == ""]

    def shown(self, name: str, **where: str) -> pd.DataFrame:
        """Return the rows of a table for the judged protocol and model, or these values of its columns."""
        return rows(self.tables[name], **({"protocol": self.settings.protocol, "model": self.settings.model} | where))


def rows(table: pd.DataFrame, **where: str) -> pd.DataFrame:
    """Return the rows of a table whose columns have these values."""
    return table[np.logical_and.reduce([table[column] == value for column, value in where.items()])]


def read_evidence(dataset: str, inputs: Mapping[str, Paths], settings: ClaimSettings) -> Evidence:
    """Read all that claims are judged by.

    Parameters
    ----------
    dataset : str
        Its name.
    inputs : mapping of str to paths
        One file or several: `summary, paired, recall, excerpts, calibration, learning_curve, protocols, resemblance,
        references`, tables of one or of all protocols; `predictions, whole_track`, those of the judged model and of
        the network that sees the whole track too, paths that end in `<protocol>/<seed>/<model>/<file>`; `tracks`, the
        table of all tracks; `discriminants`, the data of figure 5. All but `tracks` may be missing.
    settings : ClaimSettings
        Whose results claims are judged by.

    Returns
    -------
    Evidence

    Raises
    ------
    DatasetError
        If a file lacks a column or an array, or holds something else where a number should be.
    """
    paths = {name: _listed(each) for name, each in inputs.items()}
    predictions = [*paths.get("predictions", []), *paths.get("whole_track", [])]
    return Evidence(
        dataset=dataset,
        settings=settings,
        tables={name: read_table(name, paths.get(name, [])) for name in _COLUMNS},
        axes=_read_arrays(paths.get("discriminants", [])),
        runs={model: tests for (_, model), tests in read_runs(predictions).items()},
        songs=read_text_csv(paths["tracks"][0]),
    )


def _listed(paths: Paths) -> list[str]:
    if paths is None:
        return []
    return [os.fspath(paths)] if isinstance(paths, str | os.PathLike) else [os.fspath(each) for each in paths]


def read_table(name: str, paths: Sequence[str]) -> pd.DataFrame:
    """Read a table of one protocol or of several; without paths, a table without rows.

    Raises
    ------
    DatasetError
        If a file lacks a column, or holds something else where a number should be.
    """
    needed = _COLUMNS[name]
    if not paths:
        return no_scores(needed)
    table = pd.concat([read_scores(path, needed) for path in paths], ignore_index=True)
    # A run may be in the tables of two protocols.
    return table.drop_duplicates(needed[: needed.index("seeds")]) if len(paths) > 1 else table


def _read_arrays(paths: Sequence[str]) -> dict[str, np.ndarray] | None:
    for path in paths:
        with np.load(path) as archive:
            missing = [name for name in _ARRAYS if name not in archive]
            if missing:
                raise DatasetError(f"{path} lacks the array '{missing[0]}'; delete the file and run again.")
            return {name: archive[name] for name in _ARRAYS}
    return None
