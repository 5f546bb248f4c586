"""What every demo shares: its controls, its panels, and its lives in a kernel and in a page."""
