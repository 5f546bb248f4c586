"""Small worlds that a demo needs and the rest of the package does not."""
