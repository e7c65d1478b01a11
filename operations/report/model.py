"""plan.json, schema 1, as the report reads it: typed, frozen, and lenient about what is absent.

`schema.json` beside this file is the contract for those who write a plan. Here an absent field and a null one
are the same thing, and fields this version does not know are passed over, so that a newer plan still draws.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

SCHEMA = 1


class Part(BaseModel):
    """The base of every part: a null field takes the field's default."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel)

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, data: Any) -> Any:
        if isinstance(data, Mapping):
            return {key: value for key, value in data.items() if value is not None}
        return data


class Authority(Part):
    primary: str
    previous: str = ""
    epoch: int = 1
    change: str = ""


class Node(Part):
    name: str
    address: str = ""
    product: str = ""
    role: str = "server"
    mesh_address: str = ""
    provisioning: str = ""


class Networks(Part):
    pods: str = ""
    services: str = ""
    mesh: str = ""


class K3s(Part):
    version: str = ""
    servers: int = 0
    agents: int = 0


class Postgres(Part):
    cluster: str = ""
    instances: int = 0
    storage: str = ""
    role: str = ""
    generation: int = 1
    host: str = ""


class Member(Part):
    host: str
    votes: int = 1
    priority: float = 0


class MongoDB(Part):
    managed: bool = False
    members: tuple[Member, ...] = ()


class Region(Part):
    code: str
    name: str = ""
    place: str = ""
    country: str = ""
    latitude: float | None = None
    longitude: float | None = None
    role: str = ""
    nodes: tuple[Node, ...] = ()
    networks: Networks = Networks()
    k3s: K3s | None = Field(default=None, alias="k3s")
    postgres: Postgres | None = None
    mongodb: MongoDB | None = None


class Resource(Part):
    urn: str
    type: str = ""
    name: str = ""
    parent: str = ""
    protect: bool = False
    depends_on: tuple[str, ...] = ()


class Output(Part):
    name: str
    secret: bool = False


class Message(Part):
    severity: str = "info"
    text: str = ""


class Stack(Part):
    name: str
    kind: str = ""
    resource_count: int = 0
    types: dict[str, int] = Field(default_factory=dict)
    resources: tuple[Resource, ...] = ()
    outputs: tuple[Output, ...] = ()
    references: tuple[str, ...] = ()
    messages: tuple[Message, ...] = ()


class Source(Part):
    stack: str
    output: str = ""


class Target(Part):
    stack: str
    resource: str = ""
    input: str = ""


class Flow(Part):
    source: Source = Field(alias="from")
    target: Target = Field(alias="to")


class Location(Part):
    """Where users are. `rtt` gives, per region code, the (lowest, highest) round trip in milliseconds."""

    name: str
    rtt: dict[str, tuple[float, float]] = Field(default_factory=dict)
    winner: str = ""
    latitude: float | None = None
    longitude: float | None = None


class Area(Part):
    area: str
    kind: str = "region"
    pools: tuple[str, ...] = ()


class Steering(Part):
    provider: str = ""
    mode: str = ""
    policy: str = ""
    locations: tuple[Location, ...] = ()
    areas: tuple[Area, ...] = ()
    default: tuple[str, ...] = ()
    fallback: str = ""
    detection_seconds: float | None = None


class CostLine(Part):
    item: str
    quantity: Decimal = Decimal(1)
    unit_price: Decimal = Decimal(0)
    total: Decimal = Decimal(0)
    note: str = ""


class Cost(Part):
    currency: str = "EUR"
    lines: tuple[CostLine, ...] = ()
    total: Decimal = Decimal(0)
    budget: Decimal | None = None
    single_region: Decimal | None = None
    over_budget: bool = False


class Ability(Part):
    """What one service can still do. None: the plan does not say."""

    read: bool | None = None
    write: bool | None = None
    note: str = ""


class Loss(Part):
    lost: str
    postgresql: Ability | None = None
    mongodb: Ability | None = None
    k3s: Ability | None = Field(default=None, alias="k3s")


class Warning_(Part):  # noqa: N801  (Warning is a builtin)
    id: str = ""
    severity: str = "warning"
    where: str = ""
    rule: str = ""
    consequence: str = ""
    remedy: str = ""


class Acknowledgement(Part):
    stack: str
    rule: str
    resource: str
    because: str


class Violation(Part):
    policy: str
    level: str
    stack: str
    resource: str
    says: str
    rule: str = ""
    consequence: str = ""
    fix: str = ""
    because: str = ""


class Plan(Part):
    """The whole of plan.json. Lengths of time in seconds or milliseconds as named, money as decimals."""

    schema_: Literal[1] = Field(alias="schema")
    project: str = "openova"
    domain: str = ""
    phase: str = ""
    authority: Authority
    regions: tuple[Region, ...] = ()
    stacks: tuple[Stack, ...] = ()
    flows: tuple[Flow, ...] = ()
    steering: Steering | None = None
    cost: Cost | None = None
    quorum: tuple[Loss, ...] = ()
    warnings: tuple[Warning_, ...] = ()
    acknowledged: tuple[Acknowledgement, ...] | None = None
    policies: tuple[Violation, ...] | None = None


def read(plan: Mapping[str, Any]) -> Plan:
    """Give the plan typed.

    Raises ValueError where the plan is of another schema than 1, and pydantic's ValidationError (a ValueError
    too) where a required field is missing or has another shape.
    """
    if plan.get("schema") != SCHEMA:
        raise ValueError(
            f"A report reads plan schema {SCHEMA}, this plan says {plan.get('schema')!r}, so nothing was drawn. "
            "Make the plan and the report with the same version of `openova plan`."
        )
    return Plan.model_validate(dict(plan))
