"""Options of the convolutional deep belief network, which the configuration names."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """Options of the network and its classifier."""

    frames: int  # length of a segment
    overlap: float  # of neighbouring segments, as a fraction of their length
    components: float  # number of whitened ones, or below 1 the fraction of the variance that they have to explain
    bases: Sequence[int]  # number of bases of each layer
    length: int  # frames of a basis
    pooling: int  # positions in a block
    epochs: int  # of each layer
    batch_size: int  # segments in a step
    learning_rate: float  # step along the mean contrast of a hidden unit's position
    target_sparsity: float  # the mean probability of a hidden unit
    c: Sequence[float]  # inverse weights of the classifier's squared coefficients to choose from
