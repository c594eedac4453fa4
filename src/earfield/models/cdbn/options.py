"""Options of the convolutional deep belief network, which the configuration names."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """Options of the network and its classifier.

    Attributes
    ----------
    frames : int
        Length of a segment [frames].
    overlap : float
        Overlap of neighbouring segments, as a fraction of their length.
    components : int or float
        Number of whitened components, or below 1 the fraction of the variance that they have to explain.
    bases : sequence of int
        Number of bases of each layer.
    length, pooling : int
        Frames of a basis and positions in a block, of every layer.
    epochs, batch_size : int
        Epochs of each layer, and segments in a step.
    learning_rate : float
        Step along the mean contrast of a hidden unit's position.
    activation : float
        Target sparsity: the mean probability of a hidden unit.
    c : sequence of float
        Inverse weights of the classifier's squared coefficients to choose from.
    """

    frames: int
    overlap: float
    components: float
    bases: Sequence[int]
    length: int
    pooling: int
    epochs: int
    batch_size: int
    learning_rate: float
    activation: float
    c: Sequence[float]
