"""Doubles as whole numbers, so that a database can add them up exactly, and the way back.

A double is m·2^e with whole m and e. Sums of m, and of m² in two halves, fit 128-bit integers for each
exponent; here they are put together and rounded once.
"""
import math

SPLIT = 2**32  # mantissas are squared in two halves, so that sums of squares stay within 128 bits


def mantissa_and_exponent(value):
    """Whole numbers m and e with value = m * 2**e, exactly."""
    if isinstance(value, int):
        return value, 0
    fraction, exponent = math.frexp(value)
    return int(fraction * 2**53), exponent - 53


def nearest(exact):
    try:
        return float(exact) + 0.0
    except OverflowError:
        return None


def finish(function, n, first, second):
    """The value of a double-valued function from the exact sums of x and x²."""
    if function == "sum":
        return nearest(first)
    if n == 0 or (function != "mean" and n < 2):
        return None
    if function == "mean":
        top = nearest(first)
        return nearest(first / n) if top is None else top / n
    variance = nearest((n * second - first * first) / (n * (n - 1)))
    if function == "variance" or variance is None:
        return variance
    return math.sqrt(variance)


def native_tolerance(function, n, size, second):
    """How far DuckDB's own aggregate may lie from the exact value: 4 units in the last place of the sum of
    |x| for sums and means (the bound of compensated summation), 4·n·2⁻⁵³·Σx² / (n-1) for variances, which
    is well above the bound of Welford's method."""
    if function == "sum":
        return 4 * math.ulp(size)
    if function == "mean":
        return 4 * math.ulp(size) / n + math.ulp(0.0)
    return 4 * n * 2.0**-53 * float(second) / (n - 1)
