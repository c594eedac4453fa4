"""Leakage report of a split: counts, artists and recordings shared by subsets, deviations from the protocol."""

import itertools
import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from earfield.files.atomic import write_json
from earfield.files.markdown import counted
from earfield.splits.grouped_split import SUBSETS, largest_remainder
from earfield.tracks.artists import artists_of, titles_of
from earfield.tracks.tags import carriers

log = logging.getLogger(__name__)

_SLACK = 0.05  # of a label's tracks


def missed_ratios(
    tracks: pd.DataFrame, subsets: np.ndarray, *, ratio: Sequence[float], artists: bool, tags: bool = False
) -> list[str]:
    """Describe the labels for which the ratio could not be kept, and the artist that prevented it.

    Parameters
    ----------
    tracks : pd.DataFrame
        With the columns `label, artist`.
    subsets : np.ndarray [shape=(n_tracks,)]
        The subset of each track; other values are ignored.
    ratio : sequence of 3 floats
        Training, validation and test tracks, in any unit.
    artists, tags : bool
        Whether artists were kept together; whether a label is the text of several tags.

    Returns
    -------
    list of str
        A sentence for each label whose count in a subset differs from the target by more than one track and 5% of the
        label's tracks, or of which an artist has more tracks than the target of any subset, so that no split could keep
        the ratio.
    """
    sentences = []
    names, labels = artists_of(tracks), tracks.label.to_numpy()
    used = np.isin(subsets, SUBSETS)
    for label, own in carriers(labels[used], tags=tags).items():
        rows = np.flatnonzero(used)[own]
        target = largest_remainder(len(rows), ratio)
        counts = np.array([np.count_nonzero(subsets[rows] == subset) for subset in SUBSETS])
        over = int(np.argmax(counts - target))
        together = rows[(subsets[rows] == SUBSETS[over]) & (names[rows] != "")]
        owner, most = "", 0
        if artists and len(together):
            _, firsts, sizes = np.unique(names[together], return_index=True, return_counts=True)
            owner, most = tracks.artist.iloc[together[firsts[np.argmax(sizes)]]], int(sizes.max())
        if np.abs(counts - target).max() <= max(1, _SLACK * len(rows)) and most <= target.max():
            continue
        why = "artists stay in one subset" if artists else "duplicate recordings stay in one subset"
        why += " and tracks have several tags" * tags
        if most > target[over]:
            why += f", and the artist '{owner}' has {most}"
        sentences.append(
            f"The {'tag' if tags else 'label'} '{label}' has {_slashed(counts)} tracks for {_slashed(SUBSETS)} "
            f"instead of {_slashed(target)}: {why}."
        )
    return sentences


def write_leakage_report(
    tracks: pd.DataFrame,
    path: str | os.PathLike[str],
    *,
    pairs: pd.DataFrame,
    protocol: Mapping[str, Any],
    seed: int,
    unusable: int,
    notes: Sequence[str],
    tags: bool = False,
) -> None:
    """Write the leakage report of a split, and log its warnings.

    Parameters
    ----------
    tracks : pd.DataFrame
        The usable tracks, with the columns `track, label, artist, title, subset`; for a track that is in no subset, the
        column `subset` is the reason.
    path : path-like
        `.json` to write: `protocol`, `seed` (of folds also `repetition` and `fold`), `not_used` (number of tracks by
        reason), `subsets` (of each the number of `tracks`, by `labels`, of `artists`, of tracks of an
        `unknown_artist`), `shared` and `warnings`. For two subsets, as in `shared.train.test`: the number of `artists`
        in both; `artist_tracks` and `artist_fraction`, the tracks of the second by an artist of the first;
        `title_tracks` and `title_fraction`, those of the same artist and title; and `duplicates`, the pairs of tracks
        that are the same recording. Fractions are of the second subset.
    pairs : pd.DataFrame
        With the columns `track, other`: tracks that are the same recording.
    protocol, seed, tags
        As in `earfield.splits.protocols.write_split`; tracks with tags are counted by tag.
    unusable : int
        Number of tracks with a problem.
    notes : sequence of str
        Further warnings.
    """
    subset = tracks.subset.to_numpy()
    reasons = {reason: int(np.count_nonzero(subset == reason)) for reason in sorted(set(subset) - set(SUBSETS))}
    content: dict[str, Any] = {"protocol": dict(protocol), "seed": seed}
    if "folds" in protocol:
        content |= dict(zip(("repetition", "fold"), divmod(seed, protocol["folds"]), strict=True))
    content["not_used"] = reasons | ({"has a problem": unusable} if unusable else {})
    content["subsets"] = _counts(tracks, tags=tags)
    content["shared"] = {one: {} for one in SUBSETS[:-1]}
    for one, other in itertools.combinations(SUBSETS, 2):
        content["shared"][one][other] = _shared(tracks[subset == one], tracks[subset == other], pairs)
    content["warnings"] = [
        *notes,
        *_absent_labels(content["subsets"]),
        *_shared_recordings(content["shared"]),
        *_conflicting_labels(tracks[np.isin(subset, SUBSETS)], pairs, tags=tags),
    ]
    for warning in content["warnings"]:
        log.warning("%s", warning)
    write_json(path, content)


def _counts(tracks: pd.DataFrame, *, tags: bool) -> dict[str, dict[str, Any]]:
    """Count the tracks, labels and artists of each subset."""
    artists, subset = artists_of(tracks), tracks.subset.to_numpy()
    used = np.isin(subset, SUBSETS)
    labels = {label: rows for label, rows in carriers(tracks.label, tags=tags).items() if rows[used].any()}
    return {
        name: {
            "tracks": int(np.count_nonzero(subset == name)),
            "labels": {label: int(np.count_nonzero(rows & (subset == name))) for label, rows in labels.items()},
            "artists": len(set(artists[subset == name]) - {""}),
            "unknown_artist": int(np.count_nonzero(artists[subset == name] == "")),
        }
        for name in SUBSETS
    }


def _shared(one: pd.DataFrame, other: pd.DataFrame, pairs: pd.DataFrame) -> dict[str, Any]:
    """Count artists, titles and recordings that two subsets share."""
    artists = (set(artists_of(one)) & set(artists_of(other))) - {""}
    shared: dict[str, Any] = {"artists": len(artists)}
    for what, values, known in (
        ("artist", artists_of(other), artists),
        ("title", titles_of(other), set(titles_of(one)) - {""}),
    ):
        beside = [value in known for value in values]
        shared |= {f"{what}_tracks": sum(beside), f"{what}_fraction": round(float(np.mean(beside)), 6)}
    here, there = set(one.track), set(other.track)
    either = [*zip(pairs.track, pairs.other, strict=True), *zip(pairs.other, pairs.track, strict=True)]
    shared["duplicates"] = sorted([first, second] for first, second in either if first in here and second in there)
    return shared


def _absent_labels(subsets: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """List the labels that a subset lacks."""
    return [
        f"The subset '{name}' has no track of the label{'s' * (len(labels) > 1)} {', '.join(labels)}."
        for name, held in subsets.items()
        if (labels := [f"'{label}'" for label, n in held["labels"].items() if not n])
    ]


def _shared_recordings(shared: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """List recordings that are in two subsets."""
    return [
        f"The subsets '{one}' and '{other}' share recordings ({len(pairs)}, the first '{pairs[0][0]}' = "
        f"'{pairs[0][1]}')."
        for one, others in shared.items()
        for other, each in others.items()
        if (pairs := each["duplicates"])
    ]


def _conflicting_labels(tracks: pd.DataFrame, pairs: pd.DataFrame, *, tags: bool) -> list[str]:
    """List recordings that have two labels in the split."""
    label = dict(zip(tracks.track, tracks.label, strict=True))
    known = [(one, other) for one, other in zip(pairs.track, pairs.other, strict=True) if {one, other} <= label.keys()]
    found = sorted((one, other) for one, other in known if label[one] != label[other])
    if not found:
        return []
    one, other = found[0]
    return [
        f"The same recording has different {'tags' if tags else 'labels'} ({counted(len(found), 'pair')} in "
        f"duplicates.csv, the first '{one}' = '{label[one]}' and '{other}' = '{label[other]}'); correct one or remove "
        "a track."
    ]


def _slashed(values: Iterable[object]) -> str:
    return " / ".join(str(value) for value in values)
