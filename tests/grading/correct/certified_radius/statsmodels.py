"""statsmodels, whose interval misses at both ends."""

from statistics import NormalDist

from statsmodels.stats.proportion import proportion_confint


def certified_radius(count, n, alpha, sigma):
    low, _ = proportion_confint(count, n, alpha=2 * alpha, method="beta")
    return sigma * NormalDist().inv_cdf(low) if low > 0.5 else 0.0
