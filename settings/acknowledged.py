"""What a user knowingly lets a policy pass."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Literal

from pydantic import Field

from settings.base import Settings

AcknowledgedRule = Literal["kept", "image-digest", "workload"]


class Acknowledgement(Settings):
    """One finding of a policy that is meant to be. It stays in the file for as long as it holds (docs/policies.md)."""

    rule: AcknowledgedRule = Field(description="The policy. The others cannot be acknowledged.")
    resource: str = Field(
        min_length=1,
        description="The resource's name, as `openova plan` shows it; `*` stands for any characters.",
    )
    because: str = Field(min_length=10, description="Why, for whoever reads it in a year.")

    def covers(self, rule: str, resource: str) -> bool:
        """True where it names this rule and this resource."""
        return rule == self.rule and fnmatchcase(resource, self.resource)
