"""What a rule is given and what it finds: plain data, without any SDK."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from operations.plan.recorded import Recorded
from settings.acknowledged import Acknowledgement
from settings.data import Residency

Level = Literal["mandatory", "advisory", "acknowledged"]


@dataclass(frozen=True)
class Facts:
    """What the rules must know besides the resources of one stack.

    `secret_values` are texts that may stand in no input that is not marked secret: never print them.
    """

    stack: str
    phase: str
    primary: str
    residency: Residency
    countries: Mapping[str, str]
    protect: bool = True
    acknowledged: Sequence[Acknowledgement] = ()
    secret_values: frozenset[str] = field(default=frozenset(), repr=False)

    @property
    def file(self) -> str:
        """The file of the stack's settings."""
        return f"Pulumi.{self.stack}.yaml"


@dataclass(frozen=True)
class Finding:
    """What breaks a rule: `says` what is the case, `fix` how to mend it here. No secret value stands in either."""

    resource: str
    says: str
    fix: str
    advisory: bool = False
    urn: str = ""


OfResource = Callable[[Recorded, Facts], Iterator[Finding]]
OfStack = Callable[[Sequence[Recorded], Facts], Iterator[Finding]]


@dataclass(frozen=True)
class Rule:
    """One policy. `of_resource` looks at each resource before it is made, `of_stack` at all of a stack together."""

    id: str
    rule: str
    consequence: str
    of_resource: OfResource | None = None
    of_stack: OfStack | None = None


@dataclass(frozen=True, order=True)
class Violation:
    """A finding in its stack. `level` tells whether it stops (`mandatory`); `because` is an acknowledgement's."""

    stack: str
    rule_id: str
    resource: str
    says: str
    level: Level
    rule: str
    consequence: str
    fix: str
    because: str = ""
    urn: str = ""

    @property
    def stops(self) -> bool:
        """True where nothing may be brought up with it."""
        return self.level == "mandatory"
