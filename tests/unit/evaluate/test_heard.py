"""How much of a track is enough: counted by hand and by brute force."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from earfield.evaluate.network_predictions import hits_by_length


def test_two_windows_by_hand():
    probabilities = np.array([[0.9, 0.1], [0.4, 0.6], [0.4, 0.6]])
    # One window: right, wrong, wrong. Two: 1.3 to 0.7 right, 0.8 to 1.2 wrong. All: 1.7 to 1.3 right.
    assert hits_by_length(probabilities, target=0) == [(1, 3, 1), (2, 2, 1), (3, 1, 1)]


@given(n=st.integers(1, 70), seed=st.integers(0, 100), target=st.integers(0, 2))
def test_every_stretch_is_counted_once(n, seed, target):
    probabilities = np.random.default_rng(seed).dirichlet([1, 1, 1], n).astype(np.float32)
    found = hits_by_length(probabilities, target=target)
    sizes = [size for size, _, _ in found]
    assert sizes[0] == 1 and sizes == sorted(set(sizes)) and sizes[-1] <= n < 1.51 * sizes[-1] + 1
    for size, positions, hits in found:
        stretches = [probabilities[start : start + size].astype(float) for start in range(n - size + 1)]
        assert positions == len(stretches)
        assert hits == sum(stretch.mean(axis=0).argmax() == target for stretch in stretches)
