"""Images are pinned by digest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from operations.plan.recorded import Recorded
from operations.plan.values import reveal
from operations.policy.model import Facts, Finding, Rule
from settings import versions

_KEYS: Final = ("image", "imageName", "sidecarImage", "initImage")


def references(value: Any) -> Iterator[str]:
    """Every image in a Kubernetes object or in a chart's values, as a container runtime would name it."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key in _KEYS and isinstance(item, str) and item:
                yield item
            elif key in _KEYS and isinstance(item, Mapping) and isinstance(item.get("repository"), str):
                yield _chart_image(item)
            else:
                yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def _chart_image(image: Mapping[str, Any]) -> str:
    registry = f"{image['registry']}/" if image.get("registry") else ""
    digest = f"@{image['digest']}" if image.get("digest") else ""
    return f"{registry}{image['repository']}:{image.get('tag', 'latest')}{digest}"


def _loose(resource: Recorded, facts: Facts) -> Iterator[Finding]:
    if not resource.type.startswith("kubernetes:"):
        return
    waiting = {image.reference for image in versions.images_without_digest().values()}
    for image in dict.fromkeys(references(reveal(resource.inputs))):
        if "@sha256:" not in image:
            yield Finding(
                resource.name,
                f"{resource.name} runs {image}, which has no digest.",
                "Set its digest in settings/versions.py."
                if image in waiting
                else "Name it with @sha256:..., as the registry shows it.",
                advisory=image in waiting,
            )


IMAGE_DIGEST: Final = Rule(
    "image-digest",
    "Every image is pinned by its digest; one that settings/versions.py pins by tag is only advised.",
    "Whoever can push to the registry can change what runs under the same tag.",
    of_resource=_loose,
)
