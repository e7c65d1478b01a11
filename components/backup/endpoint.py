"""Where R2 answers, and where it keeps what it is given."""

from __future__ import annotations

from typing import Literal

import pulumi

Jurisdiction = Literal["default", "eu", "fedramp"]
"""A guarantee of where objects are stored. A bucket has one for life."""

Location = Literal["apac", "eeur", "enam", "weur", "wnam", "oc"]
"""A hint of where objects are stored, heeded when a bucket of that name is made for the first time."""


def r2_endpoint(account_id: pulumi.Input[str], jurisdiction: Jurisdiction = "default") -> pulumi.Output[str]:
    """The S3 endpoint of an account: buckets of a jurisdiction answer under a name of their own only."""
    infix = "" if jurisdiction == "default" else f".{jurisdiction}"
    return pulumi.Output.concat("https://", account_id, f"{infix}.r2.cloudflarestorage.com")
