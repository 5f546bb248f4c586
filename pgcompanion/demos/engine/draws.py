"""Random numbers that a page's script draws as well: the same luck in Python and in the browser.

A number is a hash of its place, in 32 bits, so that a script needs no table of them.
"""

from __future__ import annotations

import numpy as np


def uniform(n: int, stream: int) -> np.ndarray:
    """``n`` numbers, uniform on (0, 1), of one of many streams.

    The hash is "lowbias32". Source: Wellons, "Prospecting for hash functions", 2018.

    >>> uniform(3, stream=0).round(4)
    array([0.0078, 0.6223, 0.0298])
    """
    x = np.arange(n, dtype=np.uint32) + np.uint32((stream + 1) * 0x9E3779B9 % 2**32)
    x = (x ^ (x >> np.uint32(16))) * np.uint32(0x7FEB352D)
    x = (x ^ (x >> np.uint32(15))) * np.uint32(0x846CA68B)
    return ((x ^ (x >> np.uint32(16))) + 0.5) / 2.0**32


def normal(n: int, stream: int) -> np.ndarray:
    """``n`` standard normal numbers, by Box and Muller's transform.

    >>> x = normal(10_000, stream=1)
    >>> bool(abs(x.mean()) < 0.03), bool(abs(x.std() - 1) < 0.03)
    (True, True)
    """
    radius = np.sqrt(-2 * np.log(uniform(n, 2 * stream)))
    return np.asarray(radius * np.cos(2 * np.pi * uniform(n, 2 * stream + 1)))
