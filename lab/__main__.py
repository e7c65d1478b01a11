"""`python -m lab build`: builds what the lab runs; `debian`, `s3`: its hosts' Debian or its S3 server, alone."""

from __future__ import annotations

import sys

from lab.build import main
from lab.tools import base

if __name__ == "__main__":
    if sys.argv[1:] not in (["build"], ["debian"], ["s3"]):
        sys.exit(
            f"python -m lab build|debian|s3: makes what the lab runs, or its Debian or S3 server alone, in {base()}"
        )
    main(sys.argv[1])
