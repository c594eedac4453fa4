"""What an epoch has, when training ends and which epoch is kept."""

import numpy as np
import pytest
import yaml

from earfield.configuration.settings import TrainSettings
from earfield.train.recipes import RECIPES

CONFIG = yaml.safe_load(open("config.yaml", encoding="utf-8"))


def recipe(name, lengths, **changes):
    settings = TrainSettings.parse(
        CONFIG["train"] | {"segments_per_track": 3, "max_epochs": 5500, "patience": 500} | changes
    )
    lengths = np.asarray(lengths)
    return RECIPES[name](lengths=lengths, shortest=int(lengths.min()), frames=30, settings=settings, seed=1)


def history(accuracies):
    return [{"validation_accuracy": each, "validation_loss": 1.0} for each in accuracies]


@pytest.mark.parametrize(
    ("tracks", "shape"), [(500, (2, 150)), (449, (1, 150)), (300, (1, 150)), (65, (2, 21)), (4, (3, 1)), (1, (1, 1))]
)
def test_authors_epoch_leaves_the_last_batch_of_tracks_out(tracks, shape):
    assert recipe("published_code", [90] * tracks).plan(0)[0].shape == shape


def test_authors_batches_have_other_tracks_and_one_start_each():
    author = recipe("published_code", [90] * 500)
    tracks, starts = author.plan(3)
    assert len(set(tracks.ravel().tolist())) == tracks.size
    assert [len(set(row.tolist())) for row in starts] == [1, 1]
    assert author.validation_start(3) == starts[-1, 0]
    first = np.array([author.plan(epoch)[1][:, 0] for epoch in range(200)])
    assert first.min() == 0 and first.max() == 60 and len(np.unique(first)) == 61


def test_authors_starts_fit_the_shortest_track():
    author = recipe("published_code", [300, 33, 90])
    assert max(author.plan(epoch)[1].max() for epoch in range(50)) == 3


def test_author_ends_after_a_round_that_changed_little():
    author = recipe("published_code", [90] * 9, max_epochs=60, patience=20)
    rising = list(np.linspace(0.2, 0.6, 20))
    settled = [0.6] * 20
    assert not author.is_over([]) and not author.is_over(history(settled[:19]))
    assert author.is_over(history(settled)) and not author.is_over(history(rising))
    assert author.is_over(history(rising + settled)) and not author.is_over(history(rising + rising))
    assert author.is_over(history(rising * 3))


def test_author_keeps_the_last_epoch_and_ours_the_best():
    epochs = history([0.5, 0.7, 0.6])
    assert (recipe("published_code", [90] * 9).kept(epochs), recipe("random_segments", [90] * 9).kept(epochs)) == (2, 1)
    assert (recipe("published_code", [90] * 9).kept([]), recipe("random_segments", [90] * 9).kept([])) == (-1, -1)


def test_ours_ends_without_a_better_epoch_or_after_the_last():
    windows = recipe("random_segments", [90] * 9, patience=2, max_epochs=4)
    assert [windows.is_over(history([0.7, 0.6, 0.6, 0.8][:n])) for n in range(5)] == [False, False, False, True, True]
    assert not windows.is_over(history([0.5, 0.6, 0.6]))
    assert windows.plan(0)[0].size >= 27 and windows.validation_start(0) is None
