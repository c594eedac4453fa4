"""Decoding of audio files to mono waveforms.

In: a path. Out: float32 [shape=(n_samples,)], scaled to ±1, at a sample rate [Hz].
Call `read.read_audio`.
"""
