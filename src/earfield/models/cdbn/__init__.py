"""A convolutional deep belief network: CRBM layers, contrastive divergence, whitening.

In: mel shards. Out: mean pooled probabilities of each layer per segment, and probabilities of labels per track.
Call `network.train_cdbn` and `network.describe`; the configuration names `model.predict`.
"""
