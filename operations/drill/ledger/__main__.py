"""`python -m operations.drill.ledger`, which serves, and `… load --run NAME --rate 100`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from typing import Final

from operations.drill.ledger.load import Load, Teller
from operations.drill.ledger.session import only
from operations.drill.ledger.web import server

NEEDED: Final = ("DATABASE_PRIMARY_URL", "DATABASE_REPLICA_URL", "REGION")


def main() -> None:
    """Runs until it is told to end. Exit code 2 where it is told wrongly."""
    given = options()
    if absent := [name for name in NEEDED if not os.environ.get(name)]:
        sys.stderr.write(f"{', '.join(absent)}: not set. Nothing was begun. The Secret `databases` of the namespace "
                         "has them (envFrom).\n")  # fmt: skip
        sys.exit(2)
    primary, replica, region = (os.environ[name] for name in NEEDED)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if given.command == "serve":
        web = server("", given.port, primary, replica, region)
        threading.Thread(target=web.serve_forever, daemon=True).start()
        stop.wait()
        web.shutdown()
        return
    load = Load(
        primary=only(primary, given.hosts) if given.hosts else primary,
        replica=replica,
        region=given.region or region,
        run=given.run,
        rate=given.rate,
        connections=given.connections,
        reads=given.reads,
    )
    load.carry_out(Teller(sys.stdout), stop)


def options() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="ledger", description=__doc__)
    commands = parser.add_subparsers(dest="command")
    parser.set_defaults(command="serve", port=8080)
    serve = commands.add_parser("serve", help="answer HTTP")
    serve.add_argument("--port", type=int, default=8080)
    load = commands.add_parser("load", help="write and read at a steady rate")
    load.add_argument("--run", required=True, help="what these rows belong to")
    load.add_argument("--region", help="where these rows are written from (default: REGION)")
    load.add_argument("--hosts", help="write to these alone, HOST:PORT,HOST:PORT (default: all of the URL)")
    load.add_argument("--rate", type=float, default=100, help="writes a second")
    load.add_argument("--connections", type=int, default=20, help="how many write at the same time")
    load.add_argument("--reads", type=float, default=10, help="reads a second")
    return parser.parse_args()


if __name__ == "__main__":
    main()
