"""What the demo of importance sampling weighs: Gaussians, categories, and whole trajectories."""
