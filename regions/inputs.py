"""What the engine hands the program, as the loader wants it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pulumi
from pulumi.runtime import config as runtime_config

from settings.loader import Loaded, load
from settings.project import StackFile, shared_facts
from settings.secrets import ALL, SecretKey

SecretInput = Callable[[SecretKey], pulumi.Output[str]]


def load_settings(root: Path) -> Loaded:
    """The checked settings of the stack that is running. Raises SettingsError with every problem."""
    values = _values()
    stack = pulumi.get_stack()
    return load(
        StackFile(
            name=stack,
            file=f"Pulumi.{stack}.yaml",
            values=values,
            secrets=frozenset(key for key in values if runtime_config.is_config_secret(key)),
            own=frozenset(secret.key for secret in ALL if secret.key in values),
            initialised=True,
        ),
        shared_facts(root),
    )


def secret_input(secret: SecretKey) -> pulumi.Output[str]:
    """The secret's value, which stays an Output to the end."""
    namespace, _, name = secret.key.partition(":")
    return pulumi.Config(namespace).require_secret(name)


def _values() -> dict[str, str]:
    """Every configuration value; secrets only as their keys, so that none is in reach of a message."""
    every = runtime_config.CONFIG.get()
    return {key: "" if runtime_config.is_config_secret(key) else str(value) for key, value in every.items()}
