"""Asks Prometheus' own tool which alerts fire in a state."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml


def firing(folder: Path, rules: Sequence[Mapping[str, Any]], series: Mapping[str, str], expected: set[str]) -> None:
    """Asserts that exactly these alerts fire after 20 minutes of these series (in promtool's notation, one value a
    minute). Skips where there is no promtool."""
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (apt-get install prometheus)")
    (folder / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "all", "rules": list(rules)}]}))
    probe = {
        "rule_files": ["rules.yml"],
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": name, "values": values} for name, values in series.items()],
                "promql_expr_test": [
                    {
                        "expr": 'group by (alertname) (ALERTS{alertstate="firing"})',
                        "eval_time": "20m",
                        "exp_samples": [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in sorted(expected)],
                    }
                ],
            }
        ],
    }
    (folder / "test.yml").write_text(yaml.safe_dump(probe))
    for arguments in (("check", "rules", "rules.yml"), ("test", "rules", "test.yml")):
        done = subprocess.run(
            [promtool, *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stdout + done.stderr
