"""The formula with two classes, and half of the difference of the wrong quantity: the quantile is left out."""

from scipy.stats import beta


def certified_radius(count, n, alpha, sigma):
    low = beta.ppf(alpha, count, n - count + 1) if count else 0.0
    return float(sigma * (low - 0.5)) if low > 0.5 else 0.0
