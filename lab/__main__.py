"""`python -m lab build|debian|postgres`: builds what the lab runs; see docs/lab.md."""

from __future__ import annotations

import sys

from lab.build import main
from lab.tools import cache

if __name__ == "__main__":
    if sys.argv[1:] not in (["build"], ["debian"], ["postgres"]):
        sys.exit(f"python -m lab build|debian|postgres: the programs into {cache()}, the hosts' Debian, PostgreSQL")
    main(sys.argv[1])
