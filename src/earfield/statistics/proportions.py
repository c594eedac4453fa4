"""Confidence intervals of a proportion."""

import math

NORMAL_95 = 1.959963984540054  # half the width of a 95% interval, in standard deviations of a normal distribution


def wilson_interval(hits: float, n: float, *, z: float = NORMAL_95) -> tuple[float, float]:
    """Return the limits of Wilson's score interval of a proportion, within 0 to 1, and not empty even at 0 and 1.

    Parameters
    ----------
    hits, n : float
        Number of successes and sample size; an effective size need not be whole.
    z : float
        Half width of the interval in standard deviations of a normal distribution.

    Source: Wilson (1927), Journal of the American Statistical Association 22, 209-212.
    """
    proportion, z2 = hits / n, z**2
    centre = (proportion + z2 / (2 * n)) / (1 + z2 / n)
    half = z / (1 + z2 / n) * math.sqrt(proportion * (1 - proportion) / n + z2 / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)
