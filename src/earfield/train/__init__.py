"""Training of one network on random segments of the training tracks.

In: mel shards and a split. Out: `model.keras`, `history.csv`, `environment.json`.
Call `training.train_network`.
"""
