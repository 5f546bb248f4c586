"""`python -m pgcompanion.grading.gradescope FOLDER`: what `run_autograder` runs."""

import sys
from pathlib import Path

from pgcompanion.grading.gradescope.results import main

if __name__ == "__main__":
    main(Path(sys.argv[1]))
