"""Confidence intervals of a proportion."""

import math

NORMAL_95 = 1.959963984540054  # half the width of a 95% interval, in standard deviations of a normal distribution


def wilson_interval(hits: float, n: float) -> tuple[float, float]:
    """Return the 95% interval of a share.

    Parameters
    ----------
    hits, n : float
        So many of so many.

    Returns
    -------
    low, high : float
        Wilson's score interval: within 0 to 1, and of some width even at 0 and 1.

    Source: Wilson (1927), Journal of the American Statistical Association 22, 209-212.
    """
    share, z2 = hits / n, NORMAL_95**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = NORMAL_95 / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)
