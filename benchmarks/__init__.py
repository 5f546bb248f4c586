"""Side-by-side measurements of speed: ``python -m benchmarks``, or some of them by name.

Every comparison is made within one run on one core: absolute times move between machines, ratios far
less. What needs another library (JAX, PyTorch, Stable-Baselines3) belongs in ``benchmarks/peers``,
which runs it in an environment of its own.
"""

import os

# Before NumPy is imported: a BLAS reads these once. One thread each is the only fair comparison.
for library in ("OMP", "OPENBLAS", "MKL", "BLIS", "VECLIB"):
    os.environ[f"{library}_NUM_THREADS"] = "1"
