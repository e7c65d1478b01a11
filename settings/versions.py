"""Every version that the program pins, in one place. Renovate keeps them (see renovate.json)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True)
class HelmChart:
    """A chart pinned by version, with the repository it comes from."""

    name: str
    repository: str
    version: str


@dataclass(frozen=True)
class Image:
    """A container image pinned by tag, and by digest where the digest is set (`sha256:...`).

    A digest is copied from the registry by whoever pins it; it is None until somebody did.
    """

    repository: str
    tag: str
    digest: str | None = None

    @property
    def pinned_tag(self) -> str:
        """The tag with the digest behind it, as charts that ask for a tag take it."""
        return f"{self.tag}@{self.digest}" if self.digest else self.tag

    @property
    def reference(self) -> str:
        """The whole reference, as a container runtime takes it."""
        return f"{self.repository}:{self.pinned_tag}"


# The engine, and what it is run with. The CLI has the version of its SDK or a newer one, a plugin exactly that of its
# SDK; pyproject.toml and uv.lock pin the same (tests/test_versions.py).
# renovate: datasource=pypi depName=pulumi
PULUMI: Final = "3.259.0"

# renovate: datasource=pypi depName=pulumi-cloudflare
PULUMI_CLOUDFLARE: Final = "6.17.0"

# renovate: datasource=pypi depName=pulumi-command
PULUMI_COMMAND: Final = "1.2.1"

# renovate: datasource=pypi depName=pulumi-kubernetes
PULUMI_KUBERNETES: Final = "4.32.0"

# renovate: datasource=pypi depName=pulumi-random
PULUMI_RANDOM: Final = "4.21.1"

# renovate: datasource=pypi depName=pulumi-tls
PULUMI_TLS: Final = "5.5.1"

# renovate: datasource=pypi depName=pulumi-aws
PULUMI_AWS: Final = "7.51.1"

PULUMI_PLUGINS: Final[Mapping[str, str]] = {
    "cloudflare": PULUMI_CLOUDFLARE,
    "command": PULUMI_COMMAND,
    "kubernetes": PULUMI_KUBERNETES,
    "random": PULUMI_RANDOM,
    "tls": PULUMI_TLS,
}
"""The plugins that every configuration needs; `aws` comes to them with `edge.provider: route53`."""

# renovate: datasource=github-releases depName=k3s-io/k3s
K3S: Final = "v1.34.2+k3s1"
K3S_MINORS: Final = ("v1.33", "v1.34")

# renovate: datasource=helm depName=cloudnative-pg registryUrl=https://cloudnative-pg.github.io/charts
CNPG_CHART: Final = HelmChart("cloudnative-pg", "https://cloudnative-pg.github.io/charts", "0.29.0")

# renovate: datasource=helm depName=psmdb-operator registryUrl=https://percona.github.io/percona-helm-charts
PSMDB_CHART: Final = HelmChart("psmdb-operator", "https://percona.github.io/percona-helm-charts", "1.22.0")

POSTGRES_DEFAULT: Final[Literal["17", "18"]] = "18"

# renovate: datasource=docker depName=ghcr.io/cloudnative-pg/cloudnative-pg
CNPG_IMAGE: Final = Image("ghcr.io/cloudnative-pg/cloudnative-pg", "1.30.0", digest=None)

POSTGRES_IMAGES: Final[Mapping[Literal["17", "18"], Image]] = {
    # renovate: datasource=docker depName=ghcr.io/cloudnative-pg/postgresql allowedVersions=/^17\./
    "17": Image("ghcr.io/cloudnative-pg/postgresql", "17.10-standard-trixie", digest=None),
    # renovate: datasource=docker depName=ghcr.io/cloudnative-pg/postgresql allowedVersions=/^18\./
    "18": Image("ghcr.io/cloudnative-pg/postgresql", "18.4-standard-trixie", digest=None),
}

# renovate: datasource=helm depName=plugin-barman-cloud registryUrl=https://cloudnative-pg.github.io/charts
BARMAN_CHART: Final = HelmChart("plugin-barman-cloud", "https://cloudnative-pg.github.io/charts", "0.7.0")

# The chart above brings v0.13.0, which drops the sidecar after pg_basebackup and promotes from the wrong
# store: replica clusters need v0.14.0 or newer of both images.
# renovate: datasource=docker depName=ghcr.io/cloudnative-pg/plugin-barman-cloud
BARMAN_PLUGIN_IMAGE: Final = Image("ghcr.io/cloudnative-pg/plugin-barman-cloud", "v0.14.0", digest=None)

# renovate: datasource=docker depName=ghcr.io/cloudnative-pg/plugin-barman-cloud-sidecar
BARMAN_SIDECAR_IMAGE: Final = Image("ghcr.io/cloudnative-pg/plugin-barman-cloud-sidecar", "v0.14.0", digest=None)

# renovate: datasource=docker depName=percona/percona-server-mongodb-operator
PSMDB_OPERATOR_IMAGE: Final = Image("percona/percona-server-mongodb-operator", "1.22.0", digest=None)

# The behaviour that the operator gives its custom resources; raised one minor version at a time.
PSMDB_CR_VERSION: Final = "1.22.0"

# renovate: datasource=docker depName=percona/percona-server-mongodb allowedVersions=/^7\.0\./
PSMDB_IMAGE: Final = Image("percona/percona-server-mongodb", "7.0.30-16", digest=None)

# renovate: datasource=docker depName=percona/percona-backup-mongodb
PBM_IMAGE: Final = Image("percona/percona-backup-mongodb", "2.12.0", digest=None)

# renovate: datasource=helm depName=mongodb-kubernetes registryUrl=https://mongodb.github.io/helm-charts
MONGODB_COMMUNITY_CHART: Final = HelmChart("mongodb-kubernetes", "https://mongodb.github.io/helm-charts", "1.10.0")

# The server version of the community operator's custom resource.
# renovate: datasource=docker depName=quay.io/mongodb/mongodb-community-server allowedVersions=/^7\.0\./
MONGODB_COMMUNITY: Final = "7.0.5"

# The operator with which objects of its kind are checked: of its successor, the chart above, only images are published.
# renovate: datasource=go depName=github.com/mongodb/mongodb-kubernetes-operator
MONGODB_COMMUNITY_DEFINITIONS: Final = "v0.13.0"

# The operator with which PodMonitors and rules are checked; in a cluster it is the user's own.
# renovate: datasource=go depName=github.com/prometheus-operator/prometheus-operator
PROMETHEUS_DEFINITIONS: Final = "v0.85.0"

# renovate: datasource=helm depName=alloy registryUrl=https://grafana.github.io/helm-charts
ALLOY_CHART: Final = HelmChart("alloy", "https://grafana.github.io/helm-charts", "1.10.0")

# renovate: datasource=docker depName=cloudflare/cloudflared
CLOUDFLARED_IMAGE: Final = Image(
    "cloudflare/cloudflared",
    "2026.10.0",
    digest="sha256:9b49eed8f62806d5d45ddf59ecefb5710429598ea6d3fcccd2af938f621b2b07",
)

# The shell beside cloudflared, whose own image has none.
# renovate: datasource=docker depName=busybox
GATE_IMAGE: Final = Image("busybox", "1.37.0", digest=None)


def images_without_digest() -> dict[str, Image]:
    """The images that are pinned by tag until somebody has set their digest, by their names here."""
    found: dict[str, Image] = {}
    for name, value in globals().items():
        several = value.items() if isinstance(value, Mapping) else [("", value)]
        for key, image in several:
            if isinstance(image, Image) and not image.digest:
                found[f"{name}[{key}]" if key else name] = image
    return found
