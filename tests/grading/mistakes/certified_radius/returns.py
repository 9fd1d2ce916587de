"""The bound is printed, not returned."""

from scipy.stats import beta, norm


def certified_radius(count, n, alpha, sigma):
    if count == 0:
        return 0.0
    low = beta.ppf(alpha, count, n - count + 1)
    print(sigma * norm.ppf(low) if low > 0.5 else 0.0)
    return None
