"""Prints ratios. Nothing passes or fails by time: a machine that is busy only prints larger numbers."""

from __future__ import annotations

import importlib
import sys

BENCHMARKS = ("bench.plan", "bench.stacks", "bench.growth", "bench.edge", "bench.hosts", "bench.lab", "bench.regions")


def main() -> None:
    """Run every benchmark that is there and print its lines."""
    for name in BENCHMARKS:
        try:
            module = importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
            continue
        print(f"{name}: {module.__doc__.splitlines()[0]}")
        for line in module.lines():
            print(f"  {line}")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
