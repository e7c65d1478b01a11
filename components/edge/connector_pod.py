"""The pod of a connector: cloudflared, and the gate that lets it serve only while its region is healthy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pulumi_kubernetes.core.v1 import ContainerArgsDict, PodSpecArgsDict, SecurityContextArgsDict, VolumeArgsDict

LABELS: Final = {"app.kubernetes.io/name": "cloudflared", "app.kubernetes.io/component": "tunnel-connector"}
TOKEN_NAME: Final = "tunnel-token"  # noqa: S105 the Secret's name, not the token
_TOKEN_DIR: Final = "/etc/cloudflared"  # noqa: S105 a folder, not the token
_GATE_DIR: Final = "/run/gate"
_GATE: Final = Path(__file__).parent / "scripts" / "gate.sh"
_METRICS_PORT: Final = 2000
_USER: Final = 65532  # the user of cloudflared's image (its Dockerfile); the gate must be the same to end it
_DRAIN_SECONDS: Final = 30  # cloudflared's grace period: requests under way are finished
_FOR_EVER: Final = 2**31 - 1  # the largest failureThreshold

_UNPRIVILEGED: Final[SecurityContextArgsDict] = {
    "allow_privilege_escalation": False,
    "read_only_root_filesystem": True,
    "capabilities": {"drop": ["ALL"]},
}


@dataclass(frozen=True, kw_only=True)
class ConnectorHealth:
    """What the gate asks: `url`, under the name `host`. It closes after `failures` failed checks in a row, one every
    `interval` seconds, each of `timeout` seconds at most."""

    url: str
    host: str
    interval: int = 10
    timeout: int = 5
    failures: int = 3


def pod(
    health: ConnectorHealth, *, image: str, gate_image: str, cpu_request: str, cpu_limit: str, memory: str
) -> PodSpecArgsDict:
    """The pod's spec. The limits are cloudflared's own; the gate has small ones."""
    return {
        "automount_service_account_token": False,
        "enable_service_links": False,
        "termination_grace_period_seconds": _DRAIN_SECONDS + 15,
        # The gate ends cloudflared with a signal.
        "share_process_namespace": True,
        "security_context": {
            "run_as_non_root": True,
            "run_as_user": _USER,
            "run_as_group": _USER,
            "fs_group": _USER,
            "seccomp_profile": {"type": "RuntimeDefault"},
        },
        # Preferred, not required: a region of one node still gets its replicas.
        "affinity": {
            "pod_anti_affinity": {
                "preferred_during_scheduling_ignored_during_execution": [
                    {
                        "weight": 100,
                        "pod_affinity_term": {
                            "topology_key": "kubernetes.io/hostname",
                            "label_selector": {"match_labels": LABELS},
                        },
                    }
                ]
            }
        },
        "init_containers": [_gate(health, gate_image)],
        "containers": [_cloudflared(image, cpu_request, cpu_limit, memory)],
        "volumes": _volumes(),
    }


def _volumes() -> list[VolumeArgsDict]:
    return [
        {"name": "token", "secret": {"secret_name": TOKEN_NAME, "default_mode": 0o440}},
        {"name": "gate", "empty_dir": {"medium": "Memory", "size_limit": "1Mi"}},
    ]


def _gate(health: ConnectorHealth, image: str) -> ContainerArgsDict:
    settings = {
        "GATE_URL": health.url,
        "GATE_HOST": health.host,
        "GATE_INTERVAL": str(health.interval),
        "GATE_TIMEOUT": str(health.timeout),
        "GATE_FAILURES": str(health.failures),
        "GATE_TOKEN": f"{_TOKEN_DIR}/token",
        "GATE_DIR": _GATE_DIR,
    }
    return {
        "name": "gate",
        "image": image,
        # Of the init containers one that runs on: cloudflared begins once the pipe is there, and ends first.
        "restart_policy": "Always",
        "startup_probe": {
            "exec_": {"command": ["test", "-p", f"{_GATE_DIR}/token"]},
            "period_seconds": 1,
            "failure_threshold": 60,
        },
        "command": ["sh", "-c", _GATE.read_text(encoding="utf-8")],
        "env": [{"name": name, "value": value} for name, value in settings.items()],
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"cpu": "100m", "memory": "16Mi"}},
        "security_context": _UNPRIVILEGED,
        "volume_mounts": [
            {"name": "token", "mount_path": _TOKEN_DIR, "read_only": True},
            {"name": "gate", "mount_path": _GATE_DIR},
        ],
    }


def _cloudflared(image: str, cpu_request: str, cpu_limit: str, memory: str) -> ContainerArgsDict:
    return {
        "name": "cloudflared",
        "image": image,
        # The token comes from a file: arguments and environment can be read by others.
        "args": [
            "tunnel",
            "--metrics",
            f"0.0.0.0:{_METRICS_PORT}",
            "--grace-period",
            f"{_DRAIN_SECONDS}s",
            "run",
            "--token-file",
            f"{_GATE_DIR}/token",
        ],
        "ports": [{"name": "metrics", "container_port": _METRICS_PORT}],
        # It may wait for its token as long as its region is unhealthy; until then nothing calls it dead.
        "startup_probe": {
            "http_get": {"path": "/healthcheck", "port": "metrics"},
            "period_seconds": 5,
            "failure_threshold": _FOR_EVER,
        },
        # Ready while a connection to Cloudflare stands. Alive is the process alone: to restart it
        # because Cloudflare is out of reach would help nobody.
        "readiness_probe": {"http_get": {"path": "/ready", "port": "metrics"}, "period_seconds": 5},
        "liveness_probe": {
            "http_get": {"path": "/healthcheck", "port": "metrics"},
            "period_seconds": 10,
            "failure_threshold": 3,
        },
        "resources": {
            "requests": {"cpu": cpu_request, "memory": memory},
            "limits": {"cpu": cpu_limit, "memory": memory},
        },
        "security_context": _UNPRIVILEGED,
        "volume_mounts": [{"name": "gate", "mount_path": _GATE_DIR, "read_only": True}],
    }
