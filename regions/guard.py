"""The guard of a region, from the settings."""

from __future__ import annotations

import pulumi

from components.guard.component import GuardArgs
from regions.contract import SharedOutputs
from regions.late import record_bucket
from regions.references import NotReadyError, Peer
from settings.platform import Platform, RegionLine
from settings.stacks import ObservabilitySettings


async def require_record(platform: Platform, shared: Peer[SharedOutputs]) -> None:
    """Raises NotReadyError in an update where guards are to run and the stack `shared` has no bucket for them yet."""
    if not platform.guarded or not shared.ready or await shared.plain("guard"):
        return
    text = (
        "The guard is on (openova:guard), and the stack shared was brought up without it: there is no bucket for the "
        "record of who may write, and no node could be opened. Next step: pulumi up --stack shared, then this stack"
    )
    if not pulumi.runtime.is_dry_run():
        raise NotReadyError(f"{text} again. Nothing was changed.")
    pulumi.log.warn(f"{text}.")


def guard_args(
    platform: Platform,
    line: RegionLine,
    shared: Peer[SharedOutputs],
    namespace: pulumi.Output[str],
    observability: ObservabilitySettings,
) -> GuardArgs | None:
    """None where no guard runs. `namespace` is that of the databases."""
    guard = platform.guard
    if not platform.guarded or guard.image is None:
        return None
    bucket = record_bucket(shared)
    return GuardArgs(
        image=guard.image,
        region=line.code,
        cluster=line.postgres.cluster,
        database_namespace=namespace,
        pods=line.networks.pods,
        isolation=guard.isolation,
        ttl=guard.ttl,
        founds=platform.authority.epoch == 1 and platform.authority.primary == line.code,
        bucket=bucket.name,
        endpoint=bucket.endpoint,
        access_key_id=bucket.access_key_id,
        secret_access_key=bucket.secret_access_key,
        store_authority=guard.certificate,
        watched=line.nodes if observability.on else (),
    )
