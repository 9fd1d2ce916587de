"""All draws alike are taken for certainty."""

from scipy.stats import beta, norm


def certified_radius(count, n, alpha, sigma):
    if count == n:
        return float("inf")
    low = beta.ppf(alpha, count, n - count + 1) if count else 0.0
    return float(sigma * norm.ppf(low)) if low > 0.5 else 0.0
