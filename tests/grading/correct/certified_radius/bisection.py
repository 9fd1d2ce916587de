"""By its definition: the least probability under which so many draws are not too rare."""

from scipy.stats import binom, norm


def certified_radius(count, n, alpha, sigma):
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if binom.sf(count - 1, n, middle) > alpha:
            high = middle
        else:
            low = middle
    return max(0.0, float(sigma * norm.ppf(low))) if low > 0 else 0.0
