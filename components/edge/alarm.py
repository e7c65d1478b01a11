"""Cloudflare's notification of pools and origins that change their health."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_cloudflare as cloudflare

from components.edge.provider import Notifications


def health_alarm(
    name: str,
    parent: pulumi.Resource,
    account_id: pulumi.Input[str],
    pool_ids: Sequence[pulumi.Input[str]],
    who: Notifications,
) -> cloudflare.NotificationPolicy:
    """Tell them when one of the pools, or an origin in it, turns unhealthy or healthy again."""
    emails = [cloudflare.NotificationPolicyMechanismsEmailArgs(id=who.email)] if who.email else None
    webhooks = None
    if who.webhook is not None:
        target = _webhook(name, parent, account_id, who.webhook)
        webhooks = [cloudflare.NotificationPolicyMechanismsWebhookArgs(id=target.id)]
    return cloudflare.NotificationPolicy(
        f"{name}-alarm",
        account_id=account_id,
        name=f"{name}: health of the regions",
        description="A region or one of its servers turned unhealthy or healthy",
        alert_type="load_balancing_health_alert",
        enabled=True,
        filters={
            "pool_ids": pool_ids,
            "new_healths": ["Unhealthy", "Healthy"],
            "event_sources": ["pool", "origin"],
        },
        mechanisms=cloudflare.NotificationPolicyMechanismsArgs(emails=emails, webhooks=webhooks),
        opts=pulumi.ResourceOptions(parent=parent),
    )


def _webhook(
    name: str, parent: pulumi.Resource, account_id: pulumi.Input[str], url: pulumi.Input[str]
) -> cloudflare.NotificationPolicyWebhooks:
    """The URL is secret: whoever knows it can post. Cloudflare gives it back without its last part, so a
    refresh shows a change here. It is not ignored: a new URL that is silently not taken over would
    cost the alarm."""
    return cloudflare.NotificationPolicyWebhooks(
        f"{name}-webhook",
        account_id=account_id,
        name=f"{name} alarms",
        url=pulumi.Output.secret(url),
        opts=pulumi.ResourceOptions(parent=parent),
    )
