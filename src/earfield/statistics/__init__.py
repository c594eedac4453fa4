"""Confidence intervals of means and differences, bootstrap of populations, permutation tests; no knowledge of songs.

In: arrays of outcomes [shape=(n_tracks, n_runs)]. Out: estimates with 95% confidence intervals, p-values.
Call `intervals.mean_ci`, `intervals.paired_difference_ci`, `bootstrap.compare`.
"""
