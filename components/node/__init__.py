"""Hosts as nodes: SSH with pinned keys, base system, firewall, and scripts run on them."""

from components.node.component import Node, NodeArgs
from components.node.connection import SshConnection
from components.node.firewall import Firewall, ruleset
from components.node.remote_script import RemoteScriptArgs, remote_script
from components.node.shell import command

__all__ = [
    "Firewall",
    "Node",
    "NodeArgs",
    "RemoteScriptArgs",
    "SshConnection",
    "command",
    "remote_script",
    "ruleset",
]
