"""Models other than the network: each is a module with a function `predict`, found by its name.

In: a split, and features or spectrograms of its tracks. Out: `predictions.csv`, probabilities of each test track.
Call `estimator.predict_with_module`; a module receives a `Task` and its options, and uses `estimator.choose`.
"""
