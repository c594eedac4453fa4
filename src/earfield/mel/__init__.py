"""Log-mel spectrograms: the front end, and shards of many tracks in one array.

In: waveforms [shape=(n_samples,)]. Out: float32 [shape=(n_frames, n_mels)], ln(1 + power).
Call `log_mel.log_mel`, `log_mel.write_shard`, `shards.MelShards`.
"""
