"""All that the lab changes in what the program puts into Kubernetes.

- PostgreSQL's image is one made here from Debian's packages.
- The guard's image and the application's are made here, by their tags.
- The operator comes from its own release manifest instead of its Helm chart: no chart repository is reached. Pulumi's
  engine gets it as a chart of the same name and version.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from components.app.workload import NAME as APPLICATION
from components.guard.names import NAME as GUARD
from lab.api_server import definitions
from lab.tools import GUARD_IMAGE, LEDGER_IMAGE, POSTGRES_IMAGE
from operations.plan.answers import CNPG_CLUSTER
from settings.versions import CNPG_CHART

RELEASE: Final = "kubernetes:helm.sh/v3:Release"
DAEMON_SET: Final = "kubernetes:apps/v1:DaemonSet"
DEPLOYMENT: Final = "kubernetes:apps/v1:Deployment"
IMAGES: Final = {
    (DAEMON_SET, GUARD): GUARD_IMAGE,
    (DEPLOYMENT, f"{GUARD}-watch"): GUARD_IMAGE,
    (DEPLOYMENT, APPLICATION): LEDGER_IMAGE,
}
OVERLAID: Final = (CNPG_CLUSTER, DAEMON_SET, DEPLOYMENT)
"""The types of which something may be changed."""


def overlaid(type_: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """The object as the lab applies it."""
    changed = {key: value for key, value in body.items() if key != "status"}
    if type_ == CNPG_CLUSTER:
        changed["spec"] = {**changed["spec"], "imageName": POSTGRES_IMAGE}
    if (own := IMAGES.get((type_, changed.get("metadata", {}).get("name")))) is not None:
        template = changed["spec"]["template"]
        first, *others = template["spec"]["containers"]
        pod = {**template["spec"], "containers": [{**first, "image": own}, *others]}
        changed["spec"] = {**changed["spec"], "template": {**template, "spec": pod}}
    return changed


def release_manifest(release: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The operator's manifest, with the resources that the release gives it. Raises NotImplementedError for another
    chart."""
    if release["chart"] != CNPG_CHART.name:
        raise NotImplementedError(f"The lab installs {CNPG_CHART.name} alone, and not {release['chart']}.")
    return release_documents(release["values"]["resources"])


def release_documents(resources: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """The operator's own release manifest but for its namespace, which the program makes itself."""
    documents = [document for document in definitions("cloudnative-pg") if document["kind"] != "Namespace"]
    for document in documents:
        if document["kind"] == "Deployment":
            (container,) = document["spec"]["template"]["spec"]["containers"]
            container["imagePullPolicy"] = "IfNotPresent"
            container["resources"] = resources or container["resources"]
    return documents
