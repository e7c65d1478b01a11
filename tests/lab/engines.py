"""The real Pulumi engine with the program of `tests.lab.program`, on the tests' API server."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from lab.api_server import ApiServer
from tests.engine import Engine, engine_in
from tests.lab.program import KUBECONFIG
from tests.planning import ROOT

PROGRAM = "import pulumi\n\nfrom tests.lab.program import compose\n\npulumi.run(compose)\n"


def engine_on(server: ApiServer, folder: Path) -> Engine:
    """A project in `folder` whose regions are namespaces `engine-<code>` of the API server."""
    engine = engine_in(folder)
    (engine.root / "__main__.py").unlink()
    (engine.root / "__main__.py").write_text(PROGRAM)
    environment = {**engine.environment, KUBECONFIG: str(server.kubeconfig), "PYTHONPATH": str(ROOT)}
    return replace(engine, environment=environment)
