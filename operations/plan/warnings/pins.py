"""Warnings about what is installed, and what is still to be set."""

from __future__ import annotations

from collections.abc import Iterator

from operations.plan.project import Planned
from operations.plan.warnings.warned import Warned
from settings import versions
from settings.stacks import SiteStack


def sums(planned: Planned) -> Iterator[Warned]:
    """Releases of K3s without sums."""
    for name, stack in planned.project.stacks.items():
        if isinstance(stack, SiteStack) and not (stack.k3s.binary_sha256 and stack.k3s.installer_sha256):
            yield Warned(
                "k3s-checksum",
                "warning",
                f"Pulumi.{name}.yaml openova:k3s",
                f"The SHA-256 sums of K3s {stack.k3s.version} are not set.",
                "The installation refuses to start: what runs as root is installed only when it is the file meant.",
                "Set binarySha256 (`k3s` in the release's sha256sum-amd64.txt) and installerSha256 (its install.sh).",
            )


def secrets(planned: Planned) -> Iterator[Warned]:
    """Secrets that are not set yet."""
    for name, absent in planned.project.unset_secrets.items():
        keys = ", ".join(secret.key for secret in absent)
        yield Warned(
            "secret-unset",
            "notice",
            f"Pulumi.{name}.yaml",
            f"Not set yet: {keys}.",
            "The plan needs no secret; pulumi up refuses to start without them.",
            f"pulumi config set --stack {name} --secret {absent[0].key}   (and so on; it asks for the value)",
        )


def digests() -> Iterator[Warned]:
    """Images pinned by tag alone."""
    loose = versions.images_without_digest()
    if loose:
        yield Warned(
            "image-digest",
            "notice",
            "settings/versions.py",
            f"{len(loose)} images are pinned by tag and not yet by digest: {', '.join(sorted(loose))}.",
            "Whoever can push to the registry can change what runs under the same tag.",
            "Set each `digest` from the registry (docker buildx imagetools inspect IMAGE:TAG).",
        )


def messages(planned: Planned) -> Iterator[Warned]:
    """What the program itself said."""
    for name, evaluation in planned.evaluations.items():
        for severity, text in evaluation.messages:
            if severity in ("warning", "error"):
                yield Warned(
                    "program", "warning", f"stack {name}", text, "The program said so while it ran.", "See there."
                )
