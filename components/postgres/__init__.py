"""PostgreSQL on CloudNativePG: its operator, and one region's cluster."""

from components.postgres.args import PostgresArgs
from components.postgres.component import PostgresCluster
from components.postgres.operator import PostgresOperator, PostgresOperatorArgs
from components.postgres.topology import (
    CloneFrom,
    ExternalCluster,
    InitDb,
    Publication,
    Subscription,
    Synchronous,
    server_name,
)

__all__ = [
    "CloneFrom",
    "ExternalCluster",
    "InitDb",
    "PostgresArgs",
    "PostgresCluster",
    "PostgresOperator",
    "PostgresOperatorArgs",
    "Publication",
    "Subscription",
    "Synchronous",
    "server_name",
]
