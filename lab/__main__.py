"""`python -m lab build`: builds what the lab runs; `python -m lab debian`: what its hosts boot from, alone."""

from __future__ import annotations

import sys

from lab.build import main
from lab.tools import base

if __name__ == "__main__":
    if sys.argv[1:] not in (["build"], ["debian"]):
        sys.exit(f"python -m lab build|debian: makes what the lab runs, or its hosts' Debian alone, in {base()}")
    main(sys.argv[1])
