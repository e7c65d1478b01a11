"""Whether a region may carry out its role now: against its own past, and with the token it needs."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi

from regions.contract import RegionOutputs
from regions.references import NotReadyError, Peer, References
from regions.roles import PastRole, Role, refusal, role_of
from settings.platform import Platform


class RefusedError(pulumi.RunError):
    """The configuration asks for something that could make two regions write, or lose writes."""


async def role_for_now(code: str, platform: Platform, references: References) -> Role:
    """The region's role by the authority record. Raises RefusedError where its own past forbids it."""
    role = role_of(code, platform)
    past = await (await references.region(code)).plain("authority")
    reason = refusal(code, role, None if past is None else _past(past), platform.authority)
    if reason is not None:
        raise RefusedError(f"{reason} Nothing was changed.")
    return role


async def token_of(
    role: Role, peers: Mapping[str, Peer[RegionOutputs]], references: References
) -> pulumi.Output[str] | None:
    """The demotion token that this role needs, or None where it needs none.

    It must be of this very epoch: one of another epoch promotes a copy that has missed writes. An update
    without it stops with NotReadyError; a preview shows it as unknown, with a warning.
    """
    if role.takes_over_from is None:
        return None
    peer = peers[role.takes_over_from]
    references.require(peer)
    epoch = await peer.handover_epoch() if peer.ready else None
    if epoch != role.epoch:
        found = "has given none yet" if epoch is None else f"gave one in epoch {epoch}"
        text = (
            f"Epoch {role.epoch} takes the writes over from {peer.stack}, which needs {peer.stack}'s demotion token of "
            f"that epoch; {peer.stack} {found}. Next step: pulumi up --stack {peer.stack}"
        )
        if not pulumi.runtime.is_dry_run():
            raise NotReadyError(
                f"{text}, then this stack again. If {peer.stack} is lost for good, this is a failover: "
                f"docs/authority.md. Nothing was changed."
            )
        pulumi.log.warn(f"{text}. This preview shows the token as unknown.")
        return pulumi.Output.secret(peer.unknown())
    return peer.output("handover").apply(lambda record: str(record["token"]))


def _past(record: Mapping[str, object]) -> PastRole:
    return PastRole(
        epoch=int(str(record["epoch"]).partition(".")[0]),
        generation=int(str(record["generation"]).partition(".")[0]),
        writes=bool(record["writes"]),
    )
