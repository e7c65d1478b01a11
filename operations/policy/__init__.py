"""Policies: one set of rules, obeyed by `openova plan` and by the engine (docs/policies.md)."""
