"""`python -m lab build`: builds what the lab runs; `debian`, `guard`, `s3`: one part alone."""

from __future__ import annotations

import sys

from lab.build import main
from lab.tools import base

if __name__ == "__main__":
    if sys.argv[1:] not in (["build"], ["debian"], ["guard"], ["s3"]):
        sys.exit(f"python -m lab build|debian|guard|s3: makes what the lab runs, or one part of it alone, in {base()}")
    main(sys.argv[1])
