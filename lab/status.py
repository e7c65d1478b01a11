"""What the lab is like now, as data and as a few lines."""

from __future__ import annotations

import json
from typing import Any

from lab.kubernetes import RefusedError
from lab.postgres import Database
from lab.project import clusters
from lab.regions import Lab


def status(lab: Lab) -> dict[str, Any]:
    """By region: nodes (ready or not), and of PostgreSQL what its leader says itself.

    Raises RuntimeError without a lab.
    """
    traffic = lab.road.traffic
    return {
        "folder": str(lab.folder),
        "road": {
            "roundTripMs": round(traffic.round_trip * 1000),
            "loss": traffic.loss,
            "cuts": [" -> ".join(pair) for pair in traffic.cuts],
            "api": list(traffic.api),
            "edge": list(traffic.edge),
        },
        "regions": {code: _region(lab, code, name) for code, name in clusters(lab.project).items()},
    }


def _region(lab: Lab, code: str, name: str) -> dict[str, Any]:
    hosts = {node: "up" if host.leader else "no power" for node, host in lab.hosts.items() if host.region.code == code}
    found: dict[str, Any] = {"hosts": hosts, "cluster": name}
    try:
        found["nodes"] = _nodes(lab.cluster(code).kubectl("get", "nodes", "-o", "json", "--request-timeout=5s"))
        database = Database(lab.cluster(code), name)
        phase = database.resource.get("status", {})
        found |= {"phase": phase.get("phase"), "instances": phase.get("readyInstances", 0), "leader": database.leader}
        found |= database.state()
    except RefusedError as error:
        found["problem"] = str(error).splitlines()[-1] if str(error) else "no answer"
    return found


def _nodes(text: str) -> dict[str, str]:
    return {
        item["metadata"]["name"]: next(
            ("ready" if condition["status"] == "True" else "not ready")
            for condition in item["status"]["conditions"]
            if condition["type"] == "Ready"
        )
        for item in json.loads(text)["items"]
    }


def lines(found: dict[str, Any]) -> list[str]:
    """The same for people."""
    road = found["road"]
    cuts = ", ".join([*road["cuts"], *(f"API of {code}" for code in road["api"])]) or "nothing cut"
    told = [f"Road between the regions: {road['roundTripMs']} ms round trip, loss {road['loss']:.0%}, {cuts}"]
    for code, region in found["regions"].items():
        nodes = region.get("nodes", {})
        ready = sum(state == "ready" for state in nodes.values())
        told.append(f"{code}: {ready} of {len(region['hosts'])} nodes ready")
        if "writes" in region:
            role = "writes" if region["writes"] else f"follows {region['source'] or 'nobody'}"
            behind = "" if region["writes"] else f", last transaction {region['behind']} s ago"
            told.append(
                f"    {region['cluster']}: {role}, timeline {region['timeline']}, "
                f"{region['instances']} instances ready, {region['followers']} followers of {region['leader']}{behind}"
            )
        if "problem" in region:
            told.append(f"    {region['cluster']}: {region['problem']}")
    return told
