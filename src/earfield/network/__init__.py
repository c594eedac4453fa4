"""The network: build, save, load, apply; its receptive fields.

In: segments [shape=(n, n_frames, n_mels)]. Out: probabilities [shape=(n, n_labels)]; `.keras` files.
Call `device.configure` first, then `architecture.build_network`, `predict.TrackPredictor`.
"""
