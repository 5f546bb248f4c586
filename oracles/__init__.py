"""What other libraries say of the same quantities: ``python -m oracles``, or some of them by name."""
