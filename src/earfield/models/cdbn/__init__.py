"""A convolutional deep belief network: crbm, its kernels, contrastive divergence, whitening.

In: mel shards. Out: activations of two layers per segment, and probabilities per track.
Call `network.train_cdbn`; `model.predict` is what the configuration names.
"""
