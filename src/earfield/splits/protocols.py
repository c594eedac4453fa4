"""Protocols: assignment of tracks to training, validation and test."""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from earfield.errors import DatasetError
from earfield.files.markdown import counted, listed
from earfield.files.tables import read_text_csv, usable_tracks, write_csv
from earfield.splits.file_split import from_file
from earfield.splits.grouped_split import (
    SUBSETS,
    connected_components,
    duplicate_groups,
    largest_remainder,
    stratified_group_split,
    stratified_multilabel_split,
)
from earfield.splits.leakage_report import missed_ratios, write_leakage_report
from earfield.tracks.artists import artists_of
from earfield.tracks.tags import carriers, tag_matrix, tags_of_all

# A label with too few artists for all subsets is needed in training first, then in test.
_PRIORITY = (4, 1, 2)
_RAISE = "raise datasets.<name>.task.min_tracks"


def stratified(
    tracks: pd.DataFrame,
    *,
    seed: int,
    ratio: Sequence[float],
    recordings: np.ndarray | None = None,
    tags: bool = False,
) -> np.ndarray:
    """Split by track within each label: the paper's protocol.

    Parameters
    ----------
    tracks : pd.DataFrame
        With the columns `track, label`.
    seed : int
    ratio : sequence of 3 floats
        Training, validation and test tracks, in any unit.
    recordings : np.ndarray [shape=(n_tracks,), dtype=int], optional
        Equal for tracks that are the same recording, which go to one subset. By default, all are different.
    tags : bool
        Whether labels are several tags as one text; each tag is then stratified.

    Returns
    -------
    np.ndarray [shape=(n_tracks,), dtype=str]
        Within each label the counts are those of the largest-remainder method, at least one per subset, or as near as
        possible where recordings are kept together.

    Raises
    ------
    DatasetError
        If a label has fewer recordings than there are subsets to fill.

    Source: Dong (2018): 50 / 20 / 30 of each genre's 100 tracks.
    """
    recordings = np.arange(len(tracks)) if recordings is None else recordings
    few = []
    for label, rows in carriers(tracks.label, tags=tags).items():
        n = len(np.unique(recordings[rows]))
        if n < len(SUBSETS):
            few.append(f"'{label}' has {counted(n, 'usable recording' if rows.sum() > n else 'usable track')}")
    if few:
        raise DatasetError(
            f"The {'tag' if tags else 'label'} {listed(few)}, and a split into {len(SUBSETS)} subsets needs "
            f"{len(SUBSETS)}; add tracks or {_RAISE if tags else f'leave the label out (artists: {_RAISE})'}."
        )
    return np.array(SUBSETS)[_subset_numbers(tracks.label.to_numpy(), recordings, ratio=ratio, seed=seed, tags=tags)]


def by_artist(
    tracks: pd.DataFrame,
    *,
    seed: int,
    ratio: Sequence[float],
    unknown_artist: str,
    recordings: np.ndarray | None = None,
    tags: bool = False,
) -> np.ndarray:
    """Split by artist: no artist is in two subsets, and labels are stratified as far as possible.

    The split is drawn at random among good ones, because the best one would be the same for every seed.

    Parameters
    ----------
    tracks : pd.DataFrame
        With the columns `track, label, artist`.
    seed, ratio, recordings, tags
        As in `stratified`.
    unknown_artist : str
        Handling of tracks without artist: `own_group` (each has its own artist), `one_group_per_label` (those of a
        label have one artist), `train_only` (for training only) or `exclude`.

    Returns
    -------
    np.ndarray [shape=(n_tracks,), dtype=str]
        The subset of each row, or else why it is in none.

    Raises
    ------
    DatasetError
        If no track has an artist.
    """
    groups, used, training = _artist_groups(tracks, unknown_artist=unknown_artist, recordings=recordings)
    subsets = np.full(len(tracks), "no artist", dtype=object)
    labels = tracks.label.to_numpy()[used]
    places = _subset_numbers(labels, groups[used], ratio=ratio, seed=seed, tags=tags, in_first=training[used])
    subsets[used] = np.array(SUBSETS)[places]
    return subsets.astype(str)


def cross_validation(
    tracks: pd.DataFrame,
    *,
    seed: int,
    folds: int,
    ratio: Sequence[float],
    artists: bool,
    unknown_artist: str = "own_group",
    recordings: np.ndarray | None = None,
) -> np.ndarray:
    """Split for one fold: over the runs of one repetition, every track is tested exactly once.

    Parameters
    ----------
    tracks, recordings, unknown_artist
        As in `stratified` and `by_artist`; tracks for training only are never tested.
    seed : int
        Number of the run: it tests fold `seed % folds` of repetition `seed // folds`.
    folds : int
        Stratified and of equal size as far as groups allow.
    ratio : sequence of 2 floats
        Training and validation tracks among those that are not tested, in any unit.
    artists : bool
        Whether the tracks of an artist are kept in one subset.

    Returns
    -------
    np.ndarray [shape=(n_tracks,), dtype=str]
        The subset of each row, or else why it is in none.

    Raises
    ------
    DatasetError
        If a label has so few artists or recordings that some run could not learn it, or if no track has an artist.
    """
    repetition, fold = divmod(seed, folds)
    if artists:
        groups, used, training = _artist_groups(tracks, unknown_artist=unknown_artist, recordings=recordings)
    else:
        groups = np.arange(len(tracks)) if recordings is None else recordings
        used, training = np.ones(len(tracks), dtype=bool), np.zeros(len(tracks), dtype=bool)
    labels = tracks.label.to_numpy()
    n_groups = pd.Series(groups[used]).groupby(labels[used]).nunique()
    if few := [f"'{label}'" for label, n in n_groups.items() if n < 2]:
        raise DatasetError(
            f"The label {listed(few)} has one {'artist' if artists else 'recording'}, so the run that tests it could "
            f"not learn it; leave the label out (`labels`){' or keep artists apart (`artists: false`)' * artists}."
        )
    subsets = np.full(len(tracks), "no artist", dtype=object)
    tested = np.flatnonzero(used & ~training)
    targets = _target_counts(labels[tested], [1] * folds)
    places = stratified_group_split(
        labels[tested], groups[tested], target_counts=targets, priority=[1] * folds, key=[repetition]
    )
    places = _balanced_folds(places, connected_components(labels[tested], groups[tested]), folds=folds)
    subsets[tested[places == fold]] = "test"
    rest = np.flatnonzero(used & (subsets != "test"))
    places = stratified_group_split(
        labels[rest],
        groups[rest],
        target_counts=_target_counts(labels[rest], ratio),
        priority=[2, 1],
        key=[repetition, fold],
        in_first=training[rest],
    )
    subsets[rest] = np.array(SUBSETS[:2])[places]
    return subsets.astype(str)


PROTOCOLS: dict[str, Callable[..., np.ndarray]] = {
    "stratified": stratified,
    "artist": by_artist,
    "cross_validation": cross_validation,
}


def write_split(
    *,
    tracks: str | os.PathLike[str],
    duplicates: str | os.PathLike[str],
    path: str | os.PathLike[str],
    report_path: str | os.PathLike[str],
    seed: int,
    protocol: Mapping[str, Any],
    tags: bool = False,
) -> None:
    """Write the split of one protocol and seed, and its leakage report.

    Parameters
    ----------
    tracks, duplicates : path-like
        The table of tracks; the pairs of them that are the same recording, `track, other`.
    path, report_path : path-like
        `.csv` to write: `track, label, subset`, without tracks that are in no subset; and `.json`, see
        `earfield.splits.leakage_report.write_leakage_report`.
    seed : int
        In cross-validation the number of the run.
    protocol : mapping
        As in `config.yaml`: `kind` is `file` or a key of `PROTOCOLS`. For all kinds: `labels` (only tracks of these are
        used) and `train_fraction` (the fraction of each label's training tracks that is used, at least one track;
        smaller fractions are subsets of larger ones). For all but `file`: `duplicates` (`together` keeps tracks that
        are the same recording in one subset, `apart` does not). The rest are options of the kind's own function.
    tags : bool
        Whether a label is the text of several tags. For kinds `stratified`, `artist` and `file`, without `labels`.

    Raises
    ------
    DatasetError
        If the tracks do not allow the split, or if it leaves a subset without tracks or a label without training.
    """
    listing, table = read_text_csv(tracks), usable_tracks(tracks)
    pairs = pd.read_csv(duplicates, dtype={"track": str, "other": str}, keep_default_na=False, lineterminator="\n")
    options = dict(protocol)
    kind, labels, fraction = options.pop("kind"), options.pop("labels", None), options.pop("train_fraction", 1.0)
    together = options.pop("duplicates", "apart") == "together"
    chosen = _has_label(table, labels, place=tracks)
    some, subsets = table[chosen], np.full(len(table), "label not asked for", dtype=object)
    if kind == "file":
        subsets[chosen], notes = from_file(some, listing=listing, **options)
    else:
        recordings = duplicate_groups(pairs, list(some.track)) if together else None
        several = {"tags": True} if tags else {}
        subsets[chosen] = PROTOCOLS[kind](some, seed=seed, recordings=recordings, **several, **options)
        artists = kind == "artist" or bool(options.get("artists"))
        notes = missed_ratios(some, subsets[chosen], ratio=_ratio(options), artists=artists, tags=tags)
    used = np.isin(subsets, SUBSETS)
    unlearnt = [name for name, rows in carriers(some.label, tags=tags).items() if not used[chosen][rows].any()]
    notes += [f"The label '{label}' is in no subset, so no model is trained on it." for label in unlearnt]
    _check_subsets(table.label.to_numpy(), subsets, place=tracks, tags=tags)
    if fraction < 1:
        beyond = _tracks_beyond_fraction if tags else _beyond_fraction
        subsets[beyond(fraction, table.label.to_numpy(), subsets, seed=seed)] = "beyond train_fraction"
    write_leakage_report(
        table.assign(subset=subsets),
        report_path,
        pairs=pairs,
        protocol=protocol,
        seed=seed,
        unusable=len(listing) - len(table),
        notes=notes,
        tags=tags,
    )
    write_csv(table.assign(subset=subsets).loc[np.isin(subsets, SUBSETS), ["track", "label", "subset"]], path)


def _subset_numbers(
    labels: np.ndarray,
    groups: np.ndarray,
    *,
    ratio: Sequence[float],
    seed: int,
    tags: bool,
    in_first: np.ndarray | None = None,
) -> np.ndarray:
    """Return the number of each track's subset."""
    if tags:
        has = tag_matrix(labels, tags_of_all(labels))
        return stratified_multilabel_split(has, groups, ratio=ratio, key=[seed], in_first=in_first)
    return stratified_group_split(
        labels, groups, target_counts=_target_counts(labels, ratio), priority=_PRIORITY, key=[seed], in_first=in_first
    )


def _target_counts(labels: np.ndarray, ratio: Sequence[float]) -> dict[str, np.ndarray]:
    return {label: largest_remainder(int(np.count_nonzero(labels == label)), ratio) for label in np.unique(labels)}


def _balanced_folds(places: np.ndarray, parts: np.ndarray, *, folds: int) -> np.ndarray:
    """Renumber the folds within each part of the tracks, so that total fold sizes are nearly equal."""
    evened, sizes = np.empty_like(places), np.zeros(folds, dtype=int)
    for part in np.unique(parts):
        own = np.bincount(places[parts == part], minlength=folds)
        number = np.empty(folds, dtype=int)
        number[np.argsort(-own, kind="stable")] = np.argsort(sizes, kind="stable")
        evened[parts == part] = number[places[parts == part]]
        sizes[number] += own
    return evened


def _ratio(options: Mapping[str, Any]) -> list[float]:
    """Return the ratio of training, validation and test tracks of a protocol."""
    ratio = options["ratio"]
    if "folds" not in options:
        return list(ratio)
    return [each / sum(ratio) * (options["folds"] - 1) for each in ratio] + [1]


def _artist_groups(
    tracks: pd.DataFrame, *, unknown_artist: str, recordings: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the groups of tracks that share artist or recording, which tracks are used, and which for training only.

    A track is for training only together with all of its group.
    """
    artists = artists_of(tracks)
    nameless = artists == ""
    if nameless.all():
        raise DatasetError(
            "The column 'artist' of tracks.csv is empty for every track, and the protocol keeps artists together; list "
            "the songs in a CSV with the column 'artist' (datasets.<name>.path) or use another protocol."
        )
    own = tracks.label if unknown_artist == "one_group_per_label" else tracks.track
    artists[nameless] = "\0" + own[nameless]  # no artist's name begins with this
    groups = connected_components(artists) if recordings is None else connected_components(artists, recordings)
    used = ~nameless if unknown_artist == "exclude" else np.ones(len(tracks), dtype=bool)
    training = np.isin(groups, groups[nameless & (unknown_artist == "train_only")])
    return groups, used, training


def _has_label(table: pd.DataFrame, labels: Sequence[str] | None, *, place: str | os.PathLike[str]) -> np.ndarray:
    """Return a mask of the tracks with a label of the protocol."""
    known = sorted(set(table.label))
    if missing := [f"'{label}'" for label in labels or () if label not in known]:
        raise DatasetError(
            f"The protocol uses the label {listed(missing)}, but {place} has no usable track with it; its labels are "
            f"{', '.join(known)}."
        )
    wanted = sorted(set(labels or known))
    if len(wanted) < 2:
        what = "The protocol has one label" if labels else f"{place} has one label"
        raise DatasetError(f"{what}, '{wanted[0]}'; a classifier needs two or more.")
    return table.label.isin(wanted).to_numpy()


def _check_subsets(labels: np.ndarray, subsets: np.ndarray, *, place: str | os.PathLike[str], tags: bool) -> None:
    """Refuse a split with an empty subset, or with a label that is never trained on."""
    for subset in SUBSETS:
        if subset not in subsets:
            raise DatasetError(
                f"The protocol leaves no track of {place} for the subset '{subset}'; add tracks or change the protocol."
            )
    used = np.isin(subsets, SUBSETS)
    found = carriers(labels[used], tags=tags)
    without = {label: int(rows.sum()) for label, rows in found.items() if "train" not in subsets[used][rows]}
    if without:
        each = listed(f"'{label}' has {counted(n, 'track')}" for label, n in without.items())
        fix = _RAISE if tags else f"leave the label out (`labels`; artists: {_RAISE})"
        raise DatasetError(
            f"The {'tag' if tags else 'label'} {each} for validation or test but none for training; change the "
            f"protocol or {fix}."
        )
    if len(found) < 2:
        raise DatasetError(
            f"The protocol leaves only tracks of the label '{min(found)}'; a classifier needs two or more labels."
        )


def _beyond_fraction(train_fraction: float, labels: np.ndarray, subsets: np.ndarray, *, seed: int) -> np.ndarray:
    """Return the rows of training tracks beyond a fraction of each label's."""
    beyond = []
    for label in np.unique(labels):
        rows = np.flatnonzero((labels == label) & (subsets == "train"))
        # The same order for every fraction, so that smaller ones are subsets of larger ones.
        order = np.random.default_rng([seed, *b"train_fraction", 0, *label.encode()]).permutation(rows)
        beyond.append(order[max(1, int(train_fraction * len(rows) + 0.5)) :])
    return np.concatenate(beyond)


def _tracks_beyond_fraction(train_fraction: float, labels: np.ndarray, subsets: np.ndarray, *, seed: int) -> np.ndarray:
    """Return the rows of training tracks beyond a fraction of all; each tag keeps one."""
    rows = np.random.default_rng([seed, *b"train_fraction"]).permutation(np.flatnonzero(subsets == "train"))
    # The same order for every fraction, so that smaller ones are subsets of larger ones.
    needed = {int(rows[np.argmax(own[rows])]) for own in carriers(labels, tags=True).values() if own[rows].any()}
    order = np.array(sorted(rows, key=lambda row: row not in needed))
    return order[max(len(needed), int(train_fraction * len(rows) + 0.5)) :]
