"""The join tokens of the K3s clusters."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_random as random


@dataclass(frozen=True, kw_only=True)
class K3sTokensArgs:
    """`clusters` are the regions' codes."""

    clusters: tuple[str, ...]
    protect: bool


class K3sTokens(pulumi.ComponentResource):
    """`tokens` (secret): `server` and `agent` of each cluster. A snapshot is restored only with its server token."""

    tokens: pulumi.Output[dict[str, dict[str, str]]]

    def __init__(self, name: str, args: K3sTokensArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("openova:keys:K3sTokens", name, None, opts)
        kept = pulumi.ResourceOptions(parent=self, protect=args.protect)
        self.tokens = pulumi.Output.all(
            **{
                cluster: pulumi.Output.all(
                    **{
                        part: random.RandomPassword(
                            f"{name}-{cluster}-{part}", length=48, special=False, opts=kept
                        ).result
                        for part in ("server", "agent")
                    }
                )
                for cluster in args.clusters
            }
        )
        self.register_outputs({})
