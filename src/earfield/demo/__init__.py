"""The demo dataset: sketches of music in ten invented styles, made by code and the same in every run.

In: numbers of artists and tracks, a seed. Out: `<label>/<track>.flac` (22,050 Hz, mono) and `tracks.csv`.
Call `collection.plan`, `collection.render`, `collection.write_collection`.
"""
