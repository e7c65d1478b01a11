"""The edge: how users reach the nearest healthy region.

Import from the submodules. This file imports none of them, because the global stack must not load
pulumi_kubernetes (`connector`), nor a region's stack pulumi_cloudflare (`cloudflare`, `records`, `tunnel`).
"""
