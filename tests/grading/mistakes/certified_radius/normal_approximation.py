"""The textbook interval."""

from scipy.stats import norm


def certified_radius(count, n, alpha, sigma):
    share = count / n
    low = share - norm.ppf(1 - alpha) * (share * (1 - share) / n) ** 0.5
    return sigma * norm.ppf(low) if low > 0.5 else 0.0
