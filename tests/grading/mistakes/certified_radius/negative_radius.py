"""No abstaining."""

from scipy.stats import beta, norm


def certified_radius(count, n, alpha, sigma):
    if count == 0:
        return 0.0
    low = beta.ppf(alpha, count, n - count + 1)
    return float(sigma * norm.ppf(low))
