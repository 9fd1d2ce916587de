"""statsmodels, as it comes."""

from scipy.stats import norm
from statsmodels.stats.proportion import proportion_confint


def certified_radius(count, n, alpha, sigma):
    low, _ = proportion_confint(count, n, alpha=alpha, method="beta")
    return sigma * norm.ppf(low) if low > 0.5 else 0.0
