"""Which secrets a stack needs. Each is a key of its own, set with `pulumi config set --secret`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from settings.platform import Platform
from settings.problems import Problem
from settings.stacks import GlobalStack, RegionStack, SharedStack, SiteStack, StackSettings


@dataclass(frozen=True)
class SecretKey:
    """A secret: its configuration key, what it is for, and the stacks that may need it."""

    key: str
    purpose: str
    stacks: tuple[Literal["shared", "region", "witness", "global"], ...]


SSH_PRIVATE_KEY = SecretKey(
    "openova:sshPrivateKey", "to log in to the nodes (openova:ssh.auth is key)", ("region", "witness")
)
R2_ACCESS_KEY_ID = SecretKey("openova:r2AccessKeyId", "to write backups to R2", ("shared",))
R2_SECRET_ACCESS_KEY = SecretKey("openova:r2SecretAccessKey", "to write backups to R2", ("shared",))
GUARD_ACCESS_KEY_ID = SecretKey("openova:guardAccessKeyId", "to reach the record of who may write", ("shared",))
GUARD_SECRET_ACCESS_KEY = SecretKey("openova:guardSecretAccessKey", "to reach the record of who may write", ("shared",))
CLOUDFLARE_API_TOKEN = SecretKey(
    "cloudflare:apiToken", "to make buckets, tunnels, records and load balancers", ("shared", "global")
)
SLACK_WEBHOOK = SecretKey("openova:slackWebhook", "to notify Slack (openova:edge.notifications.slack)", ("global",))
METRICS_TOKEN = SecretKey("openova:metricsToken", "to send metrics (openova:observability.remoteWrite)", ("region",))

_CONTABO = "to find or order servers (provisioning: order); my.contabo.com/api/details"
CONTABO_CLIENT_ID = SecretKey("openova:contaboClientId", _CONTABO, ("region", "witness"))
CONTABO_CLIENT_SECRET = SecretKey("openova:contaboClientSecret", _CONTABO, ("region", "witness"))
CONTABO_USER = SecretKey("openova:contaboUser", _CONTABO, ("region", "witness"))
CONTABO_PASSWORD = SecretKey("openova:contaboPassword", _CONTABO, ("region", "witness"))
CONTABO = (CONTABO_CLIENT_ID, CONTABO_CLIENT_SECRET, CONTABO_USER, CONTABO_PASSWORD)

ALL = (
    SSH_PRIVATE_KEY,
    R2_ACCESS_KEY_ID,
    R2_SECRET_ACCESS_KEY,
    GUARD_ACCESS_KEY_ID,
    GUARD_SECRET_ACCESS_KEY,
    CLOUDFLARE_API_TOKEN,
    SLACK_WEBHOOK,
    METRICS_TOKEN,
    *CONTABO,
)


def required(platform: Platform, stack: StackSettings) -> tuple[SecretKey, ...]:
    """The secrets that this stack cannot do without."""
    return tuple(_required(platform, stack))


def _required(platform: Platform, stack: StackSettings) -> Iterator[SecretKey]:
    if isinstance(stack, SharedStack):
        if platform.backups.enabled:
            yield from (R2_ACCESS_KEY_ID, R2_SECRET_ACCESS_KEY)
        if platform.guarded:
            yield from (GUARD_ACCESS_KEY_ID, GUARD_SECRET_ACCESS_KEY)
        makes_bucket = platform.backups.enabled or (platform.guarded and platform.guard.endpoint is None)
        if makes_bucket or platform.edge.mode == "tunnel":
            yield CLOUDFLARE_API_TOKEN
    elif isinstance(stack, GlobalStack):
        # Route 53 takes its credentials from the environment, as every tool of AWS does.
        if platform.edge.mode != "tunnel" and platform.edge.provider == "cloudflare":
            yield CLOUDFLARE_API_TOKEN
        if platform.edge.mode == "load-balancer" and platform.edge.notifications.slack:
            yield SLACK_WEBHOOK
    elif isinstance(stack, SiteStack):
        if stack.ssh.auth == "key":
            yield SSH_PRIVATE_KEY
        if any(node.provisioning == "order" for node in stack.nodes.values()):
            yield from CONTABO
        if isinstance(stack, RegionStack) and stack.observability.remote_write:
            yield METRICS_TOKEN


def missing(secret: SecretKey, stack: str, file: str) -> Problem:
    """The problem of a required secret that is not set."""
    return Problem(
        file,
        secret.key,
        f"The secret {secret.key} is required, {secret.purpose}.",
        "The program would stop half-way, at the first thing that needs it.",
        f"pulumi config set --stack {stack} --secret {secret.key}   (it asks for the value)",
    )


def in_the_open(secret: SecretKey, stack: str, file: str) -> Problem:
    """The problem of a secret that stands in plain text."""
    return Problem(
        file,
        secret.key,
        f"The secret {secret.key} stands in plain text.",
        "Whoever can read the repository, or its history, has it.",
        f"Replace it at its source, then: pulumi config set --stack {stack} --secret {secret.key}",
    )
