"""`python -m lab build`: builds what the lab runs; with a part's name, that part alone."""

from __future__ import annotations

import sys

from lab.build import BUILDS, main
from lab.tools import base

if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in BUILDS:
        sys.exit(f"python -m lab {'|'.join(BUILDS)}: makes what the lab runs, or one part of it alone, in {base()}")
    main(sys.argv[1])
