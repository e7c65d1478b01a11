"""A Cloudflare Tunnel: users reach the closest live connector, and no server needs an open port.

One tunnel serves all regions. A connector runs in every region (`components.edge.connector`) and dials out;
Cloudflare leaves out those that are gone. There is no steering, and Cloudflare checks nothing behind a connector:
that is why each connector has a gate of its own, which takes it away while its region is unhealthy.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_cloudflare as cloudflare

from components.edge.dns import AUTOMATIC_TTL


@dataclass(frozen=True, kw_only=True)
class CloudflareTunnelArgs:
    """`service` is where a connector sends requests, as its own cluster resolves it, such as
    http://ingress.ingress.svc.cluster.local:80. `tunnel_name` is the tunnel's name in the account."""

    account_id: pulumi.Input[str]
    zone_id: pulumi.Input[str]
    tunnel_name: str
    hosts: tuple[str, ...]
    service: str
    protect: bool = True


class CloudflareTunnel(pulumi.ComponentResource):
    """The tunnel, its routes and the host names.

    `tunnel_id` names it; `token` (secret) lets a connector serve it.
    """

    tunnel_id: pulumi.Output[str]
    token: pulumi.Output[str]

    def __init__(self, name: str, args: CloudflareTunnelArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("openova:edge:CloudflareTunnel", name, None, opts)
        self._name = name
        self._args = args
        tunnel = cloudflare.ZeroTrustTunnelCloudflared(
            f"{name}-tunnel",
            account_id=args.account_id,
            name=args.tunnel_name,
            # Routes are kept by Cloudflare: every connector needs the token and nothing else.
            config_src="cloudflare",
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )
        self.tunnel_id = tunnel.id
        self._routes()
        for host in args.hosts:
            self._host(host)
        self.token = self._token()
        self.register_outputs({"tunnelId": self.tunnel_id, "token": self.token})

    def _routes(self) -> None:
        rules = [
            cloudflare.ZeroTrustTunnelCloudflaredConfigConfigIngressArgs(hostname=host, service=self._args.service)
            for host in self._args.hosts
        ]
        # The last rule must match everything (Cloudflare refuses the list otherwise).
        refuse = cloudflare.ZeroTrustTunnelCloudflaredConfigConfigIngressArgs(service="http_status:404")
        cloudflare.ZeroTrustTunnelCloudflaredConfig(
            f"{self._name}-routes",
            account_id=self._args.account_id,
            tunnel_id=self.tunnel_id,
            source="cloudflare",
            config=cloudflare.ZeroTrustTunnelCloudflaredConfigConfigArgs(ingresses=[*rules, refuse]),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _host(self, host: str) -> None:
        cloudflare.DnsRecord(
            f"{self._name}-{host}",
            zone_id=self._args.zone_id,
            name=host,
            type="CNAME",
            content=pulumi.Output.concat(self.tunnel_id, ".cfargotunnel.com"),
            proxied=True,  # the tunnel's own name resolves inside Cloudflare only
            ttl=AUTOMATIC_TTL,
            comment=f"Tunnel {self._args.tunnel_name}",
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _token(self) -> pulumi.Output[str]:
        answer = cloudflare.get_zero_trust_tunnel_cloudflared_token_output(
            account_id=self._args.account_id,
            tunnel_id=self.tunnel_id,
            opts=pulumi.InvokeOptions(parent=self),
        )
        return pulumi.Output.secret(answer.token)
