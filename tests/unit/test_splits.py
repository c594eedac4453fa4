"""Splits: disjoint, covering, in ratio within each label, the same for the same seed."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earfield.errors import DatasetError
from earfield.splits import SUBSETS, stratified, write_split

labels = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5)
sizes = st.dictionaries(labels, st.integers(3, 60), min_size=1, max_size=6)
ratios = st.lists(st.one_of(st.integers(1, 10), st.floats(0.01, 100)), min_size=3, max_size=3)
seeds = st.integers(0, 100_000)


def collection(sizes):
    """Return tracks of each label, in mixed order."""
    rows = [(f"{label}/{number}", label) for label, size in sizes.items() for number in range(size)]
    order = np.random.default_rng(0).permutation(len(rows))
    return pd.DataFrame(rows, columns=["track", "label"]).iloc[order].reset_index(drop=True)


GTZAN = collection({f"genre {number}": 100 for number in range(10)})


@settings(deadline=None)
@given(sizes=sizes, ratio=ratios, seed=seeds)
def test_counts_of_each_label_are_the_ratios(sizes, ratio, seed):
    tracks = collection(sizes)
    subsets = stratified(tracks, seed=seed, ratio=ratio)
    assert len(subsets) == len(tracks) and set(subsets) <= set(SUBSETS)
    for label, n in sizes.items():
        counts = Counter(subsets[tracks.label == label])
        assert counts.total() == n
        quotas = {subset: share / sum(ratio) * n for subset, share in zip(SUBSETS, ratio, strict=True)}
        assert all(counts[subset] >= 1 for subset in SUBSETS)
        if min(quotas.values()) >= 1:
            assert all(abs(counts[subset] - quotas[subset]) < 1 for subset in SUBSETS)
        # What is rounded up has a larger remainder than what is rounded down.
        up = [quota % 1 for subset, quota in quotas.items() if counts[subset] > quota and quota >= 1]
        down = [quota % 1 for subset, quota in quotas.items() if counts[subset] < quota]
        if up and down and min(quotas.values()) >= 1:
            assert min(up) >= max(down) - 1e-9


def test_gtzan_gives_50_20_30_of_each_genre_in_every_seed():
    for seed in range(1, 31):
        subsets = stratified(GTZAN, seed=seed, ratio=[5, 2, 3])
        counts = pd.crosstab(GTZAN.label, subsets)[list(SUBSETS)]
        assert (counts == [50, 20, 30]).all(axis=None)


def test_ratio_has_no_unit():
    one, other = (stratified(GTZAN, seed=1, ratio=ratio) for ratio in ([5, 2, 3], [0.5, 0.2, 0.3]))
    assert (one == other).all()


def test_no_song_is_in_two_subsets_over_200_seeds(tmp_path, tracks_csv):
    tracks = collection({"a": 7, "b": 3, "c,d": 11, "é": 20})
    path = tracks_csv(tracks.assign(problem=np.where(tracks.track == "a/0", "is silent", "")))
    usable = set(tracks.track) - {"a/0"}
    seen = set()
    for seed in range(200):
        write_split(tracks=path, path=tmp_path / "split.csv", seed=seed, kind="stratified", ratio=[5, 2, 3])
        split = pd.read_csv(tmp_path / "split.csv", keep_default_na=False)
        assert list(split.columns) == ["track", "label", "subset"]
        subsets = [set(split.track[split.subset == subset]) for subset in SUBSETS]
        assert sum(map(len, subsets)) == len(split) == len(usable)
        assert set.union(*subsets) == usable
        assert dict(zip(split.track, split.label, strict=True)) == {track: track.split("/")[0] for track in usable}
        seen.add((tmp_path / "split.csv").read_bytes())
    assert len(seen) == 200


@given(sizes=sizes, seed=seeds)
def test_same_seed_gives_the_same_split(sizes, seed):
    once, again = (stratified(collection(sizes), seed=seed, ratio=[5, 2, 3]) for _ in range(2))
    assert (once == again).all()


@given(sizes=st.dictionaries(labels, st.integers(3, 20), min_size=2), more=st.integers(1, 5), seed=seeds)
def test_tracks_added_to_one_label_leave_the_others_as_they_were(sizes, more, seed):
    grown = next(iter(sizes))
    splits = []
    for each in (sizes, sizes | {grown: sizes[grown] + more}):
        tracks = collection(each).sort_values("track")
        subset = stratified(tracks, seed=seed, ratio=[5, 2, 3])
        splits.append(
            {track: s for track, s, label in zip(tracks.track, subset, tracks.label, strict=True) if label != grown}
        )
    assert splits[0] == splits[1]


def test_every_track_is_tested_sooner_or_later():
    tested = np.array([stratified(GTZAN, seed=seed, ratio=[5, 2, 3]) == "test" for seed in range(60)])
    assert tested.any(axis=0).all()
    # Each track is tested in 30% of the seeds, give or take five standard errors.
    assert np.abs(tested.mean(axis=0) - 0.3).max() < 5 * np.sqrt(0.3 * 0.7 / 60)


def test_labels_are_split_independently():
    subsets = {
        label: tuple(stratified(GTZAN, seed=1, ratio=[5, 2, 3])[GTZAN.label == label]) for label in set(GTZAN.label)
    }
    assert len(set(subsets.values())) == 10


@pytest.mark.parametrize(("n", "words"), [(1, "1 usable track,"), (2, "2 usable tracks,")])
def test_label_with_too_few_tracks_is_named(n, words):
    with pytest.raises(DatasetError) as caught:
        stratified(collection({"rock": 9, "polka": n}), seed=1, ratio=[5, 2, 3])
    assert str(caught.value) == (
        f"The label 'polka' has {words} and a split into 3 subsets needs 3; add tracks of it or leave the label out."
    )


def test_collection_of_one_label_is_refused(tmp_path, tracks_csv):
    path = tracks_csv(collection({"rock": 9}))
    with pytest.raises(DatasetError, match=r"has one label, 'rock'; a classifier needs two or more\."):
        write_split(tracks=path, path=tmp_path / "split.csv", seed=1, kind="stratified", ratio=[5, 2, 3])
    assert not (tmp_path / "split.csv").exists()
