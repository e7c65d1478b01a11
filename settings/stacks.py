"""What one stack's own file may say, by the kind of the stack."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, TypeAdapter, field_validator

from settings import versions
from settings.acknowledged import Acknowledgement
from settings.base import Settings
from settings.contabo import ContaboSettings
from settings.formats import (
    Address,
    Cidr,
    Cpu,
    HostKey,
    HttpsUrl,
    Label,
    NodeName,
    Port,
    Product,
    Quantity,
    RegionCode,
    Sha256,
)
from settings.problems import broken

PROTECT = "Refuse to delete what holds data or costs money."
ACKNOWLEDGED = "What policies may let pass in this stack (docs/policies.md)."


class SshSettings(Settings):
    """How the program logs in to the nodes."""

    user: Label = Field(default="root", description="The user; one other than root needs sudo without a password.")
    port: Port = Field(default=22, description="The SSH port of every node.")
    auth: Literal["agent", "key"] = Field(
        default="agent", description="`agent`: the keys of your SSH agent. `key`: the secret `sshPrivateKey`."
    )


class NodeSettings(Settings):
    """A server of the region."""

    provisioning: Literal["host", "order"] = Field(
        default="host",
        description="`host`: a server that you have. `order`: one of Contabo, by the block `contabo`.",
    )
    address: Address | None = Field(default=None, description="Its public address. Required for a `host`.")
    host_key: HostKey | None = Field(
        default=None, description="Its SSH host key, as its own console shows it. Required for a `host`."
    )
    product: Product = Field(description="The provider's product, as in `prices.products`.")
    role: Literal["server", "agent"] = Field(
        default="server", description="`server` also runs the control plane and etcd (1, 3 or 5 of them); `agent` not."
    )
    ssh_port: Port | None = Field(default=None, description="Its SSH port, where it differs from `ssh.port`.")


class K3sSettings(Settings):
    """What is installed as Kubernetes."""

    version: str = Field(default=versions.K3S, description="The K3s release, with its +k3s suffix.")
    binary_sha256: Sha256 = Field(
        default="", description="SHA-256 of the binary: line `k3s` of the release's sha256sum-amd64.txt."
    )
    installer_sha256: Sha256 = Field(default="", description="SHA-256 of the release's install.sh.")
    images_sha256: Sha256 = Field(
        default="",
        description="SHA-256 of the release's k3s-airgap-images-amd64.tar.zst. Where it is set, nodes fetch K3s' own "
        "images with the release; where not, K3s pulls them from a registry.",
    )
    mirror: HttpsUrl | None = Field(
        default=None, description="A base URL of your own that has these files, each under `<mirror>/<version>/`."
    )
    api_through: NodeName | None = Field(
        default=None,
        description="The server through which Pulumi reaches the Kubernetes API: the one to change while the first is "
        "down (docs/nodes.md). By default the first of the region's `nodes`.",
    )

    @field_validator("version")
    @classmethod
    def _supported(cls, value: str) -> str:
        minor = ".".join(value.split(".")[:2])
        if minor not in versions.K3S_MINORS or "+k3s" not in value:
            raise broken(
                f"K3s {value!r} is not supported; releases of {' and '.join(versions.K3S_MINORS)} are.",
                "The operators are not tested on it, and a skipped minor version breaks an upgrade.",
                f"Use {versions.K3S}.",
            )
        return value


class DatabaseSizing(Settings):
    """The size of one member of a database."""

    storage: Quantity = Field(default="50Gi", description="Volume of each.")
    storage_class: Label = Field(default="local-path", description="The cluster's storage class for the volumes.")
    memory: Quantity = Field(default="2Gi", description="Memory of each: both request and limit.")
    cpu: Cpu = Field(default="1", description="Processors of each, at most.")


class PostgresSizing(DatabaseSizing):
    """PostgreSQL in this region."""

    instances: int = Field(default=3, ge=1, le=9, description="Instances, each on a node of its own.")


class Databases(Settings):
    """The size of each database in this region. MongoDB's members follow from `mongodb.priorities`."""

    postgres: PostgresSizing = Field(default=PostgresSizing(), description="PostgreSQL.")
    mongodb: DatabaseSizing = Field(default=DatabaseSizing(), description="MongoDB.")


class WitnessDatabases(Settings):
    """The size of the one database member of a witness."""

    mongodb: DatabaseSizing = Field(default=DatabaseSizing(), description="MongoDB. It needs the same storage.")


class ObservabilitySettings(Settings):
    """Metrics of the databases."""

    monitors: bool = Field(
        default=False,
        description="Make PodMonitors and alert rules. The Prometheus operator's CRDs must be in the cluster.",
    )
    remote_write: HttpsUrl | None = Field(
        default=None, description="Run an agent that sends metrics to this URL, with the secret `metricsToken`."
    )
    user: str = Field(default="", description="User name at that URL, where it wants one.")

    @property
    def on(self) -> bool:
        """Whether anybody reads metrics here."""
        return self.monitors or self.remote_write is not None


class SiteStack(Settings):
    """The nodes of one site."""

    code: RegionCode = Field(description="The region; the same as in the file's name.")
    ssh: SshSettings = Field(default=SshSettings(), description="How to log in to the nodes.")
    admin_cidrs: tuple[Cidr, ...] = Field(
        min_length=1,
        description="Who may reach SSH and the Kubernetes API. The machine that runs Pulumi must be in it.",
    )
    nodes: dict[NodeName, NodeSettings] = Field(min_length=1, description="Its servers, by name.")
    contabo: ContaboSettings | None = Field(
        default=None, description="Contabo, for the nodes with `provisioning: order`; docs/contabo.md."
    )
    k3s: K3sSettings = Field(default=K3sSettings(), description="Kubernetes.")
    protect: bool = Field(default=True, description=PROTECT)
    acknowledged: tuple[Acknowledgement, ...] = Field(default=(), description=ACKNOWLEDGED)


class RegionStack(SiteStack):
    """The nodes of one region and what runs there."""

    kind: Literal["region"] = Field(description="What this stack is.")
    http_cidrs: tuple[Cidr, ...] | None = Field(
        default=None,
        description="Who may reach ports 80 and 443: by default Cloudflare's ranges, with Route 53 everybody. With a "
        "tunnel they are closed.",
    )
    databases: Databases = Field(default=Databases(), description="How large its databases are.")
    observability: ObservabilitySettings = Field(default=ObservabilitySettings(), description="Metrics.")


class WitnessStack(SiteStack):
    """The nodes of a witness. Ports 80 and 443 stay closed: nobody is served there."""

    kind: Literal["witness"] = Field(description="What this stack is.")
    databases: WitnessDatabases = Field(default=WitnessDatabases(), description="How large its database is.")


class SharedStack(Settings):
    """Keys, passwords and buckets that several regions use."""

    kind: Literal["shared"] = Field(description="What this stack is.")
    protect: bool = Field(default=True, description=PROTECT)
    acknowledged: tuple[Acknowledgement, ...] = Field(default=(), description=ACKNOWLEDGED)


class GlobalStack(Settings):
    """DNS and load balancing over all regions."""

    kind: Literal["global"] = Field(description="What this stack is.")
    protect: bool = Field(default=True, description=PROTECT)
    acknowledged: tuple[Acknowledgement, ...] = Field(default=(), description=ACKNOWLEDGED)


StackSettings: TypeAlias = SharedStack | RegionStack | WitnessStack | GlobalStack

STACK: TypeAdapter[StackSettings] = TypeAdapter(Annotated[StackSettings, Field(discriminator="kind")])
