"""The facts that all stacks share. They stand once, in the `config:` of Pulumi.yaml."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from settings.base import Settings
from settings.data import ApplicationSettings, BackupSettings, MongodbSettings, PostgresSettings, Residency
from settings.edge import EdgeSettings, LatencyRow
from settings.formats import CountryCode, Euro, Fqdn, Label, NodeName, Phase, Port, PrivateCidr, RegionCode
from settings.problems import broken


class Coordinates(Settings):
    """Where a region or a group of users is, in degrees; for the map and for proximity steering."""

    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)


class Networks(Settings):
    """A region's address blocks. No two regions may share an address."""

    pods: PrivateCidr
    services: PrivateCidr
    mesh: PrivateCidr


class RegionPostgres(Settings):
    """What other regions must know of a region's PostgreSQL.

    `generation` counts the region's copies of the data: it is 1 at first, and the epoch of the
    failover that discarded the old copy afterwards. `clone_from` is the region that a copy was
    cloned from; the region that made the database has none.
    """

    cluster: Label
    generation: int = Field(default=1, ge=1)
    clone_from: RegionCode | None = None


class RegionMongodb(Settings):
    """The region's voting members of the replica set, by their election priorities; none is allowed."""

    priorities: tuple[int, ...] = ()

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


class RegionLine(Settings):
    """A region as every stack must know it. The rest of it stands in Pulumi.<code>.yaml."""

    code: RegionCode
    name: Label
    place: str = Field(min_length=1)
    country: CountryCode
    coordinates: Coordinates
    provider: Literal["contabo", "other"] = "other"
    location: str = Field(default="", description="The provider's own code of the place, such as EU or IND.")
    networks: Networks
    nodes: tuple[NodeName, ...] = Field(min_length=1)
    postgres: RegionPostgres
    mongodb: RegionMongodb


class Authority(Settings):
    """Which region may write. Edited as one block; see docs/authority.md.

    `epoch` rises by one with every change of the primary. `change` says how it changed, and
    `previous` from whom; both are absent in epoch 1.
    """

    primary: RegionCode
    epoch: int = Field(ge=1)
    previous: RegionCode | None = None
    change: Literal["switchover", "failover"] | None = None


class Mesh(Settings):
    """The WireGuard mesh over all nodes of all regions."""

    port: Port = 51871
    mtu: int = Field(default=1380, ge=1280, le=1500)
    revision: int = Field(default=1, ge=1, description="Raise it to replace every key of the mesh.")


class Prices(Settings):
    """What things cost. Numbers of the day you read them; see docs/cost.md for where each is from."""

    products: dict[str, Euro]
    location_fees: dict[str, Euro] = Field(default_factory=dict, description="EUR a server and month, by location.")
    usd_to_eur: float = Field(gt=0, lt=10)
    load_balancing_usd: Euro = 5
    included_origins: int = Field(default=2, ge=0)
    extra_origin_usd: Euro = 5
    geo_steering_usd: Euro = 10
    faster_checks_usd: Euro = 15
    extra_check_regions_usd: Euro = 15
    advanced_certificate_usd: Euro = 10
    traffic_usd: Euro = Field(default=10, description="Traffic between the regions, a month.")


class Platform(Settings):
    """All shared facts."""

    domain: Fqdn
    phase: Phase
    tenants: tuple[Label, ...] = ()
    regions: tuple[RegionLine, ...] = Field(min_length=1)
    authority: Authority
    mesh: Mesh = Mesh()
    postgres: PostgresSettings = PostgresSettings()
    mongodb: MongodbSettings = MongodbSettings()
    backups: BackupSettings
    edge: EdgeSettings
    latency: tuple[LatencyRow, ...] = ()
    residency: Residency = Residency()
    applications: tuple[ApplicationSettings, ...] = ()
    prices: Prices
    budget: Euro

    def region(self, code: str) -> RegionLine:
        """The region of that code. Raises LookupError where there is none."""
        for line in self.regions:
            if line.code == code:
                return line
        raise LookupError(f"no region {code!r} among {[line.code for line in self.regions]}")

    @property
    def codes(self) -> tuple[str, ...]:
        """The regions' codes in the order of the list."""
        return tuple(line.code for line in self.regions)
