"""MongoDB: one replica set over several regions, or over one.

Nothing is re-exported: `members` and `uri` are pure and used by stacks that must not import Kubernetes' SDK.
"""
