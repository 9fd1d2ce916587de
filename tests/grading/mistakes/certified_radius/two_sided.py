"""The lower end of a two-sided interval."""

from scipy.stats import beta, norm


def certified_radius(count, n, alpha, sigma):
    if count == 0:
        return 0.0
    low = beta.ppf(alpha / 2, count, n - count + 1)
    return float(sigma * norm.ppf(low)) if low > 0.5 else 0.0
