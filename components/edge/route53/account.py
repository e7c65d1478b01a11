"""The connection to AWS."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

GLOBAL_REGION = "us-east-1"
"""Where CloudWatch has the metrics of Route 53's checks, and so the alarms and their topic must be."""


def provider(name: str, parent: pulumi.Resource, account: str) -> aws.Provider:
    """The connection to AWS, with the credentials of the environment."""
    return aws.Provider(
        f"{name}-aws",
        region=GLOBAL_REGION,
        allowed_account_ids=[account] if account else None,
        opts=pulumi.ResourceOptions(parent=parent),
    )
