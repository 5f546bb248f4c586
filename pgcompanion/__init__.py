"""Policy gradients, exact and sampled: the package behind the pgcompanion book."""

__version__ = "0.1.0"
