"""Object storage for backups: the buckets (Cloudflare) and their use in a cluster (Kubernetes).

The two halves belong to different stacks and need different providers, so nothing is re-exported here:
import `components.backup.buckets` or `components.backup.object_store`.
"""
