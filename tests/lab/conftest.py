"""One API server for all tests of this package."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab import tools
from lab.api_server import ApiServer, api_server
from lab.cloudnative_pg import cloudnative_pg


@pytest.fixture(scope="package")
def server() -> Iterator[ApiServer]:
    """Kubernetes with the definitions of all operators, and CloudNativePG's webhooks before its own."""
    if absent := tools.missing():
        pytest.skip(absent)
    with api_server() as running:
        running.define(*tools.DEFINITIONS)
        with cloudnative_pg(running):
            yield running
