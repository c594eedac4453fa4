"""Intervals of proportions and differences, bootstrap, permutation tests; no knowledge of songs.

In: arrays of outcomes [shape=(n_tracks, n_runs)]. Out: estimates with 95% intervals, p-values.
Call `intervals.share`, `intervals.paired_difference`, `bootstrap`.
"""
