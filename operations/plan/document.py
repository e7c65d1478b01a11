"""The plan as one document: plan.json, from which the screen and the report are drawn.

Its form is operations/report/schema.json; `SCHEMA` rises when a field changes its meaning.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from operations import quorum
from operations.plan import costing, steering
from operations.plan.flows import flows
from operations.plan.project import Planned
from operations.plan.recorded import REFERENCE_TYPE, Evaluation, Recorded
from operations.plan.values import redact
from operations.plan.warnings import Warned, warnings
from operations.policy.model import Violation
from operations.policy.planned import of_plan
from regions.members import managing_region, members_of
from settings.naming import mesh_address, postgres_host
from settings.platform import Platform, RegionLine, SiteLine
from settings.stacks import RegionStack, SiteStack

SCHEMA: Final = 1


def document(planned: Planned) -> dict[str, Any]:
    """The whole plan as JSON values, with nothing secret in it."""
    platform = planned.project.platform
    report = costing.report(planned.project)
    losses = losses_of(planned)
    return {
        "schema": SCHEMA,
        "project": planned.files.name,
        "domain": platform.domain,
        "phase": platform.phase,
        "authority": {
            "primary": platform.authority.primary,
            "previous": platform.authority.previous,
            "epoch": platform.authority.epoch,
            "change": platform.authority.change,
        },
        "regions": [_region(planned, line) for line in platform.sites],
        "stacks": [_stack(planned, name, item) for name, item in planned.evaluations.items()],
        "flows": [
            {
                "from": {"stack": flow.from_stack, "output": flow.output},
                "to": {"stack": flow.to_stack, "resource": flow.resource, "input": flow.input},
            }
            for flow in flows(planned.evaluations)
        ],
        "steering": steering.document(platform),
        "cost": costing.document(report),
        "quorum": [_loss(loss) for loss in losses],
        "warnings": [_warning(item) for item in warnings(planned, losses)],
        "acknowledged": [
            {"stack": name, "rule": item.rule, "resource": item.resource, "because": item.because}
            for name, stack in planned.project.stacks.items()
            for item in stack.acknowledged
        ],
        "policies": [_violation(item) for item in of_plan(planned)],
    }


def losses_of(planned: Planned) -> list[quorum.Loss]:
    """What the loss of each region leaves."""
    platform = planned.project.platform
    sites = [
        quorum.Site(
            code=line.code,
            servers=sum(node.role == "server" for node in _stack_of(planned, line).nodes.values()),
            writes=_role(platform, line) in ("primary", "writer"),
            witness=not isinstance(line, RegionLine),
        )
        for line in platform.sites
    ]
    return quorum.losses(sites, voters(platform))


def voters(platform: Platform) -> list[quorum.Voter]:
    """The members of the replica set for the model of elections."""
    if not platform.mongodb.enabled:
        return []
    return [
        quorum.Voter(member.host, line.code, priority=member.priority, votes=member.votes)
        for line in platform.sites
        for member in members_of(platform, line, local=False)
    ]


def _stack_of(planned: Planned, line: SiteLine) -> SiteStack:
    stack = planned.project.stacks[line.code]
    if not isinstance(stack, SiteStack):
        raise TypeError(f"the stack {line.code} has no nodes")
    return stack


def _region(planned: Planned, line: SiteLine) -> dict[str, Any]:
    platform, stack = planned.project.platform, _stack_of(planned, line)
    role = _role(platform, line)
    servers = sum(node.role == "server" for node in stack.nodes.values())
    return {
        "code": line.code,
        "name": line.name,
        "place": line.place,
        "country": line.country,
        "latitude": line.coordinates.latitude,
        "longitude": line.coordinates.longitude,
        "role": role,
        "nodes": [
            {
                "name": name,
                "address": stack.nodes[name].address,
                "product": stack.nodes[name].product,
                "role": stack.nodes[name].role,
                "meshAddress": mesh_address(line, name),
                "provisioning": stack.nodes[name].provisioning,
            }
            for name in line.nodes
        ],
        "networks": {"pods": line.networks.pods, "services": line.networks.services, "mesh": line.networks.mesh},
        "k3s": {"version": stack.k3s.version, "servers": servers, "agents": len(line.nodes) - servers},
        "postgres": _postgres(platform, line, stack, role),
        "mongodb": _mongodb(platform, line),
    }


def _role(platform: Platform, line: SiteLine) -> str:
    if not isinstance(line, RegionLine):
        return "witness"
    if platform.phase == "active-active":
        return "writer"
    return "primary" if line.code == platform.authority.primary else "replica"


def _postgres(platform: Platform, line: SiteLine, stack: SiteStack, role: str) -> dict[str, Any] | None:
    if not isinstance(line, RegionLine) or not isinstance(stack, RegionStack):
        return None
    return {
        "cluster": line.postgres.cluster,
        "instances": stack.databases.postgres.instances,
        "storage": stack.databases.postgres.storage,
        "role": role,
        "generation": line.postgres.generation,
        "host": postgres_host(platform, line),
    }


def _mongodb(platform: Platform, line: SiteLine) -> dict[str, Any] | None:
    members = members_of(platform, line, local=False)
    if not members:
        return None
    return {
        "managed": line.code == managing_region(platform),
        "members": [
            {"host": f"{member.host}:{member.port}", "votes": member.votes, "priority": member.priority}
            for member in members
        ],
    }


def _stack(planned: Planned, name: str, evaluation: Evaluation) -> dict[str, Any]:
    made = [resource for resource in evaluation.resources if not resource.read]
    references = sorted(item.name for item in evaluation.of_type(REFERENCE_TYPE) if item.name != name)
    return {
        "name": name,
        "kind": planned.project.stacks[name].kind,
        "resourceCount": len(made),
        "types": dict(sorted(Counter(resource.type for resource in made).items())),
        "resources": [_resource(resource) for resource in made],
        "outputs": [
            {"name": output, "secret": output in evaluation.secret_outputs} for output in sorted(evaluation.outputs)
        ],
        "references": references,
        "messages": [{"severity": severity, "text": text} for severity, text in evaluation.messages],
    }


def _resource(resource: Recorded) -> dict[str, Any]:
    return {
        "urn": resource.urn,
        "type": resource.type,
        "name": resource.name,
        "parent": resource.parent,
        "protect": resource.protect,
        "retainOnDelete": resource.retain_on_delete,
        "dependsOn": list(resource.depends_on),
        "inputs": redact(resource.inputs),
    }


def _loss(loss: quorum.Loss) -> dict[str, Any]:
    row: dict[str, Any] = {"lost": loss.region}
    for system in ("postgresql", "mongodb", "k3s"):
        capability: quorum.Capability | None = getattr(loss, system)
        if capability is not None:
            row[system] = {"read": capability.read, "write": capability.write, "note": capability.note}
    return row


def _violation(item: Violation) -> dict[str, Any]:
    return {
        "policy": item.rule_id,
        "level": item.level,
        "stack": item.stack,
        "resource": item.resource,
        "says": item.says,
        "rule": item.rule,
        "consequence": item.consequence,
        "fix": item.fix,
        "because": item.because,
    }


def _warning(item: Warned) -> dict[str, Any]:
    return {
        "id": item.id,
        "severity": item.severity,
        "where": item.where,
        "rule": item.rule,
        "consequence": item.consequence,
        "remedy": item.remedy,
    }
