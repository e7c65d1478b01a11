"""Reads the outputs of other stacks through the contract. Only `__main__.py` makes a `References`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, Generic, TypeVar

import pulumi

from regions import contract
from settings.base import camel
from settings.stated import Addresses

Kind = TypeVar("Kind", contract.SharedOutputs, contract.RegionOutputs, contract.SiteOutputs)


class NotReadyError(pulumi.RunError):
    """Another stack has to be brought up first. Says which, and how."""


class Peer(Generic[Kind]):
    """Another stack's outputs. `ready` is false where it has none yet."""

    def __init__(self, stack: str, reference: pulumi.StackReference, kind: type[Kind], ready: bool) -> None:
        self.stack = stack
        self.ready = ready
        self._reference = reference
        self._names = {item.name: camel(item.name) for item in fields(kind)}
        self._never_empty = contract.never_empty(kind)

    def output(self, field: str, *, default: Any = pulumi.UNKNOWN) -> pulumi.Output[Any]:
        """One output by its field in the contract; secret where it was exported so.

        Absent, it is `default`; without a default it is unknown, which only a preview may meet.
        """
        name = self._names[field]
        return self._reference.get_output(name).apply(lambda value: default if value is None else value)

    async def readable(self) -> bool:
        """False where secrets came without their values, as from a stack with another passphrase.

        The engine says so in a line of its log only, and hands over an empty object in place of each
        (seen with Pulumi 3.259; "eliding undecryptable secrets" in pkg/resource/deploy/builtins.go).
        """
        for name in self._never_empty:
            details = await self._reference.get_output_details(name)
            if details.secret_value in ({}, ""):
                return False
        return True

    def unknown(self) -> pulumi.Output[Any]:
        """A value that only an update will have, once this stack has given it."""
        return self._reference.outputs.apply(lambda _: pulumi.UNKNOWN)

    async def plain(self, field: str) -> Any:
        """A value that is not secret, now; None where it is absent."""
        return (await self._reference.get_output_details(self._names[field])).value

    async def handover_epoch(self) -> int | None:
        """The epoch of the handover that this region exports. The token itself stays an Output."""
        details = await self._reference.get_output_details(self._names["handover"])
        record = details.secret_value or details.value
        return None if record is None else int(record["epoch"])


class References:
    """Opens stack references by stack name within this project and organisation.

    `stated` are the addresses of nodes that stand in the files of sites, by code.
    """

    def __init__(
        self, open_reference: Callable[[str], pulumi.StackReference], stated: Mapping[str, Addresses] | None = None
    ) -> None:
        self._open = open_reference
        self._stated = stated or {}

    async def shared(self) -> Peer[contract.SharedOutputs]:
        """The stack `shared`. Raises NotReadyError during an update when it was not brought up."""
        peer = await self._peer("shared", contract.SharedOutputs)
        self.require(peer)
        return peer

    async def region(self, code: str) -> Peer[contract.RegionOutputs]:
        """A region's stack, ready or not."""
        return await self._peer(code, contract.RegionOutputs)

    async def site(self, code: str) -> Peer[contract.SiteOutputs]:
        """What a region and a witness have in common, ready or not."""
        return await self._peer(code, contract.SiteOutputs)

    def addresses(self, peer: Peer[contract.RegionOutputs] | Peer[contract.SiteOutputs]) -> pulumi.Output[Addresses]:
        """Where a site's nodes are: as it exported it, and before its first `up` as its file says."""
        return peer.output("addresses", default=self._stated.get(peer.stack, {}))

    def require(self, peer: Peer[Any]) -> None:
        """Stop an update, or warn a preview, when `peer` has no outputs yet."""
        if peer.ready:
            return
        text = (
            f"The stack {peer.stack} has not been brought up yet, and this stack needs its outputs. "
            f"Next step: pulumi up --stack {peer.stack}"
        )
        if not pulumi.runtime.is_dry_run():
            raise NotReadyError(f"{text}, then this stack again. Nothing was changed.")
        pulumi.log.warn(f"{text}. Until then this preview shows its values as unknown.")

    async def _peer(self, stack: str, kind: type[Kind]) -> Peer[Kind]:
        reference = self._open(stack)
        version = (await reference.get_output_details(contract.VERSION_OUTPUT)).value
        if version is not None and int(version) != contract.VERSION:
            raise NotReadyError(
                f"The stack {stack} speaks version {int(version)} of the contract between stacks, and this program "
                f"version {contract.VERSION}; a field read wrongly could point a database at the wrong place. "
                f"Next step: pulumi up --stack {stack} with this version of the program."
            )
        peer = Peer(stack, reference, kind, ready=version is not None)
        if not await peer.readable():
            raise NotReadyError(
                f"The secrets of the stack {stack} cannot be decrypted from here; passwords and keys would be empty. "
                f"All stacks of the project need the same secrets provider and passphrase: "
                f"pulumi stack change-secrets-provider --stack {stack} passphrase. Nothing was changed."
            )
        return peer
