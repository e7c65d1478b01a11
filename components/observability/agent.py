"""The configuration of the metrics agent (Grafana Alloy), as text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

TOKEN_VARIABLE: Final = "REMOTE_WRITE_TOKEN"  # noqa: S105 the variable's name


def alloy_config(*, region: str, namespaces: Sequence[str], url: str, username: str | None) -> str:
    """Scrapes the databases' pods and sends what it finds to `url`, labelled with the region.

    With a `username` the token is a password (basic authentication), else a bearer token; it comes from
    the environment, never from this text.
    """
    token = f'sys.env("{TOKEN_VARIABLE}")'
    authentication = [f"    bearer_token = {token}"]
    if username is not None:
        authentication = [
            "    basic_auth {",
            f"      username = {json.dumps(username)}",
            f"      password = {token}",
            "    }",
        ]
    return "\n".join(
        [
            'discovery.kubernetes "databases" {',
            '  role = "pod"',
            "  namespaces {",
            f"    names = {json.dumps(sorted(namespaces))}",
            "  }",
            "}",
            "",
            'discovery.relabel "databases" {',
            "  targets = discovery.kubernetes.databases.targets",
            *_keep("__meta_kubernetes_pod_container_port_name", "metrics"),
            *_label("__meta_kubernetes_namespace", "namespace"),
            *_label("__meta_kubernetes_pod_name", "pod"),
            *_label("__meta_kubernetes_pod_container_name", "container"),
            "}",
            "",
            'prometheus.scrape "databases" {',
            "  targets         = discovery.relabel.databases.output",
            '  scrape_interval = "30s"',
            "  forward_to      = [prometheus.remote_write.upstream.receiver]",
            "}",
            "",
            'prometheus.remote_write "upstream" {',
            f"  external_labels = {{ region = {json.dumps(region)} }}",
            "  endpoint {",
            f"    url = {json.dumps(url)}",
            *authentication,
            "  }",
            "}",
            "",
        ]
    )


def _keep(source: str, pattern: str) -> list[str]:
    return [
        "  rule {",
        f'    source_labels = ["{source}"]',
        f"    regex         = {json.dumps(pattern)}",
        '    action        = "keep"',
        "  }",
    ]


def _label(source: str, target: str) -> list[str]:
    return [
        "  rule {",
        f'    source_labels = ["{source}"]',
        f'    target_label  = "{target}"',
        "  }",
    ]
