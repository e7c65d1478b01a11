"""How to reach a host, with its identity pinned."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_command import remote

DIALS_TO_A_RUNNING_HOST: Final = 16
"""Failed dials before giving up on a host that was up already.

pulumi-command 1.2.1 dials again after every error, a wrong host key included, and waits 0.1 s, half as long again
each time, 5 s at most: 16 failures at once are 41 s, and a dial without any answer takes `PER_DIAL_TIMEOUT` besides.
A host that reboots refuses for seconds and is silent for the rest."""

DIALS_TO_AN_ORDERED_HOST: Final = 90
"""The same for a server that was just ordered: its sshd may listen minutes after it counts as running. 7 minutes."""

PER_DIAL_TIMEOUT: Final = 15
"""Seconds for one attempt to connect."""

_HOST_KEY: Final = re.compile(r"ssh-ed25519 [A-Za-z0-9+/]{68}(?: .*)?")


@dataclass(frozen=True)
class SshConnection:
    """An SSH login as `user` at `host`:`port`.

    `host_key` is the host's public key, as `ssh-ed25519 AAAA...`; a host that shows another one is not
    spoken to. `private_key` is the PEM text of the login key (secret); without it the SSH agent is asked.
    `dial_error_limit` is how many dials may fail, a refused host key included.
    Raises ValueError for a host key of another kind.
    """

    host: pulumi.Input[str]
    host_key: pulumi.Input[str]
    port: int = 22
    user: str = "root"
    private_key: pulumi.Input[str] | None = None
    dial_error_limit: int = DIALS_TO_A_RUNNING_HOST

    def __post_init__(self) -> None:
        if isinstance(self.host_key, str) and not _HOST_KEY.fullmatch(self.host_key):
            raise ValueError(
                "The host key of a node is pinned as its ed25519 public key ('ssh-ed25519 AAAA...'). "
                f"{self.host_key!r} is not one, so anybody between you and the host could pose as it. "
                "Set 'host_key' to what 'ssh-keyscan -t ed25519 HOST' prints, without the host's name, after you "
                "have compared it with /etc/ssh/ssh_host_ed25519_key.pub on the host's own console."
            )

    def args(self) -> remote.ConnectionArgs:
        """The same for pulumi-command."""
        return remote.ConnectionArgs(
            host=self.host,
            port=self.port,
            user=self.user,
            host_key=self.host_key,
            private_key=None if self.private_key is None else pulumi.Output.secret(self.private_key),
            dial_error_limit=self.dial_error_limit,
            per_dial_timeout=PER_DIAL_TIMEOUT,
        )
