"""The facts that all stacks share. They stand once, in the `config:` of Pulumi.yaml."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from settings.base import Settings
from settings.data import ApplicationSettings, BackupSettings, MongodbSettings, PostgresSettings, Residency
from settings.edge import EdgeSettings, LatencyRow
from settings.formats import (
    AwsRegion,
    CountryCode,
    Euro,
    Fqdn,
    Label,
    Latitude,
    Location,
    Longitude,
    NodeName,
    Phase,
    Port,
    PrivateCidr,
    RegionCode,
)
from settings.guard import GuardSettings
from settings.prices import Prices
from settings.problems import broken


class Coordinates(Settings):
    """Where a region is; for the map and for proximity steering."""

    latitude: Latitude = Field(description="Latitude of the data centre.")
    longitude: Longitude = Field(description="Longitude of the data centre.")


class Networks(Settings):
    """A region's address blocks. No two blocks of any region may share an address."""

    pods: PrivateCidr = Field(description="Addresses of the pods. K3s gives each node a /24 of it.")
    services: PrivateCidr = Field(description="Addresses of the Services inside the cluster.")
    mesh: PrivateCidr = Field(description="Addresses of the nodes in the mesh: a node's is its number in this block.")


class RegionPostgres(Settings):
    """What other regions must know of a region's PostgreSQL."""

    cluster: Label = Field(description="Name of the region's CloudNativePG cluster; each region has its own.")
    generation: int = Field(
        default=1,
        ge=1,
        description="Which copy of the data this is: 1 at first, later the epoch of the failover that discarded the "
        "copy before.",
    )
    clone_from: RegionCode | None = Field(
        default=None,
        description="The region that this copy is cloned from. The region that made the database has none.",
    )


class RegionMongodb(Settings):
    """The region's part of the replica set."""

    priorities: tuple[int, ...] = Field(
        default=(),
        description="Election priorities (0 to 1000) of its voting members; the highest is primary. No voter: `[]`.",
    )

    @field_validator("priorities")
    @classmethod
    def _within_mongodb_limits(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if any(not 0 <= priority <= 1000 for priority in value):
            raise broken(
                "A member's priority is from 0 to 1000 (MongoDB manual, rs.conf() members[n].priority).",
                "The replica set would refuse its configuration.",
                "Use small numbers, higher where the primary should be.",
            )
        return value


class SiteLine(Settings):
    """A place with nodes of its own, as every stack must know it. The rest stands in `Pulumi.<code>.yaml`."""

    code: RegionCode = Field(description="Short code; also the name of its stack and file.")
    name: Label = Field(description="Name in host names and tags, such as europe in pg-europe.openova.io.")
    place: str = Field(min_length=1, description="The city, for people.")
    country: CountryCode = Field(description="Where the servers are; decides whether data is in the European Union.")
    coordinates: Coordinates = Field(description="Where it is.")
    location: Location = Field(
        default="", description="The provider's own code of the place, such as EU or IND; picks `prices.locationFees`."
    )
    aws_region: AwsRegion | None = Field(
        default=None,
        description="The AWS region that stands for the place in Route 53's latency records; by default the one "
        "that is nearest to `coordinates`, such as eu-central-1 for Nuremberg and ap-south-1 for Mumbai.",
    )
    networks: Networks = Field(description="Its address blocks.")
    nodes: tuple[NodeName, ...] = Field(
        min_length=1, description="Names of its nodes; `Pulumi.<code>.yaml` describes each. A number is never reused."
    )
    mongodb: RegionMongodb = Field(description="Its MongoDB.")


class RegionLine(SiteLine):
    """A region: it serves users and has all the data."""

    postgres: RegionPostgres = Field(description="Its PostgreSQL.")


class WitnessLine(SiteLine):
    """A third site with one voting MongoDB member and nothing else: no PostgreSQL, no traffic, no application.

    Its member holds a copy of MongoDB's data: `residency.mongodb` counts it.
    """

    mongodb: RegionMongodb = Field(
        default=RegionMongodb(priorities=(1,)),
        description="Its one member. The lowest priority leaves it a voter that becomes primary last.",
    )


class Authority(Settings):
    """Which region may write. Edited as one block; see docs/authority.md."""

    primary: RegionCode = Field(description="The region that may write to PostgreSQL.")
    epoch: int = Field(ge=1, description="Rises by one with every change of the primary.")
    previous: RegionCode | None = Field(
        default=None, description="The region that wrote in the epoch before. Absent in epoch 1, required afterwards."
    )
    change: Literal["switchover", "failover"] | None = Field(
        default=None,
        description="How `primary` took over: `switchover` (`previous` hands over, nothing is lost) or `failover` "
        "(`previous` is lost, its copy is discarded). Absent in epoch 1, required afterwards.",
    )


class Mesh(Settings):
    """The WireGuard mesh over all nodes of all regions."""

    port: Port = Field(default=51871, description="UDP port of every node, open to the other nodes.")
    mtu: int = Field(default=1380, ge=1280, le=1500, description="Largest packet in the mesh, in bytes.")
    revision: int = Field(default=1, ge=1, description="Raise it to replace every key of the mesh.")


class Platform(Settings):
    """All shared facts."""

    domain: Fqdn = Field(description="The zone in which all names stand.")
    phase: Phase = Field(
        description="`single`: one region, nothing replicated. `read-replicas`: one region writes, the others follow. "
        "`active-active`: every region writes to its own PostgreSQL."
    )
    tenants: tuple[Label, ...] = Field(default=(), description="Tenants that have host names of their own.")
    regions: tuple[RegionLine, ...] = Field(min_length=1, description="All regions.")
    witnesses: tuple[WitnessLine, ...] = Field(
        default=(), description="Third sites with one MongoDB member each, so that no loss of one region stops writes."
    )
    authority: Authority = Field(description="Who may write.")
    guard: GuardSettings = Field(default=GuardSettings(), description="What sees to it that nobody else does.")
    mesh: Mesh = Field(default=Mesh(), description="The network between the regions.")
    postgres: PostgresSettings = Field(default=PostgresSettings(), description="PostgreSQL, in all regions.")
    mongodb: MongodbSettings = Field(default=MongodbSettings(), description="MongoDB, over all regions.")
    backups: BackupSettings = Field(description="Backups.")
    edge: EdgeSettings = Field(description="DNS and load balancing.")
    latency: tuple[LatencyRow, ...] = Field(default=(), description="Where users are, and which region is near.")
    residency: Residency = Field(default=Residency(), description="Where data may lie.")
    applications: tuple[ApplicationSettings, ...] = Field(default=(), description="Who uses the databases.")
    prices: Prices = Field(description="What things cost.")
    budget: Euro = Field(
        description="What all of it may cost a month. `openova plan` refuses a configuration above it."
    )

    def region(self, code: str) -> RegionLine:
        """The region of that code. Raises LookupError where there is none."""
        for line in self.regions:
            if line.code == code:
                return line
        raise LookupError(f"no region {code!r} among {[line.code for line in self.regions]}")

    @property
    def sites(self) -> tuple[RegionLine | WitnessLine, ...]:
        """Everything that has nodes: the regions, then the witnesses."""
        return (*self.regions, *self.witnesses)

    def site(self, code: str) -> RegionLine | WitnessLine:
        """The region or witness of that code. Raises LookupError where there is none."""
        for line in self.sites:
            if line.code == code:
                return line
        raise LookupError(f"no region or witness {code!r} among {list(self.site_codes)}")

    @property
    def site_codes(self) -> tuple[str, ...]:
        """The codes of all sites: the regions', then the witnesses'."""
        return tuple(line.code for line in self.sites)

    @property
    def guarded(self) -> bool:
        """Whether guards run in the regions: only a phase with one writer among several regions has a use for them."""
        return self.guard.enabled and self.phase == "read-replicas"

    @property
    def codes(self) -> tuple[str, ...]:
        """The regions' codes in the order of the list."""
        return tuple(line.code for line in self.regions)
