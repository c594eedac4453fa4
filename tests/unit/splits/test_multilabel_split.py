"""Splits of tracks with several tags: stratified for every tag, whole groups, reproducible."""

import numpy as np
import pytest

from earfield.splits.grouped_split import stratified_multilabel_split


def tracks(n=600, seed=0):
    """Return which track has which tag: six tags of 3 to 60%, two of which nearly always come together."""
    rng = np.random.default_rng(seed)
    has = rng.uniform(size=(n, 6)) < [0.6, 0.4, 0.25, 0.1, 0.05, 0.03]
    has[:, 2] |= has[:, 3]
    return has


def counts(has, places, n_subsets=3):
    return np.stack([has[places == subset].sum(axis=0) for subset in range(n_subsets)])


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("ratio", [[5, 2, 3], [0.1, 0.1, 0.8]])
def test_counts_of_each_tag_are_near_the_ratio(seed, ratio):
    has = tracks()
    places = stratified_multilabel_split(has, np.arange(len(has)), ratio=ratio, key=[seed])
    shares = np.array(ratio) / np.sum(ratio)
    assert np.abs(counts(has, places) - shares[:, None] * has.sum(axis=0)).max() <= 2
    assert np.abs(np.bincount(places) - shares * len(has)).max() <= 0.05 * len(has)


def test_it_is_nearer_than_chance():
    has, shares = tracks(), np.array([0.5, 0.2, 0.3])
    wanted = shares[:, None] * has.sum(axis=0)
    own = stratified_multilabel_split(has, np.arange(len(has)), ratio=shares, key=[1])
    drawn = np.random.default_rng(1).permutation(np.repeat([0, 1, 2], [300, 120, 180]))
    assert np.abs(counts(has, own) - wanted).sum() < 0.2 * np.abs(counts(has, drawn) - wanted).sum()


def test_three_tracks_of_a_tag_go_to_three_subsets():
    has = np.zeros((60, 2), dtype=bool)
    has[:3, 0], has[:, 1] = True, True
    for seed in range(20):
        places = stratified_multilabel_split(has, np.arange(60), ratio=[5, 2, 3], key=[seed])
        assert sorted(places[:3]) == [0, 1, 2]


def test_groups_stay_together_and_near_the_ratio():
    has = tracks()
    groups = np.random.default_rng(2).integers(0, 200, size=len(has))
    for seed in range(5):
        places = stratified_multilabel_split(has, groups, ratio=[5, 2, 3], key=[seed])
        assert all(len(set(places[groups == group])) == 1 for group in set(groups))
        wanted = np.array([0.5, 0.2, 0.3])[:, None] * has.sum(axis=0)
        assert np.abs(counts(has, places) - wanted).max() <= 0.1 * len(has) ** 0.5 + 0.1 * wanted.max()


def test_what_has_to_be_in_the_first_subset_is_there_with_its_group():
    has = tracks()
    groups = np.arange(len(has)) // 2
    in_first = np.arange(len(has)) < 41
    places = stratified_multilabel_split(has, groups, ratio=[5, 2, 3], key=[1], in_first=in_first)
    assert (places[:42] == 0).all() and abs((places == 0).sum() - 300) <= 30


def test_a_seed_makes_a_split_and_another_seed_another():
    has, groups = tracks(), np.arange(600)
    splits = [stratified_multilabel_split(has, groups, ratio=[5, 2, 3], key=[seed]) for seed in (1, 1, 2)]
    assert (splits[0] == splits[1]).all() and (splits[0] != splits[2]).mean() > 0.2


def test_subset_without_share_gets_nothing():
    has = tracks(60)
    assert set(stratified_multilabel_split(has, np.arange(60), ratio=[3, 0, 1], key=[1])) == {0, 2}
