"""Receptive fields by Lasso, their spectro-temporal measures, null kernels, auditory reference values.

In: dumped activations and mel shards. Out: `filters.npz` [shape=(n_units, n_bands, n_frames)], `filters.csv`.
Call `estimate.write_filters`, `strf`, `resemblance`.
"""
