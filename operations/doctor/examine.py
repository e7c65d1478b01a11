"""All checks of all nodes, several at a time, each within its own time limits."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from operations.doctor import facts, host, mesh, outside, reach
from operations.doctor.facts import Facts
from operations.doctor.model import Target
from operations.doctor.ssh import Ssh, pinned
from operations.findings.model import Check

EXAMINE_SECONDS: Final = 60
AT_ONCE: Final = 16


def checks(targets: Sequence[Target], *, after: bool = False, identity: Path | None = None) -> list[Check]:
    """The checks of these nodes, in their order.

    Before a change: reachable, the pinned one, fit to be a node. `after`: what stands open, how one gets in,
    and the mesh, besides. `identity` is a private key's file; without it the SSH agent and your default
    keys are asked.
    """
    if not targets:
        return []
    with pinned(targets, identity) as ssh, ThreadPoolExecutor(min(AT_ONCE, len(targets))) as pool:
        found = pool.map(lambda target: _node(target, ssh, after=after), targets)
        return [check for node in found for check in node]


def _node(target: Target, ssh: Ssh, *, after: bool) -> list[Check]:
    if (missing := reach.not_known(target)) is not None:
        return [missing]
    found = [reach.port(target)]
    if found[-1].status != "ok":
        return found
    found.append(reach.host_key(target))
    if found[-1].status != "ok":
        return found
    login, known = _login(target, ssh)
    found.append(login)
    if known is not None:
        found += host.judge(target, known)
    if after:
        found += [outside.ports(target, known.client if known else ""), outside.password_login(target, ssh)]
        if known is not None:
            found.append(mesh.mtu(target, ssh))
    return found


def _login(target: Target, ssh: Ssh) -> tuple[Check, Facts | None]:
    rule = "The program logs in by key, as root or with sudo that asks for no password."
    heard = ssh.run(target, "examine.sh", seconds=EXAMINE_SECONDS)
    try:
        known = facts.read(heard)
    except ValueError as error:
        check = Check(
            target.name,
            "login",
            "fail",
            " ".join(str(error).split()),
            rule,
            "pulumi up could not set the node up.",
            f"Try it: ssh -p {target.port} {target.user}@{target.address} sudo -n true. Load your key (ssh-add), "
            "name it with --identity, or put it into the host's authorized_keys.",
        )
        return check, None
    return Check(
        target.name, "login", "ok", f"as {target.user}, from {known.client or 'an address not told'}", rule
    ), known
