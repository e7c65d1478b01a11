#!/usr/bin/env python3
"""Stands for kubectl and two clusters whose databases are a file of JSON; what is run in a pod is run here.

Only what the commands ask for: get, wait for, annotate, patch and delete the Cluster; psql, pg_isready, and bash,
which is the real one where it does not run psql again and again.
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

STATE = Path(os.environ["STANDIN_CLUSTERS"])


def main(arguments: list[str]) -> int:
    """One call. The kubeconfig's name is the region's code."""
    code = Path(arguments[arguments.index("--kubeconfig") + 1]).name
    regions = json.loads(STATE.read_text())
    region = regions[code]
    if not region["api"]:
        sys.stderr.write("Unable to connect to the server: dial tcp: i/o timeout\n")
        return 1
    if "exec" in arguments:
        return executed(regions, region, arguments[arguments.index("--") + 1 :])
    if "annotate" in arguments:
        key, _, value = arguments[arguments.index("--overwrite") - 1].partition("=")
        changed(code, lambda own: own["resource"]["metadata"].setdefault("annotations", {}).update({key: value}))
        return 0
    if "patch" in arguments:
        replica = json.loads(sys.stdin.read())["spec"]["replica"]
        changed(code, lambda own: turned(own, replica))
        return 0
    token = region["resource"]["status"].get("demotionToken", "")
    if "wait" in arguments:
        sys.stderr.write("" if token else "error: timed out waiting for the condition\n")
        return 0 if token else 1
    tokens = any("demotionToken" in argument for argument in arguments)
    sys.stdout.write(token if tokens else json.dumps(region["resource"]))
    return 0


def changed(code: str, change: Callable[[dict[str, Any]], None]) -> None:
    """Another call may change something at the same time."""
    with STATE.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        regions = json.loads(STATE.read_text())
        change(regions[code])
        whole = STATE.with_suffix(".new")
        whole.write_text(json.dumps(regions))
        whole.rename(STATE)


def turned(region: dict[str, Any], replica: dict[str, Any]) -> None:
    """What the operator makes of a changed role."""
    resource, state = region["resource"], region["state"]
    resource["spec"]["replica"] = replica
    state["writes"] = replica["primary"] == resource["metadata"]["name"]
    if not state["writes"] and region["tokens"]:
        resource["status"]["demotionToken"] = "a-token"


def executed(regions: dict[str, Any], region: dict[str, Any], command: list[str]) -> int:
    """A program in a pod."""
    if "psql" in command:
        statement = sys.stdin.read()
        if not region["database"]:
            sys.stderr.write("error: container not found\n")
            return 1
        if "json_build_object" in statement:
            sys.stdout.write(json.dumps(region["state"]))
        return 0
    script = sys.stdin.read()
    if "pg_isready" in script:
        host = command[-2]
        sys.stdout.write("1\n")
        sys.stdout.write("10.99.0.1\n" * any(each["host"] == host and each["mesh"] for each in regions.values()))
        return 0
    return subprocess.run(command, input=script, text=True, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
