"""Transcendental functions in float32 as polynomials of least maximum error.

The compiler has no vector versions of the library's functions; these are plain arithmetic, so that
loops over them vectorise.
"""

from __future__ import annotations

import math

import numba
import numpy as np

_F = np.float32
_ZERO, _HALF, _ONE, _TWO = _F(0.0), _F(0.5), _F(1.0), _F(2.0)
# tanh(x) = x P(x^2) / Q(x^2) for |x| up to the limit, of least maximum error (2e-8 in exact
# arithmetic, 4e-7 in float32); beyond the limit tanh is within 3e-7 of 1.
_LIMIT = np.float32(8.0)
_P0 = np.float32(0.999999912965706)
_P1 = np.float32(0.12972586709947148)
_P2 = np.float32(0.002978818937302733)
_P3 = np.float32(9.815607535896589e-06)
_P4 = np.float32(-1.4517283382093078e-08)
_P5 = np.float32(2.3026717607912805e-11)
_Q1 = np.float32(0.4630588436042916)
_Q2 = np.float32(0.02399886089674413)
_Q3 = np.float32(0.00023623910489225435)
# sin(pi x) / x in x^2 for |x| <= 1/2, of least maximum error (7e-9 in the sine).
_S0, _S1, _S2, _S3, _S4 = (
    _F(3.1415926401), _F(-5.1677100767), _F(2.5500773865), _F(-0.5982904113), _F(0.0776559122),
)  # fmt: skip
_LOG2_E = _F(1 / math.log(2))
_LN2_HIGH, _LN2_LOW = _F(0.693359375), _F(-2.12194440e-4)


@numba.njit(fastmath=True, inline="always")
def tanh(x: float) -> float:
    """Hyperbolic tangent in float32, absolute error below 4e-7; unlike the library's it
    vectorises."""
    x = min(max(x, -_LIMIT), _LIMIT)
    s = x * x
    top = x * (_P0 + s * (_P1 + s * (_P2 + s * (_P3 + s * (_P4 + s * _P5)))))
    return top / (_ONE + s * (_Q1 + s * (_Q2 + s * _Q3)))


@numba.njit(fastmath=True, inline="always")
def sigmoid(x: float) -> float:
    """Logistic function in float32, ``(1 + tanh(x / 2)) / 2``."""
    return _HALF + _HALF * tanh(_HALF * x)


@numba.njit(fastmath=True, inline="always")
def sine_of_pi(x: float) -> float:
    """``sin(pi x)`` in float32, absolute error below 3e-7 for moderate ``x``."""
    n = np.floor(x + _HALF)
    r = x - n
    s = r * r
    value = r * (_S0 + s * (_S1 + s * (_S2 + s * (_S3 + s * _S4))))
    odd = n - _TWO * np.floor(_HALF * n)
    return value * (_ONE - _TWO * odd)


@numba.njit(fastmath=True, inline="always")
def exponential(x: float) -> float:
    """``exp(x)`` in float32, relative error below 3e-7, for ``|x|`` up to 80."""
    n = np.floor(x * _LOG2_E + _HALF)
    r = (x - n * _LN2_HIGH) - n * _LN2_LOW
    value = _F(1.9875691500e-4)
    value = value * r + _F(1.3981999507e-3)
    value = value * r + _F(8.3334519073e-3)
    value = value * r + _F(4.1665795894e-2)
    value = value * r + _F(1.6666665459e-1)
    value = value * r + _HALF
    value = value * r * r + r + _ONE
    return value * np.int32((np.int32(n) + np.int32(127)) << 23).view(np.float32)


@numba.njit(fastmath={"contract"})
def exponential_of_negative(x: float) -> float:
    """Natural exponential of a number of at most 0, relative error below 2e-7; vectorises.

    ``2 ** n * exp(r)`` with the polynomial of Cephes' expf; in this order, or the error is not
    that. :func:`exponential` may be reordered, which costs digits that a choice among classes
    would show.
    """
    x = max(x, np.float32(-80.0))
    n = np.int32(x * np.float32(1.4426950408889634) - _HALF)
    r = x - n * np.float32(0.693359375) + n * np.float32(2.12194440e-4)
    p = np.float32(1.3981999507e-3) + r * np.float32(1.9875691500e-4)
    p = np.float32(4.1665795894e-2) + r * (np.float32(8.3334519073e-3) + r * p)
    p = _HALF + r * (np.float32(1.6666665459e-1) + r * p)
    return (_ONE + (r + r * r * p)) * np.int32((n + 127) << 23).view(np.float32)
