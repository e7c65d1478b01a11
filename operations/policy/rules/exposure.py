"""No database is reached from the public Internet."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from operations.plan.recorded import Recorded
from operations.plan.values import reveal
from operations.policy.model import Facts, Finding, Rule
from operations.policy.rules.workloads import pod_of

DATABASE_PORTS: Final = (5432, 27017)
NODE_PORTS: Final = range(30000, 32768)
"""Kubernetes' range of NodePorts: here all of them are databases'."""

SERVICE: Final = "kubernetes:core/v1:Service"
_TABLE: Final = "table inet edge"
_ACCEPT: Final = re.compile(r"\btcp dport \{?([0-9, -]+)\}?.*\baccept\b")
_MESH: Final = re.compile(r"\bchain mesh \{.*?\}", re.DOTALL)


def _public(resource: Recorded, facts: Facts) -> Iterator[Finding]:
    for text in (*_services(resource), *_pods(resource), *_firewalls(resource)):
        yield Finding(
            resource.name,
            f"{resource.name}: {text}.",
            "Serve it inside the cluster, or as a NodePort, which listens on mesh addresses only.",
        )


def _services(resource: Recorded) -> Iterator[str]:
    inputs = reveal(resource.inputs)
    if resource.type == SERVICE:
        yield from _service(inputs.get("spec"))
    elif resource.type.startswith("kubernetes:"):
        for spec in _within(inputs.get("spec"), "serviceTemplate"):
            yield from _service(spec.get("spec"))
        for expose in _within(inputs.get("spec"), "expose"):
            if expose.get("type") == "LoadBalancer" or expose.get("exposeType") == "LoadBalancer":
                yield "its members are exposed by load balancers"


def _service(spec: Any) -> Iterator[str]:
    if not isinstance(spec, Mapping):
        return
    ports = spec.get("ports") or ()
    served = {port.get(key) for port in ports if isinstance(port, Mapping) for key in ("port", "targetPort")}
    if spec.get("type") == "LoadBalancer":
        yield "a Service of type LoadBalancer, and nothing here is behind one but the ingress that K3s brings"
    if spec.get("externalIPs") and served & set(DATABASE_PORTS):
        yield "a database's Service with external addresses"


def _pods(resource: Recorded) -> Iterator[str]:
    for container in pod_of(resource).get("containers") or ():
        for port in container.get("ports") or ():
            if port.get("hostPort") in DATABASE_PORTS:
                yield f"port {port['hostPort']} of a database on the host's own addresses"


def _firewalls(resource: Recorded) -> Iterator[str]:
    """The rules of the node's firewall outside of the chain that only the mesh reaches."""
    text = reveal(resource.inputs.get("stdin"))
    if resource.type != "command:remote:Command" or not isinstance(text, str) or _TABLE not in text:
        return
    outside = _MESH.sub("", text[text.index(_TABLE) :])
    for ports in _ACCEPT.findall(outside):
        for low, high in _spans(ports):
            if any(low <= port <= high for port in (*DATABASE_PORTS, *NODE_PORTS)):
                yield f"the firewall opens {ports.strip()} to others than the mesh"


def _spans(ports: str) -> Iterator[tuple[int, int]]:
    for part in ports.split(","):
        low, _, high = part.strip().partition("-")
        if low:
            yield int(low), int(high or low)


def _within(value: Any, key: str) -> Iterator[Mapping[str, Any]]:
    """Every object under that key, at any depth."""
    items = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    if isinstance(value, Mapping) and isinstance(value.get(key), Mapping):
        yield value[key]
    for item in items:
        yield from _within(item, key)


PUBLIC_DATABASE: Final = Rule(
    "public-database",
    "No port of a database is open to the Internet: databases are reached over the mesh.",
    "Anybody could try passwords, and the next flaw of the database would be everybody's.",
    of_resource=_public,
)
