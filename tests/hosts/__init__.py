"""The program's own components on booted hosts of this machine (how: docs/hosts.md)."""
