"""The program's stacks brought up one at a time, with the records of authority that tests give them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from operations.plan.check import checked
from operations.plan.project import job_for
from operations.plan.worker import Job, run
from settings.loader import Project
from settings.project import ProjectFiles, read_project
from tests.projects import edit

EU_WRITES = {"primary": "eu", "epoch": 1}
TO_INDIA = {"primary": "in", "previous": "eu", "epoch": 2, "change": "switchover"}
LOST_EU = {"primary": "in", "previous": "eu", "epoch": 2, "change": "failover"}


@dataclass
class World:
    """Stacks that are brought up one at a time, each keeping its last outputs, as an engine would."""

    root: Path
    outputs: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def authority(self, record: Mapping[str, Any], **generations: int) -> None:
        """Edit the record, and generations with it: a raised one clones from the new primary."""
        edit(self.root / "Pulumi.yaml", "config.authority.value", dict(record))
        for index, line in enumerate(self._project()[0].shared["openova:regions"]):
            if line["code"] in generations:
                key = f"config.regions.value.{index}.postgres"
                edit(self.root / "Pulumi.yaml", f"{key}.generation", generations[line["code"]])
                edit(self.root / "Pulumi.yaml", f"{key}.cloneFrom", record["primary"])

    def up(self, stack: str) -> Mapping[str, Any]:
        """Bring a stack up: its cluster's spec. Raises ProgramError where the program refuses; then nothing changed."""
        evaluation = run(self.job(stack, preview=False))
        self.outputs[stack] = evaluation.outputs
        clusters = evaluation.of_type("kubernetes:postgresql.cnpg.io/v1:Cluster")
        return clusters[0].inputs if clusters else {}

    def preview(self, stack: str) -> tuple[Mapping[str, Any], list[str]]:
        """The cluster's inputs as a preview shows them, and the warnings."""
        evaluation = run(self.job(stack, preview=True))
        cluster = evaluation.of_type("kubernetes:postgresql.cnpg.io/v1:Cluster")[0]
        return cluster.inputs, [text for severity, text in evaluation.messages if severity == "warning"]

    def writers(self) -> set[str]:
        """The regions whose last finished `up` made them writers."""
        return {code for code, outputs in self.outputs.items() if (outputs.get("authority") or {}).get("writes")}

    def _project(self) -> tuple[ProjectFiles, Project | None]:
        return read_project(self.root), None

    def job(self, stack: str, *, preview: bool) -> Job:
        files = read_project(self.root)
        return job_for(files, checked(files), stack, self.outputs, preview=preview)
