"""A script on a host as one Pulumi resource."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
from pulumi_command import remote

from components.node.connection import SshConnection
from components.node.shell import command, standard_input


@dataclass(frozen=True, kw_only=True)
class RemoteScriptArgs:
    """`script` run as root over `connection`, with `variables` exported and `stdin` as its standard input.

    `variables` are visible in the plan and on the host and so hold no secrets: those come by `stdin`.
    `confidential` keeps the script's output out of Pulumi's log.
    """

    script: Path
    connection: SshConnection
    timeout_seconds: int
    variables: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    stdin: pulumi.Input[str] = ""
    confidential: bool = False


def remote_script(name: str, args: RemoteScriptArgs, opts: pulumi.ResourceOptions) -> remote.Command:
    """The script as a resource that runs again, in place, whenever one of its inputs changes.

    There are no `triggers` (they replace: the new run comes before the old one's deletion) and there is
    no `delete` (destroying a stack leaves a host as it is).
    """
    return remote.Command(
        name,
        remote.CommandArgs(
            connection=args.connection.args(),
            create=_command(args),
            # The script goes in front; the whole is secret where what follows is.
            stdin=pulumi.Output.from_input(args.stdin).apply(lambda own: standard_input(args.script, own)),
            add_previous_output_in_env=False,
            logging=remote.Logging.NONE if args.confidential else remote.Logging.STDOUT_AND_STDERR,
        ),
        opts,
    )


def _command(args: RemoteScriptArgs) -> pulumi.Output[str]:
    values = {name: pulumi.Output.from_input(value) for name, value in args.variables.items()}
    secrecy = {name: value.is_secret() for name, value in values.items()}

    def refuse_secrets(secret: dict[str, bool]) -> bool:  # of no variables, Output.all gives a list
        if leaking := sorted(name for name, is_secret in dict(secret).items() if is_secret):
            raise ValueError(
                "A secret is never a variable of a remote script. "
                f"{', '.join(leaking)} of {args.script.name} would be readable by every process of the host. "
                "Give it by 'stdin', or take the mark off with Output.unsecret if it is public."
            )
        return True

    def render(known: list[Any]) -> str:
        return command(args.script, known[1] or {}, args.timeout_seconds, user=args.connection.user)

    checked = pulumi.Output.all(**secrecy).apply(refuse_secrets)
    return pulumi.Output.all(checked, pulumi.Output.all(**values)).apply(render)
