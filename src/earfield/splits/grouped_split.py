"""Tracks that stay together, by artist or by recording, and how such groups are shared out among subsets."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

SUBSETS = ("train", "validation", "test")

_DRAWS = 32  # each costs milliseconds, and the first is nearly always good enough
_PAIRS = 2000  # exchanges that are looked at in one step


def joined(*keys: np.ndarray) -> np.ndarray:
    """Return the group of each row: rows that share a key, directly or through others, are in one.

    Parameters
    ----------
    *keys : np.ndarray [shape=(n_rows,)]
        Rows with an equal value in any of these belong together.

    Returns
    -------
    np.ndarray [shape=(n_rows,), dtype=int]
        Equal for rows of one group.
    """
    codes = [np.unique(key, return_inverse=True)[1] for key in keys]
    group = np.arange(len(codes[0]))
    while True:
        before = group
        for code in codes:
            lowest = np.full(len(group), len(group))
            np.minimum.at(lowest, code, group)
            group = lowest[code]
        if (group == before).all():
            return group


def groups_of(repeats: pd.DataFrame, tracks: Sequence[str]) -> np.ndarray:
    """Give the tracks of one recording one number.

    Parameters
    ----------
    repeats : pd.DataFrame
        Pairs, with the columns `track, other`. A pair may name tracks that `tracks` lacks: two tracks that repeat the
        same third one belong together whether it is there or not.
    tracks : sequence of str
        The tracks to number.

    Returns
    -------
    np.ndarray [shape=(n_tracks,), dtype=int]
        From 0, in the order in which the groups appear in `tracks`; a track that nothing repeats is alone in its group.
    """
    n, m = len(tracks), len(repeats)
    names = np.array([*tracks, *repeats.track, *repeats.other], dtype=object)
    # A row for each track, and one for each end of a pair: ends are joined by their pair, and all by their names.
    pairs = np.concatenate([np.arange(n + m), np.arange(n, n + m)])
    return pd.factorize(joined(names, pairs)[:n])[0]


def apportion(n: int, ratio: Sequence[float]) -> np.ndarray:
    """Share `n` tracks out by largest remainder.

    Parameters
    ----------
    n : int
        So many tracks.
    ratio : sequence of float
        Shares, in any unit.

    Returns
    -------
    np.ndarray [shape=(n_shares,), dtype=int]
        At least one for each share that is not zero, if there are so many tracks.
    """
    quota = np.asarray(ratio, dtype=float) / np.sum(ratio) * n
    counts = np.floor(quota).astype(int)
    remainder = quota - counts
    for subset in np.argsort(-remainder, kind="stable")[: n - counts.sum()]:
        counts[subset] += 1
    if n >= np.count_nonzero(quota):
        for subset in np.flatnonzero((quota > 0) & (counts == 0)):
            counts[np.argmax(counts)] -= 1
            counts[subset] += 1
    return counts


def allot(
    labels: np.ndarray,
    groups: np.ndarray,
    *,
    asked: Mapping[str, np.ndarray],
    needs: Sequence[int],
    key: Sequence[int],
    in_first: np.ndarray | None = None,
) -> np.ndarray:
    """Share groups of tracks out at random, so that each label's counts come as near to what is asked as they can.

    Parameters
    ----------
    labels : np.ndarray [shape=(n_tracks,), dtype=object]
        The label of each track.
    groups : np.ndarray [shape=(n_tracks,), dtype=int]
        Tracks of one group go to one subset. Groups may differ in size and hold several labels.
    asked : mapping of str to np.ndarray [shape=(n_subsets,), dtype=int]
        Of each label, how many tracks each subset should get.
    needs : sequence of int [shape=(n_subsets,)]
        Where a label has fewer groups than there are subsets, the subsets with the largest of these get one.
    key : sequence of int
        Seeds the draw.
    in_first : np.ndarray [shape=(n_tracks,), dtype=bool], optional
        Tracks that have to be in the first subset, with all of their group.

    Returns
    -------
    np.ndarray [shape=(n_tracks,), dtype=int]
        The subset of each track. That subsets have tracks of all labels comes first; then the sum of squares of what
        the counts miss. Both together are never worse than if the groups were placed one by one, the largest first,
        each where most is missing. Labels that share no group are drawn independently, and a label whose groups are
        single tracks gets exactly what is asked, if these are enough for all subsets.
    """
    # A generator for each label: tracks added to one label leave the split of the others as it was.
    places = np.empty(len(labels), dtype=int)
    for label, counts in asked.items():
        rows = np.random.default_rng([*key, *label.encode()]).permutation(np.flatnonzero(labels == label))
        places[rows] = np.repeat(np.arange(len(counts)), counts)
    in_first = np.zeros(len(labels), dtype=bool) if in_first is None else in_first
    linked = joined(labels, groups)
    for component in np.unique(linked):
        rows = np.flatnonzero(linked == component)
        if len(np.unique(groups[rows])) < max(len(rows), len(needs)) or in_first[rows].any():
            places[rows] = _settle(
                places[rows], labels[rows], groups[rows], asked=asked, needs=needs, key=key, in_first=in_first[rows]
            )
    return places


def _settle(
    wished: np.ndarray,
    labels: np.ndarray,
    groups: np.ndarray,
    *,
    asked: Mapping[str, np.ndarray],
    needs: Sequence[int],
    key: Sequence[int],
    in_first: np.ndarray,
) -> np.ndarray:
    """Bring the tracks of each group to one subset and mend the counts, by moves and exchanges."""
    names, column = np.unique(labels, return_inverse=True)
    rng = np.random.default_rng([*key, 0, *"\0".join(names).encode()])
    row = np.unique(groups, return_inverse=True)[1]
    row = rng.permutation(row.max() + 1)[row]  # of groups that would do equally well, it is not always the first
    sizes = np.zeros((row.max() + 1, len(names)), dtype=np.int64)
    np.add.at(sizes, (row, column), 1)
    target = np.stack([asked[name] for name in names], axis=1).astype(np.int64)
    # A label that a subset lacks outweighs any miss of the counts.
    lack = (2 * len(labels) ** 2 + 1) * np.asarray(needs, dtype=np.int64)
    free = np.ones(len(sizes), dtype=bool)
    free[row[in_first]] = False

    def cost(place: np.ndarray) -> int:
        return int(_cost(_counts(place, sizes, target), target, lack).sum())

    plain = _one_by_one(np.argsort(-sizes.sum(axis=1), kind="stable"), sizes, target, free)
    enough = cost(plain)
    # The first draw that is good enough, not the best of all: that one would be the same for every seed.
    for _ in range(_DRAWS):
        # Each group goes where one of its tracks was drawn to.
        order = rng.permutation(len(row))
        place = np.zeros(len(sizes), dtype=int)
        place[row[order]] = wished[order]
        place[~free] = 0
        place = improved(place, sizes, target, lack, free, rng)
        if cost(place) <= enough:
            return place[row]
    return improved(plain, sizes, target, lack, free, rng)[row]


def _cost(counts: np.ndarray, target: np.ndarray, lack: np.ndarray) -> np.ndarray:
    """Return how bad the counts of subsets are [labels along the last axis]."""
    return ((counts - target) ** 2).sum(axis=-1) + lack * (counts == 0).sum(axis=-1)


def _counts(place: np.ndarray, sizes: np.ndarray, target: np.ndarray) -> np.ndarray:
    counts = np.zeros_like(target)
    np.add.at(counts, place, sizes)
    return counts


def _one_by_one(order: np.ndarray, sizes: np.ndarray, target: np.ndarray, free: np.ndarray) -> np.ndarray:
    """Place groups in turn, each where most is missing."""
    place = np.zeros(len(sizes), dtype=int)
    missing = target.copy()
    missing[0] -= sizes[~free].sum(axis=0)
    for group in order[free[order]]:
        place[group] = np.argmax(missing @ sizes[group])
        missing[place[group]] -= sizes[group]
    return place


def improved(
    place: np.ndarray,
    sizes: np.ndarray,
    target: np.ndarray,
    lack: np.ndarray,
    free: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Move a group, or exchange two, for as long as that helps.

    Parameters
    ----------
    place : np.ndarray [shape=(n_groups,), dtype=int]
        The subset of each group.
    sizes : np.ndarray [shape=(n_groups, n_labels), dtype=int]
        Its tracks of each label.
    target : np.ndarray [shape=(n_subsets, n_labels), dtype=int]
        How many there should be in each subset; squares of what is missed count.
    lack : np.ndarray [shape=(n_subsets,), dtype=int]
        What a label's absence from a subset costs.
    free : np.ndarray [shape=(n_groups,), dtype=bool]
        Which groups may be moved.
    rng : np.random.Generator
        Picks the pairs that are looked at where there are many.

    Returns
    -------
    np.ndarray [shape=(n_groups,), dtype=int]
    """
    place, every, movable = place.copy(), np.arange(len(place)), np.flatnonzero(free)
    counts = _counts(place, sizes, target)
    while True:
        now = _cost(counts, target, lack)
        left = _cost(counts[place] - sizes, target[place], lack[place]) - now[place]
        moves = left[:, None] + _cost(counts + sizes[:, None], target, lack) - now
        moves[every, place] = 0
        moves[~free] = 0
        group, to = np.unravel_index(np.argmin(moves), moves.shape)
        gain = moves[group, to]
        one, other = _pairs(movable, place, rng)
        if len(one):
            here, there, change = place[one], place[other], sizes[other] - sizes[one]
            exchanges = (
                _cost(counts[here] + change, target[here], lack[here])
                + _cost(counts[there] - change, target[there], lack[there])
                - now[here]
                - now[there]
            )
            pair = np.argmin(exchanges)
            if exchanges[pair] < min(gain, 0):
                counts[here[pair]] += change[pair]
                counts[there[pair]] -= change[pair]
                place[one[pair]], place[other[pair]] = there[pair], here[pair]
                continue
        if gain >= 0:
            return place
        counts[place[group]] -= sizes[group]
        counts[to] += sizes[group]
        place[group] = to


def _pairs(groups: np.ndarray, place: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs of groups in different places, all of them or as many as can be looked at."""
    if len(groups) * (len(groups) - 1) // 2 <= _PAIRS:
        one, other = np.triu_indices(len(groups), k=1)
    else:
        one, other = rng.integers(len(groups), size=(2, _PAIRS))
    one, other = groups[one], groups[other]
    apart = place[one] != place[other]
    return one[apart], other[apart]
