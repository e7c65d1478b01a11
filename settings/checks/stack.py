"""One stack's file against the shared facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from settings.naming import GLOBAL_STACK, SHARED_STACK
from settings.platform import Platform
from settings.problems import Problem
from settings.stacks import RegionStack, SiteStack, StackSettings


def check(platform: Platform, stack: StackSettings, name: str, file: str) -> Iterator[Problem]:
    """All problems of one stack; `name` is the stack's name."""
    if stack.kind != _kind_of(platform, name):
        yield Problem(
            file,
            "openova:kind",
            f"The stack {name!r} says that it is of the kind {stack.kind}.",
            "Other stacks look for the outputs of `shared`, `global` and each region under these names.",
            f"Write kind: {_kind_of(platform, name)}, or rename the stack.",
        )
    if not isinstance(stack, SiteStack):
        return
    if stack.code != name:
        yield Problem(
            file,
            "openova:code",
            f"The stack {name!r} says that it is region {stack.code!r}.",
            "Its outputs would be read as another region's.",
            f"Write code: {name}, or rename the stack.",
        )
    if stack.code not in platform.site_codes:
        yield Problem(
            file,
            "openova:code",
            f"Region {stack.code!r} has no line in openova:regions of Pulumi.yaml.",
            "The other regions would not know of it: no mesh, no replication, no traffic.",
            "Add its line to openova:regions, or remove this file.",
        )
        return
    yield from _nodes(platform, stack, file)
    yield from _servers(stack, file)


def check_all(stacks: Mapping[str, StackSettings], files: Mapping[str, str], platform: Platform) -> Iterator[Problem]:
    """Problems between the stacks: missing files and addresses that stand twice.

    `stacks` are those that could be read, `files` all that are there, by stack name.
    """
    for code in (*platform.site_codes, SHARED_STACK, GLOBAL_STACK):
        if code not in files:
            yield Problem(
                f"Pulumi.{code}.yaml",
                "(whole file)",
                f"The stack {code} has no configuration file.",
                "The stacks that read its outputs could never be brought up.",
                f"Write Pulumi.{code}.yaml; the README tells how a region is added.",
            )
    owners: dict[str, list[tuple[str, str]]] = {}
    for name, stack in stacks.items():
        if isinstance(stack, SiteStack):
            for node, settings in stack.nodes.items():
                if settings.address is not None:
                    owners.setdefault(settings.address, []).append((node, files[name]))
    for address, nodes in owners.items():
        for node, file in nodes[1:]:
            yield Problem(
                file,
                f"openova:nodes.{node}.address",
                f"{address} is also the address of {nodes[0][0]}.",
                "One server would be set up twice, the second time over the first.",
                "Give each node the address of its own server.",
            )


def _kind_of(platform: Platform, name: str) -> str:
    if name in (SHARED_STACK, GLOBAL_STACK):
        return name
    return "witness" if name in {line.code for line in platform.witnesses} else "region"


def _nodes(platform: Platform, stack: SiteStack, file: str) -> Iterator[Problem]:
    expected, given = set(platform.site(stack.code).nodes), set(stack.nodes)
    for node in sorted(expected - given):
        yield Problem(
            file,
            "openova:nodes",
            f"{node} stands in openova:regions of Pulumi.yaml but not here.",
            "The mesh would have a key and an address for a node that nobody sets up.",
            f"Describe {node} here, or take it from the list.",
        )
    for node in sorted(given - expected):
        yield Problem(
            file,
            f"openova:nodes.{node}",
            f"{node} is not among the nodes of {stack.code} in openova:regions of Pulumi.yaml.",
            "It would have no key and no address in the mesh.",
            f"Add {node} to the region's nodes in Pulumi.yaml.",
        )
    for node, settings in sorted(stack.nodes.items()):
        if settings.provisioning == "order":
            yield from _ordered(platform, stack, node, file)
        elif settings.address is None or settings.host_key is None:
            missing = " and ".join(
                key for key, value in (("address", settings.address), ("hostKey", settings.host_key)) if not value
            )
            yield Problem(
                file,
                f"openova:nodes.{node}",
                f"A server of your own needs its {missing}.",
                "It could not be reached, or not be told from an impostor.",
                "Take both from the server's console.",
            )


def _ordered(platform: Platform, stack: SiteStack, node: str, file: str) -> Iterator[Problem]:
    if stack.contabo is None:
        yield Problem(
            file,
            "openova:contabo",
            f"{node} is to be ordered, and nothing says what, or whether an order may be placed at all.",
            "The program could neither find the server nor order it.",
            "Add openova:contabo (docs/contabo.md), or give the node's address and hostKey (provisioning: host).",
        )
    if not platform.site(stack.code).location:
        yield Problem(
            "Pulumi.yaml",
            "openova:regions[*].location",
            f"{node} is to be ordered, and the region {stack.code} has no location.",
            "The server could be made in another part of the world.",
            "Write Contabo's code of the place, such as EU or IND.",
        )
    if stack.nodes[node].address is not None:
        yield Problem(
            file,
            f"openova:nodes.{node}.address",
            "A server that is ordered gets its address from Contabo.",
            "The address given here and the server's own would disagree.",
            "Remove it, or write provisioning: host for a server that is there.",
        )


def _servers(stack: SiteStack, file: str) -> Iterator[Problem]:
    servers = [name for name, node in stack.nodes.items() if node.role == "server"]
    if len(servers) % 2 == 0:
        yield Problem(
            file,
            "openova:nodes[*].role",
            f"{len(servers)} K3s servers, an even number.",
            "etcd needs a majority: an even member adds a machine that can fail and no failure that is survived.",
            "Use 1, 3 or 5 servers; further nodes are agents (role: agent).",
        )
    if stack.k3s.api_through is not None and stack.k3s.api_through not in servers:
        yield Problem(
            file,
            "openova:k3s.apiThrough",
            f"{stack.k3s.api_through} is no K3s server of {stack.code}.",
            "Nobody serves the Kubernetes API there, so nothing in the cluster could be changed.",
            f"Write one of {', '.join(servers)}, or remove it: then it is the first server.",
        )
    if isinstance(stack, RegionStack) and stack.databases.postgres.instances > len(stack.nodes):
        yield Problem(
            file,
            "openova:databases.postgres.instances",
            f"{stack.databases.postgres.instances} PostgreSQL instances on {len(stack.nodes)} node(s).",
            "Instances are kept on different nodes, so some would never be scheduled.",
            f"Use at most {len(stack.nodes)}, or add nodes.",
        )
