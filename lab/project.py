"""The configuration of the lab: the user's own, with as few hosts and databases as one machine carries."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from lab.host import Host
from lab.ledger_root import ledger_packages
from lab.mirror import URL, Release
from lab.store import BUCKET, Started
from lab.tools import GUARD_IMAGE, LEDGER_IMAGE
from lab.world import ADMIN_CIDR, EDGE, REGIONS
from settings.project import read_yaml

NODES: Final = 3
"""Hosts a region: a server and two agents, one for each instance of PostgreSQL."""

CHECKED_SECONDS: Final = 15
"""Between two of the edge's checks: what the Business plan allows."""

SIZES: Final = {"instances": 3, "storage": "1Gi", "storageClass": "local-path", "memory": "384Mi", "cpu": "1"}


def node_names(root: Path) -> dict[str, list[str]]:
    """The first nodes of the lab's regions in the configuration of `root`, by the region's code.

    Raises RuntimeError where the configuration has no such region, SettingsError where it cannot be read.
    """
    lines = {line["code"]: line for line in read_yaml(root / "Pulumi.yaml")["config"]["regions"]["value"]}
    if absent := [region.code for region in REGIONS if region.code not in lines]:
        raise RuntimeError(
            f"The lab is made of the regions {' and '.join(region.code for region in REGIONS)}. "
            f"'openova:regions' has no {' and no '.join(absent)}, so their hosts would belong to nobody. "
            "Run the lab on the committed configuration, or name your regions so."
        )
    return {region.code: lines[region.code]["nodes"][:NODES] for region in REGIONS}


def write_project(
    root: Path,
    target: Path,
    hosts: Mapping[str, Host],
    release: Release,
    guard: str | None = None,
    store: Callable[[], Started] | None = None,
) -> None:
    """Copies the Pulumi files of `root` to `target` with the hosts (by node) in place of the user's servers.

    The authority record of a lab that is there stays: it says what the lab's databases are. So does what its guards do,
    unless `guard` says otherwise; where there are any, `store` is started for them.
    """
    target.mkdir(parents=True, exist_ok=True)
    before = {file.name: read_yaml(file) for file in target.glob("Pulumi*.yaml")}
    for name in ("", "shared.", "global.", *(f"{region.code}." for region in REGIONS)):
        shutil.copy(root / f"Pulumi.{name}yaml", target)
    shared = _shared(read_yaml(target / "Pulumi.yaml"), node_names(root))
    shared["runtime"]["options"] = {"virtualenv": sys.prefix}
    _write(target / "Pulumi.yaml", shared)
    if "Pulumi.yaml" in before:
        keep_authority(target, before["Pulumi.yaml"])
    guarded = guard or _guard_of(before.get("Pulumi.yaml"))
    set_guard(target, guarded, store() if store and guarded != "off" else None)
    for region in REGIONS:
        file = target / f"Pulumi.{region.code}.yaml"
        own = {node: host for node, host in hosts.items() if host.region is region}
        _write(file, _stack(read_yaml(file), region.user, own, release))
    for name, earlier in before.items():
        _write(target / name, _with_secrets(read_yaml(target / name), earlier))


def _with_secrets(document: dict[str, Any], earlier: Mapping[str, Any]) -> dict[str, Any]:
    """With what `pulumi stack init` and `pulumi config set --secret` have put into an earlier file."""
    if "encryptionsalt" not in earlier:
        return document
    own = {key: value for key, value in earlier["config"].items() if isinstance(value, dict) and "secure" in value}
    return {"encryptionsalt": earlier["encryptionsalt"], **document, "config": {**document["config"], **own}}


def clusters(project: Path) -> dict[str, str]:
    """The name of each region's PostgreSQL, by the region's code."""
    lines = read_yaml(project / "Pulumi.yaml")["config"]["regions"]["value"]
    return {line["code"]: line["postgres"]["cluster"] for line in lines}


def keep_authority(target: Path, before: Mapping[str, Any]) -> None:
    """Puts the roles of an earlier Pulumi.yaml into the one of `target`, and who is out of traffic."""
    shared = read_yaml(target / "Pulumi.yaml")
    shared["config"]["authority"] = before["config"]["authority"]
    if drained := before["config"]["edge"]["value"].get("drained"):
        shared["config"]["edge"]["value"]["drained"] = drained
    roles = {line["code"]: line["postgres"] for line in before["config"]["regions"]["value"]}
    for line in shared["config"]["regions"]["value"]:
        line["postgres"] = roles.get(line["code"], line["postgres"])
    _write(target / "Pulumi.yaml", shared)


def set_guard(target: Path, isolation: str, store: Started | None) -> None:
    """Writes what the guards do that keep their record in `store`; without one there are none."""
    shared = read_yaml(target / "Pulumi.yaml")
    value: dict[str, Any] = {"enabled": False}
    if store is not None:
        value = {
            "isolation": isolation,
            "image": by_digest(GUARD_IMAGE),
            "bucket": {"name": BUCKET},
            "endpoint": store.endpoint,
            "certificate": store.certificate,
        }
    shared["config"]["guard"] = {"value": value}
    _write(target / "Pulumi.yaml", shared)


def by_digest(image: str) -> str:
    """As the settings want it. The lab's own images have a tag alone, which `lab.overlay` puts in its place."""
    return f"{image.partition(':')[0]}@sha256:{'0' * 64}"


def _guard_of(shared: Mapping[str, Any] | None) -> str:
    """What guards do in an earlier Pulumi.yaml of a lab; `off` where there are none."""
    value = shared["config"].get("guard", {}).get("value", {}) if shared else {}
    return str(value["isolation"]) if value.get("enabled", True) and "isolation" in value else "off"


def set_authority(target: Path, authority: Mapping[str, Any], copies: Mapping[str, Mapping[str, Any]]) -> None:
    """Writes another record of authority, and for some regions another copy of the data (generation, cloneFrom)."""
    shared = read_yaml(target / "Pulumi.yaml")
    shared["config"]["authority"] = {"value": dict(authority)}
    for line in shared["config"]["regions"]["value"]:
        line["postgres"] |= copies.get(line["code"], {})
    _write(target / "Pulumi.yaml", shared)


def _shared(document: dict[str, Any], nodes: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    config = document["config"]
    lines = [line for line in config["regions"]["value"] if line["code"] in nodes]
    for line in lines:
        line["nodes"], line["mongodb"] = list(nodes[line["code"]]), {"priorities": []}
    config["regions"] = {"value": lines}
    config["mongodb"] = {"value": {"enabled": False}}
    config["backups"]["value"]["enabled"] = False
    # Asked often: so a lab shows within a minute what the committed interval shows within minutes.
    config["edge"]["value"]["plan"] = "business"
    config["edge"]["value"]["monitor"] |= {"interval": CHECKED_SECONDS}
    if ledger_packages().exists():
        config["applications"]["value"][0] |= {"image": by_digest(LEDGER_IMAGE), "replicas": 1}
    return document


def _stack(document: dict[str, Any], user: str, hosts: Mapping[str, Host], release: Release) -> dict[str, Any]:
    config = document["config"]
    first = next(iter(hosts))
    config |= {
        "openova:adminCidrs": [ADMIN_CIDR],
        "openova:httpCidrs": [f"{EDGE}/32"],
        "openova:ssh": {"user": user, "auth": "key"},
        "openova:nodes": {
            node: {
                "address": host.address,
                "hostKey": host.host_key.public,
                "product": "VPS 10",
                "role": "server" if node == first else "agent",
            }
            for node, host in hosts.items()
        },
        "openova:k3s": {
            "version": release.tag,
            "mirror": URL,
            "binarySha256": release.binary_sha256,
            "installerSha256": release.installer_sha256,
            "imagesSha256": release.images_sha256,
        },
        "openova:databases": {"postgres": SIZES},
        "openova:protect": False,
    }
    return document


def _write(file: Path, document: Mapping[str, Any]) -> None:
    # JSON is YAML, and keeps text such as "18" and NO what it is.
    file.write_text(json.dumps(document, indent=1))
