"""Random generators named by what they draw, so that no draw changes another."""

import hashlib

import numpy as np


def generator(*names: str | int) -> np.random.Generator:
    """Make the random generator that belongs to a name.

    Parameters
    ----------
    *names : str or int
        What is drawn, from the general to the particular, such as `seed, "waltz", 3, "lead"`.

    Returns
    -------
    np.random.Generator
        The same for the same names in every process; unrelated for any other names.
    """
    digest = hashlib.sha256("\x1f".join(str(name) for name in names).encode()).digest()
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(int.from_bytes(digest[:16], "big"))))
