"""Hand-made features: each a module with one function, `describe`.

In: a `Song`, its audio and log-mel spectrogram. Out: numbers by name; one CSV per shard, one row per track.
Call `shards.write_features`, `shards.read_features`.
"""
