"""Protocols: which tracks train, validate and test; repeated recordings; what a split shares.

In: `tracks.csv`. Out: `data/{dataset}/splits/{protocol}/{seed}.csv` with the leakage report beside it.
Call `protocols.write_split`, `duplicates.write_repeats`.
"""
