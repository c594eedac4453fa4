"""Splits of tracks that have several tags: every subset gets its share of the tracks of each tag."""

from collections.abc import Sequence

import numpy as np

from earfield.splits.grouped_split import improved


def iterative_stratification(
    has: np.ndarray,
    groups: np.ndarray,
    *,
    ratio: Sequence[float],
    key: Sequence[int],
    in_first: np.ndarray | None = None,
) -> np.ndarray:
    """Share groups of tracks out so that each tag is in each subset as often as the ratio says, as nearly as can be.

    The tag of which the fewest tracks are left is dealt out first: each of its groups, the largest first, goes to the
    subset that lacks most of that tag, among equals to the one that lacks most tracks, and then to one by chance. Where
    groups hold several tracks, groups are then moved and exchanged for as long as that brings the counts nearer.

    Parameters
    ----------
    has : np.ndarray [shape=(n_tracks, n_tags), dtype=bool]
        Which track has which tag.
    groups : np.ndarray [shape=(n_tracks,), dtype=int]
        Tracks of one group go to one subset.
    ratio : sequence of float [shape=(n_subsets,)]
        Share of each subset, in any unit.
    key : sequence of int
        Seeds the draw.
    in_first : np.ndarray [shape=(n_tracks,), dtype=bool], optional
        Tracks that have to be in the first subset, with all of their group.

    Returns
    -------
    np.ndarray [shape=(n_tracks,), dtype=int]
        The subset of each track.

    Source: Sechidis, Tsoumakas & Vlahavas (2011), "On the stratification of multi-label data", ECML PKDD, algorithm 1,
    for groups of tracks in the place of tracks; moves and exchanges are ours.
    """
    rng = np.random.default_rng([*key, *b"tags"])
    row = np.unique(groups, return_inverse=True)[1]
    n_groups = int(row.max()) + 1
    sizes = np.bincount(row, minlength=n_groups)
    counts = np.zeros((n_groups, has.shape[1]), dtype=np.int64)
    np.add.at(counts, row, has)
    shares = np.asarray(ratio, dtype=float) / np.sum(ratio)
    lacking, lacking_tracks = shares[:, None] * counts.sum(axis=0), shares * len(has)
    place = np.full(n_groups, -1)

    def put(group: int, subset: int) -> None:
        place[group] = subset
        lacking[subset] -= counts[group]
        lacking_tracks[subset] -= sizes[group]

    def subset_for(tag: int | None) -> int:
        of_tag = np.zeros(len(shares)) if tag is None else lacking[:, tag].round(9)
        order = np.lexsort([rng.permutation(len(shares)), -lacking_tracks.round(9), -of_tag])
        return int(next(subset for subset in order if shares[subset] > 0))

    free = np.ones(n_groups, dtype=bool)
    if in_first is not None:
        free[row[in_first]] = False
    for group in np.flatnonzero(~free):
        put(int(group), 0)
    while True:
        left = counts[place < 0].sum(axis=0)
        if not left.any():
            break
        tag = int(np.argmin(np.where(left > 0, left, np.inf)))
        own = rng.permutation(np.flatnonzero((place < 0) & (counts[:, tag] > 0)))
        for group in own[np.argsort(-counts[own, tag], kind="stable")]:
            put(group, subset_for(tag))
    for group in rng.permutation(np.flatnonzero(place < 0)):
        put(group, subset_for(None))
    if n_groups < len(has):
        # The number of tracks counts like one more tag. That a subset lacks a tag outweighs any miss of the counts.
        of_all = np.column_stack([counts, sizes])
        target = np.rint(shares[:, None] * of_all.sum(axis=0)).astype(np.int64)
        lack = (shares > 0) * (of_all.sum() ** 2 + 1)
        place = improved(place, of_all, target, lack, free, rng)
    return place[row]
