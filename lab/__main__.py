"""`python -m lab build`: builds the programs of the lab."""

from __future__ import annotations

import subprocess
import sys

from lab.tools import BUILD, build, cache

if __name__ == "__main__":
    if sys.argv[1:] != ["build"]:
        sys.exit(f"{BUILD}: builds what the lab runs, into {cache()}")
    try:
        build()
    except RuntimeError as error:
        sys.exit(str(error))
    except subprocess.CalledProcessError as error:
        sys.exit(f"{error}\nWhat go says is above. Nothing was installed; run '{BUILD}' again once it is mended.")
