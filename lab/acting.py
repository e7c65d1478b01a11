"""The program of a stack, carried out in this process: what an engine's providers would do, done with ssh and kubectl.

It is no second engine. It knows no deletion, no preview and no refresh: every resource is brought to what the program
says, again at each run, and what was made once (keys, passwords) is remembered. With Pulumi's own engine present the
same program goes through `pulumi up` instead.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from lab.keys import MAKERS, PUBLIC
from lab.kubernetes import Cluster
from lab.overlay import RELEASE, overlaid, release_manifest
from lab.remote import run_command
from lab.world import World
from operations.plan.answers import CNPG_CLUSTER, COMMAND
from operations.plan.recorded import Recorded
from operations.plan.values import reveal
from operations.plan.wire import secret

PROVIDER: Final = "pulumi:providers:kubernetes"
Progress = Callable[[str, float], None]
"""Is told the name of what was done, and how many seconds it took."""


class Memory:
    """Keys and passwords by URN, and the outputs of stacks, in one file for its owner alone."""

    def __init__(self, file: Path) -> None:
        self._file, self._lock = file, threading.Lock()
        self._kept: dict[str, dict[str, Any]] = {"made": {}, "outputs": {}}
        if file.exists():
            self._kept = json.loads(file.read_text())

    def made(self, urn: str, inputs: Mapping[str, Any], make: Callable[[Mapping[str, Any]], Any]) -> Any:
        """What was made for these inputs before, or now."""
        with self._lock:
            known = json.dumps(inputs, sort_keys=True)
            kept = self._kept["made"].get(urn)
            if kept is None or kept["for"] != known:
                kept = {"for": known, "is": dict(make(inputs))}
                self._keep("made", urn, kept)
            return kept["is"]

    def outputs(self, stack: str) -> Mapping[str, Any]:
        """Those of the stack's last run, in wire format; empty before it."""
        found: dict[str, Any] = self._kept["outputs"].get(stack, {})
        return found

    def keep_outputs(self, stack: str, outputs: Mapping[str, Any]) -> None:
        """Replaces them."""
        with self._lock:
            self._keep("outputs", stack, dict(outputs))

    def _keep(self, part: str, key: str, value: Any) -> None:
        self._kept[part][key] = value
        new = self._file.with_suffix(".new")
        new.touch(0o600)
        new.write_text(json.dumps(self._kept))
        new.replace(self._file)


class Actor:
    """Answers the monitor by doing what the resource says. It is called from several threads at once."""

    def __init__(self, world: World, folder: Path, memory: Memory, progress: Progress) -> None:
        self._world, self._folder, self._memory, self._progress = world, folder, memory, progress
        self._clusters: dict[str, Cluster] = {}

    def __call__(self, resource: Recorded) -> Mapping[str, Any]:
        """The outputs that a provider would add to the inputs, in wire format.

        Raises NotImplementedError for what the lab has no peer for, RuntimeError where a peer refuses.
        """
        begun = time.monotonic()
        outputs = self._act(resource, reveal(resource.inputs))
        self._progress(resource.name, time.monotonic() - begun)
        return outputs

    def _act(self, resource: Recorded, inputs: dict[str, Any]) -> Mapping[str, Any]:
        if resource.type in MAKERS:
            made = self._memory.made(resource.urn, inputs, MAKERS[resource.type])
            return {name: value if name in PUBLIC else secret(value) for name, value in made.items()}
        if resource.type == COMMAND:
            return {"stdout": run_command(self._world, self._folder, inputs), "stderr": ""}
        if resource.type == PROVIDER:
            self._clusters[resource.name] = Cluster(self._world, self._folder, resource.name, inputs["kubeconfig"])
            return {}
        if resource.type.startswith("kubernetes:"):
            return self._apply(resource.type, inputs, self._clusters[resource.provider])
        raise NotImplementedError(f"The lab has no peer that answers for {resource.type} ({resource.name}).")

    def _apply(self, type_: str, inputs: dict[str, Any], cluster: Cluster) -> Mapping[str, Any]:
        if type_ == RELEASE:
            cluster.install(release_manifest(inputs))
            return {}
        applied = cluster.apply(overlaid(type_, inputs))
        return {"status": secret(applied.get("status", {}))} if type_ == CNPG_CLUSTER else {}
