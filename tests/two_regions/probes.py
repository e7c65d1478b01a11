"""Pods of the tests on every node, with what an application finds in its namespace."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import Any, Final

from components.app.environment import AUTHORITIES, AUTHORITIES_PATH, ENVIRONMENT
from lab.kubernetes import Cluster
from lab.regions import Lab
from lab.tools import TOOLS_IMAGE

NAMESPACE: Final = "apps"
NAME: Final = "probe"


@dataclass(frozen=True)
class Done:
    """How a command in a pod ended, and what it said."""

    code: int
    text: str


@dataclass(frozen=True)
class Probe:
    """A pod on a node: the application's environment, PostgreSQL's clients and a shell."""

    cluster: Cluster
    pod: str
    node: str

    def command(self, script: str) -> list[str]:
        """A script of bash in the pod, as a command of this machine."""
        return self.cluster.command("exec", "-i", "-n", NAMESPACE, self.pod, "--", "bash", "-c", script)

    def run(self, script: str, seconds: float = 60) -> Done:
        """The script's end, whichever it is."""
        done = subprocess.run(
            self.command(script), capture_output=True, text=True, check=False, timeout=seconds, stdin=subprocess.DEVNULL
        )
        return Done(done.returncode, done.stdout.strip() + done.stderr.strip())

    def told(self, script: str, seconds: float = 60) -> str:
        """What the script prints. Raises AssertionError where it fails."""
        done = self.run(script, seconds)
        assert done.code == 0, f"{self.node}: {script}\n{done.text}"
        return done.text

    def sql(self, url: str, statement: str, seconds: float = 60) -> str:
        """What a statement gives by an application's own URL: `PRIMARY` or `REPLICA`."""
        return self.told(f'psql -XtAq -v ON_ERROR_STOP=1 "$DATABASE_{url}_URL" -c "{statement}"', seconds)


def probes(lab: Lab, code: str) -> list[Probe]:
    """One pod on every node of the region, by node."""
    cluster = lab.cluster(code)
    cluster.apply(_daemon_set())
    cluster.kubectl("rollout", "status", f"daemonset/{NAME}", "-n", NAMESPACE, "--timeout=90s", seconds=100)
    listed = json.loads(cluster.kubectl("get", "pods", "-n", NAMESPACE, "-l", f"app={NAME}", "-o", "json"))["items"]
    found = [Probe(cluster, item["metadata"]["name"], item["spec"]["nodeName"]) for item in listed]
    return sorted(found, key=lambda probe: probe.node)


def _daemon_set() -> dict[str, Any]:
    labels = {"app": NAME}
    container = {
        "name": NAME,
        "image": TOOLS_IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "command": ["sleep", "infinity"],
        "envFrom": [{"secretRef": {"name": ENVIRONMENT}}],
        "volumeMounts": [{"name": "authorities", "mountPath": AUTHORITIES_PATH}],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": NAME, "namespace": NAMESPACE},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "terminationGracePeriodSeconds": 0,
                    "tolerations": [{"operator": "Exists"}],
                    "containers": [container],
                    "volumes": [{"name": "authorities", "configMap": {"name": AUTHORITIES}}],
                },
            },
        },
    }
