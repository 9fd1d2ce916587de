"""Hoeffding's inequality."""

import math

from scipy.stats import norm


def certified_radius(count, n, alpha, sigma):
    low = count / n - math.sqrt(math.log(1 / alpha) / (2 * n))
    return sigma * norm.ppf(low) if low > 0.5 else 0.0
