"""Applications: their namespace, the URLs of their databases, and optionally their pods."""

from components.app.environment import AppEnvironment, AppEnvironmentArgs
from components.app.urls import Endpoint, database_url
from components.app.workload import AppWorkload, AppWorkloadArgs, Workload

__all__ = [
    "AppEnvironment",
    "AppEnvironmentArgs",
    "AppWorkload",
    "AppWorkloadArgs",
    "Endpoint",
    "Workload",
    "database_url",
]
