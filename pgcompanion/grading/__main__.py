"""`python -m pgcompanion.grading`: the command `pgcompanion-grade`."""

import sys

from pgcompanion.grading.command import main

if __name__ == "__main__":
    sys.exit(main())
