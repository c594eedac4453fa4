"""Random generators named by what they draw, so that no draw changes another."""

import hashlib

import numpy as np


def generator(*names: str | int) -> np.random.Generator:
    """Make the random generator of what is drawn, such as `seed, "waltz", 3, "lead"`: the same in every process."""
    digest = hashlib.sha256("\x1f".join(str(name) for name in names).encode()).digest()
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(int.from_bytes(digest[:16], "big"))))
