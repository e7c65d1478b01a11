"""Changing who writes: switchover and failover, step by step, each of which may be taken again."""
