"""What can be drilled, and what an operator does about each. docs/runbooks has one page a scenario."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Scenario:
    """One thing that happens. `commands` are the operator's, in their order; `{writer}` stands for the region that
    writes before, `{other}` for the one that may take over."""

    name: str
    title: str
    commands: tuple[str, ...]

    @property
    def runbook(self) -> str:
        """Its page in docs/runbooks."""
        return f"{self.name}.md"

    def steps(self, writer: str, other: str) -> tuple[str, ...]:
        """The commands for these two regions."""
        return tuple(command.format(writer=writer, other=other) for command in self.commands)


STATUS: Final = "openova status"

SCENARIOS: Final = (
    Scenario("switchover", "A planned switchover under load", (STATUS, "openova switchover --to {other}", STATUS)),
    Scenario("region-loss", "All servers of the writing region lose power", (STATUS, "openova failover --to {other}")),
    Scenario(
        "isolated-region", "The writing region lives, and reaches nobody", (STATUS, "openova failover --to {other}")
    ),
    Scenario("returning-region", "The lost region comes back", (STATUS, "openova rejoin --region {writer}", STATUS)),
    Scenario("link-cut", "The road between the regions is cut", (STATUS, "openova failover --to {other}", STATUS)),
    Scenario("api-hang", "The writing region's API server hangs", (STATUS, "openova failover --to {other}", STATUS)),
    Scenario("primary-kill", "The pod that writes is killed", (STATUS,)),
    Scenario("edge-failure", "The edge does not reach the writing region", (STATUS,)),
    Scenario("slow-disk", "The disk under the writing pod gets slow", (STATUS,)),
)
