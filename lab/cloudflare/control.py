"""What `/lab/...` beside the API does: looks at the edge, cuts ways, lets requests fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from lab.cloudflare.faults import KINDS, Fault
from lab.cloudflare.plane.edge import Edge
from lab.cloudflare.server import Api


def control(api: Api, edge: Edge) -> Callable[[str, str, dict[str, Any]], Any]:
    """Answers for one edge: GET status, events, notices, requests; POST cut, heal, faults; DELETE faults."""

    def answered(method: str, path: str, body: dict[str, Any]) -> Any:
        match method, path:
            case "GET", "status":
                return edge.status()
            case "GET", "events":
                return edge.health.events
            case "GET", "notices":
                return [asdict(notice) for notice in edge.health.notices]
            case "GET", "requests":
                return api.asked
            case "POST", ("cut" | "heal"):
                return _ways(edge, path, body)
            case "POST", "faults":
                fault = Fault(**body)
                if fault.kind not in KINDS:
                    raise ValueError(f"kind is one of {', '.join(KINDS)}, not {fault.kind!r}")
                api.faults.add(fault)
            case "DELETE", "faults":
                api.faults.clear()
            case _:
                raise LookupError(f"{method} /lab/{path} is not known; see docs/edge.md")
        return {}

    return answered


def _ways(edge: Edge, what: str, body: dict[str, Any]) -> dict[str, Any]:
    """Cut or heal the ways to an `address`, or to every origin of a `pool`, from a `region` or from everywhere."""
    region = str(body.get("region", ""))
    with edge.lock:
        addresses = [
            str(origin["address"])
            for pool in edge.account.tables["pools"].values()
            if pool["name"] == body.get("pool")
            for origin in pool["origins"]
        ]
    if "address" in body:
        addresses = [str(body["address"])]
    elif not addresses and (what == "cut" or "pool" in body):
        raise LookupError(f"there is no pool {body.get('pool')!r}; name a pool or an address")
    if what == "heal" and not addresses:
        edge.network.heal()
    for address in addresses:
        (edge.network.cut if what == "cut" else edge.network.heal)(address, region)
    return {"addresses": addresses}
