"""Splits by protocol, duplicate recordings, leakage reports.

In: `tracks.csv` and mel shards. Out: `data/{dataset}/splits/duplicates.csv`, `{protocol}/{seed}.csv` and its leakage
report, `{protocol}/{seed}.json`. Call `duplicates.write_duplicates`, `protocols.write_split`.
"""
