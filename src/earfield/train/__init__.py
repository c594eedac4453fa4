"""Training of one network on random segments of the training tracks.

In: mel shards, a split and `ModelSettings`. Out: `model.keras`, `history.csv`, `environment.json`.
Call `training.train_network`, `environment.write_environment`.
"""
