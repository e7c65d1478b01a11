"""What runs, asked of clusters and stacks: by the functions of `openova status`, and nothing that changes anything."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from operations.access import NOT_AT_HAND, AnsweredError, Cluster, UnreachableError, clusters_of
from operations.access.kubectl import kubectl_missing
from operations.access.outputs import stack_output
from operations.mongodb.shell import survey
from operations.mongodb.verify import configuration, election
from operations.readiness.known import Evidence
from operations.readiness.proofs import NOT_ASKED
from operations.status.databases import observe
from operations.status.judge import judge
from settings.data import ApplicationSettings
from settings.loader import Project
from settings.naming import GLOBAL_STACK, edge_hosts
from settings.platform import Platform
from settings.stacks import SiteStack

OF_CLUSTERS: Final = ("nodes", "k3s", "replication", "mongodb", "applications")


def asked(root: Path, project: Project, kubeconfigs: Sequence[str]) -> dict[str, Evidence]:
    """An answer to every question. What cannot be asked is not shown; raises SettingsError for options alone."""
    found = {"edge": _edge(root, project.platform)}
    if missing := kubectl_missing():
        return found | dict.fromkeys(OF_CLUSTERS, Evidence(shown=False, told=missing, fix=NOT_ASKED))
    platform = project.platform
    with clusters_of(root, platform.site_codes, kubeconfigs, dispensable=platform.site_codes) as clusters:
        if not clusters:
            told = "not asked: no kubeconfig is at hand"
            return found | dict.fromkeys(OF_CLUSTERS, Evidence(shown=False, told=told, fix=NOT_ASKED))
        return found | {
            "nodes": _each(platform.site_codes, clusters, _nodes(project)),
            "k3s": _each(platform.site_codes, clusters, _release(project)),
            "replication": _replication(platform, clusters),
            "mongodb": _mongodb(platform, clusters),
            "applications": _each(platform.codes, clusters, _applications(platform)),
        }


def _each(
    codes: Sequence[str], clusters: Mapping[str, Cluster], look: Callable[[Cluster], tuple[bool, str]]
) -> Evidence:
    """The same question to every region: shown where all of them answer so."""
    well, parts = True, []
    for code in codes:
        try:
            good, told = look(clusters[code])
        except KeyError:
            good, told = False, NOT_AT_HAND
        except (UnreachableError, AnsweredError, ValueError) as error:
            good, told = False, str(error)
        well = well and good
        parts.append(told if told.startswith(f"{code}: ") else f"{code}: {told}")
    return Evidence(well, "; ".join(parts), "Bring it up (openova up), then openova status.")


def _nodes(project: Project) -> Callable[[Cluster], tuple[bool, str]]:
    def look(cluster: Cluster) -> tuple[bool, str]:
        wanted = project.platform.site(cluster.code).nodes
        ready = {node["metadata"]["name"] for node in _items(cluster, "nodes") if _is_ready(node)}
        absent = [node for node in wanted if node not in ready]
        told = f"{len(wanted) - len(absent)} of {len(wanted)} nodes ready"
        return not absent, f"{told}, not {', '.join(absent)}" if absent else told

    return look


def _release(project: Project) -> Callable[[Cluster], tuple[bool, str]]:
    def look(cluster: Cluster) -> tuple[bool, str]:
        stack = project.stacks[cluster.code]
        wanted = stack.k3s.version if isinstance(stack, SiteStack) else ""
        runs = sorted({node["status"]["nodeInfo"]["kubeletVersion"] for node in _items(cluster, "nodes")})
        return runs == [wanted], f"{', '.join(runs) or 'nothing'} (settings: {wanted})"

    return look


def _applications(platform: Platform) -> Callable[[Cluster], tuple[bool, str]]:
    def ready(cluster: Cluster, application: ApplicationSettings) -> int:
        pods = _items(cluster, "pods", f"--namespace={application.namespace}")
        return sum(_is_ready(pod) for pod in pods)

    def look(cluster: Cluster) -> tuple[bool, str]:
        counts = {application.name: ready(cluster, application) for application in platform.applications}
        told = ", ".join(f"{name} {count} pods ready" for name, count in counts.items()) or "no application is named"
        return bool(counts) and all(counts.values()), told

    return look


def _replication(platform: Platform, clusters: Mapping[str, Cluster]) -> Evidence:
    wanted = ("writer", "follows")
    checks = [check for check in judge(platform, observe(platform, clusters)) if check.name in wanted]
    followers = sum(check.name == "follows" for check in checks)
    told = "; ".join(f"{check.where}: {check.seen}" for check in checks)
    well = followers == len(platform.codes) - 1 and all(check.status == "ok" for check in checks)
    return Evidence(well, told, "openova status says what is wrong.")


def _mongodb(platform: Platform, clusters: Mapping[str, Cluster]) -> Evidence:
    if platform.mongodb.operator != "percona":
        return Evidence(shown=False, told=f"not asked: operator {platform.mongodb.operator}", fix="openova:mongodb")
    seen = survey(platform, clusters)
    bad = [check for check in (*configuration(platform, seen), *election(seen)) if check.status != "ok"]
    answer = sum(not each.silence for each in seen)
    told = "; ".join([f"{answer} of {len(seen)} members answer", *(f"{check.name}: {check.seen}" for check in bad)])
    return Evidence(not bad and answer == len(seen), told, "openova verify mongodb says what is wrong.")


def _edge(root: Path, platform: Platform) -> Evidence:
    """Whether the stack `global` was brought up with the names of the settings."""
    wanted = edge_hosts(platform)
    fix = f"pulumi up --stack {GLOBAL_STACK}; log in to Pulumi's backend to have it seen."
    try:
        hosts = json.loads(stack_output(root, GLOBAL_STACK, "--json"))["hosts"]
    except LookupError as error:
        return Evidence(shown=False, told=f"the stack {GLOBAL_STACK} was not asked: {error}", fix=fix)
    except (ValueError, TypeError):
        return Evidence(shown=False, told=f"the stack {GLOBAL_STACK} has no outputs", fix=fix)
    same = sorted(hosts) == sorted(wanted)
    return Evidence(same, f"brought up with {', '.join(hosts)}{'' if same else f' and not {wanted}'}", fix)


def _items(cluster: Cluster, *what: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = cluster.get(*what)["items"]
    return found


def _is_ready(resource: Mapping[str, Any]) -> bool:
    """A node or a pod, by its own condition."""
    conditions = (resource.get("status") or {}).get("conditions") or ()
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
