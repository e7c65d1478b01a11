"""A region's cluster, asked with kubectl from the office."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from components.postgres.spec import GENERATION, WAIT_FOR, WAIT_TIMEOUT
from lab.tools import program
from lab.world import World

STEP_SECONDS: Final = 60
READY_SECONDS: Final = 240
MANAGER: Final = "openova"
"""The field manager: what the lab applied is told from what operators wrote."""


class RefusedError(RuntimeError):
    """The API server, or what stands before it, did not do what it was asked; the text is its own."""


class Cluster:
    """`kubeconfig` is written into `folder` as `<name>.kubeconfig`."""

    def __init__(self, world: World, folder: Path, name: str, kubeconfig: str = "") -> None:
        self._world, self.name = world, name
        self.kubeconfig = folder / f"{name}.kubeconfig"
        if kubeconfig:
            self.kubeconfig.touch(0o600)
            self.kubeconfig.write_text(kubeconfig)

    def command(self, *arguments: str) -> list[str]:
        """kubectl, as it runs in the network of the world."""
        return self._world.within([str(program("kubectl")), "--kubeconfig", str(self.kubeconfig), *arguments])

    def kubectl(self, *arguments: str, stdin: str = "", seconds: float = STEP_SECONDS) -> str:
        """What kubectl prints. Raises RefusedError with what it says where it fails, or takes longer."""
        try:
            done = subprocess.run(
                self.command(*arguments), input=stdin, capture_output=True, text=True, timeout=seconds, check=False
            )
        except subprocess.TimeoutExpired:
            raise RefusedError(f"kubectl {arguments[0]} took longer than {seconds:.0f} s") from None
        if done.returncode:
            raise RefusedError(done.stderr.strip())
        return done.stdout

    def get(self, kind: str, name: str, namespace: str = "default") -> dict[str, Any] | None:
        """The object, or None where there is none. Raises RefusedError."""
        found = self.kubectl("get", kind, name, "--namespace", namespace, "--ignore-not-found", "-o", "json")
        return json.loads(found) if found.strip() else None

    def apply(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Brings one object to this form and gives it back as it is then, after what its annotations wait for.

        One of another generation is deleted with its volumes first. Raises RefusedError.
        """
        metadata = body["metadata"]
        namespace = metadata.get("namespace", "default")
        if (generation := metadata.get("annotations", {}).get(GENERATION)) is not None:
            self._leave_generation(body["kind"], metadata["name"], namespace, generation)
        applied = json.loads(self._server_side([body], "-o", "json"))
        if wait := metadata.get("annotations", {}).get(WAIT_FOR):
            seconds = int(metadata["annotations"][WAIT_TIMEOUT])
            what = (f"{body['kind'].lower()}.{body['apiVersion'].split('/')[0]}/{metadata['name']}", f"--for={wait}")
            self.kubectl("wait", *what, "-n", namespace, f"--timeout={seconds}s", seconds=seconds + 10)
            return self.get(body["kind"], metadata["name"], namespace) or {}
        return dict(applied)

    def install(self, documents: Sequence[Mapping[str, Any]]) -> None:
        """Definitions, then everything else, until its Deployments are available. Raises RefusedError."""
        crds = [document for document in documents if document["kind"] == "CustomResourceDefinition"]
        self._server_side(crds)
        self._server_side([document for document in documents if document not in crds])
        for document in documents:
            if document["kind"] == "Deployment":
                where = ("-n", document["metadata"]["namespace"], f"--timeout={READY_SECONDS}s")
                name = f"deployment/{document['metadata']['name']}"
                self.kubectl("rollout", "status", name, *where, seconds=READY_SECONDS + 10)

    def _server_side(self, documents: Sequence[Mapping[str, Any]], *options: str) -> str:
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(documents)})
        if len(documents) == 1:
            text = json.dumps(documents[0])
        strict = ("--server-side", "--force-conflicts", "--validate=strict", f"--field-manager={MANAGER}")
        return self.kubectl("apply", *strict, *options, "-f", "-", stdin=text)

    def _leave_generation(self, kind: str, name: str, namespace: str, generation: str) -> None:
        live = self.get(kind, name, namespace)
        if live is None or live["metadata"].get("annotations", {}).get(GENERATION, generation) == generation:
            return
        self.kubectl("delete", kind, name, "-n", namespace, "--cascade=foreground", seconds=READY_SECONDS)
        volumes = ("pvc", "-l", f"cnpg.io/cluster={name}", "-n", namespace)
        self.kubectl("delete", *volumes, "--ignore-not-found", seconds=READY_SECONDS)
