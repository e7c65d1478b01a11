"""Which SDKs a module brings in: importing one takes seconds, so each stack brings only its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.planning import ROOT

SDKS = {
    "pulumi",
    "pulumi_aws",
    "pulumi_cloudflare",
    "pulumi_command",
    "pulumi_kubernetes",
    "pulumi_random",
    "pulumi_tls",
}
CASES = {
    "regions.shared": {"pulumi_kubernetes", "pulumi_aws"},
    # It imports the SDK of the provider that the settings choose once they are read.
    "regions.global_edge": SDKS - {"pulumi"},
    "regions.region": {"pulumi_aws", "pulumi_cloudflare", "pulumi_random"},
    "regions.traffic": SDKS,
    "settings.loader": SDKS,
    # The process that shows the plan reads plain data; only its workers load SDKs.
    "operations.cli": SDKS,
    "operations.doctor": SDKS,
    "operations.plan.command": SDKS,
    "operations.plan.document": SDKS,
    "operations.plan.check": SDKS,
    "operations.plan.show": SDKS,
    "operations.report": SDKS,
}


@pytest.mark.parametrize("module", list(CASES))
def test_a_module_brings_no_sdk_in_that_it_does_not_need(module: str) -> None:
    code = f"import sys, {module}; print(*sys.modules, sep='\\n')"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not CASES[module] & set(loaded.stdout.split())
