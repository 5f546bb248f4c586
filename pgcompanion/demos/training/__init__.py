"""What the gridworld demo is made of: exact courses of training, their picture, a map to click on."""
