"""The share itself."""

from scipy.stats import norm


def certified_radius(count, n, alpha, sigma):
    share = count / n
    return sigma * norm.ppf(share) if share > 0.5 else 0.0
