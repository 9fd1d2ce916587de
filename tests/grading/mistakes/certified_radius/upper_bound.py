"""The other end."""

from scipy.stats import beta, norm


def certified_radius(count, n, alpha, sigma):
    if count in (0, n):
        return 0.0 if count == 0 else float("inf")
    low = beta.ppf(1 - alpha, count + 1, n - count)
    return float(sigma * norm.ppf(low)) if low > 0.5 else 0.0
