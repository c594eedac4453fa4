"""The demo dataset: synthetic music in ten invented styles, identical in every run.

In: numbers of artists and tracks, a seed. Out: `<label>/<track>.flac` (22,050 Hz, mono) and `tracks.csv`.
Call `collection.plan`, `collection.render`, `collection.write_collection`.
"""
