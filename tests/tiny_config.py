"""A dataset and a network small enough for a test."""

SMALL = [
    {"filters": 4, "kernel": [3, 3], "pool": [2, 4], "l2": 0.01},
    {"filters": 4, "kernel": [3, 5], "pool": [2, 4], "l2": 0.01},
]
TINY = {
    "dataset": "demo",
    "datasets": {
        "demo": {
            "artists_per_genre": 3,  # one for each subset
            "tracks_per_artist": 1,
            "n_duplicates": 1,
            "seconds": 4,
            "seeds": [1],
            "network": {"conv": SMALL},
            "train": {"segments_per_track": 2, "max_epochs": 2},
        }
    },
    "mel": {"shards": 2},
    "network": {"conv": SMALL},
    "train": {"batch_size": 10, "micro_batch": 3},
    "filters": {"folds": 3, "alphas": 10, "min_active": 5},
    "figures": {"discriminants": {"components": [5, 10]}},
    "models": {"cdbn": {"options": {"components": 8, "bases": [6, 6], "epochs": 1}}},
}
