"""What one stack's own file may say, by the kind of the stack."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, TypeAdapter, field_validator

from settings import versions
from settings.base import Settings
from settings.formats import Address, Cidr, HostKey, Label, NodeName, Port, Quantity, RegionCode
from settings.networks import CLOUDFLARE_CIDRS
from settings.problems import broken


class SshSettings(Settings):
    """How to log in to the nodes: with the keys of the SSH agent, or with the secret `sshPrivateKey`."""

    user: Label = "root"
    port: Port = 22
    auth: Literal["agent", "key"] = "agent"


class NodeSettings(Settings):
    """A node. `provisioning: host` is a server that you have (address and host key are required);
    `order` asks Contabo for one."""

    provisioning: Literal["host", "order"] = "host"
    address: Address | None = None
    host_key: HostKey | None = None
    product: str = Field(min_length=1)
    role: Literal["server", "agent"] = "server"
    ssh_port: Port | None = None


class K3sSettings(Settings):
    """K3s. The two SHA-256 sums pin what is installed; `mirror` is a base URL that has both files."""

    version: str = versions.K3S
    binary_sha256: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")
    installer_sha256: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")
    mirror: str | None = Field(default=None, pattern=r"^https://\S+$")

    @field_validator("version")
    @classmethod
    def _supported(cls, value: str) -> str:
        minor = ".".join(value.split(".")[:2])
        if minor not in versions.K3S_MINORS or "+k3s" not in value:
            raise broken(
                f"K3s {value!r} is not supported; those of {', '.join(versions.K3S_MINORS)} are, such as {versions.K3S}.",
                "The operators are not tested on it, and a skipped minor version breaks an upgrade.",
                f"Use {versions.K3S}.",
            )
        return value


class DatabaseSizing(Settings):
    """Instances and volume of a database in this region; memory is both request and limit."""

    instances: int = Field(default=3, ge=1, le=9)
    storage: Quantity = "50Gi"
    storage_class: Label = "local-path"
    memory: Quantity = "2Gi"
    cpu: str = Field(default="1", pattern=r"^[0-9]+(m|\.[0-9]+)?$")


class Databases(Settings):
    """The size of each database in this region."""

    postgres: DatabaseSizing = DatabaseSizing()
    mongodb: DatabaseSizing = DatabaseSizing()


class ObservabilitySettings(Settings):
    """Metrics: `monitors` makes PodMonitors and alert rules (the Prometheus operator's CRDs must be there);
    `remote_write` also runs an agent that sends metrics to this URL, with the secret `metricsToken`."""

    monitors: bool = False
    remote_write: str | None = Field(default=None, pattern=r"^https://\S+$")
    user: str = ""


class RegionStack(Settings):
    """Pulumi.<code>.yaml: the nodes of one region and what runs there."""

    kind: Literal["region"]
    code: RegionCode
    ssh: SshSettings = SshSettings()
    admin_cidrs: tuple[Cidr, ...] = Field(min_length=1)
    http_cidrs: tuple[Cidr, ...] = CLOUDFLARE_CIDRS
    nodes: dict[NodeName, NodeSettings] = Field(min_length=1)
    k3s: K3sSettings = K3sSettings()
    databases: Databases = Databases()
    observability: ObservabilitySettings = ObservabilitySettings()
    protect: bool = Field(default=True, description="Refuse to delete what holds data or costs money.")


class SharedStack(Settings):
    """Pulumi.shared.yaml: keys, passwords and buckets that several regions use."""

    kind: Literal["shared"]
    protect: bool = True


class GlobalStack(Settings):
    """Pulumi.global.yaml: DNS and load balancing over all regions."""

    kind: Literal["global"]
    protect: bool = True


StackSettings: TypeAlias = SharedStack | RegionStack | GlobalStack

STACK: TypeAdapter[StackSettings] = TypeAdapter(
    Annotated[SharedStack | RegionStack | GlobalStack, Field(discriminator="kind")]
)
