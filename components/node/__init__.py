"""Hosts as nodes: SSH with pinned keys, base system, firewall, and scripts run on them."""

from components.node.component import Node, NodeArgs
from components.node.connection import DIALS_TO_A_RUNNING_HOST, DIALS_TO_AN_ORDERED_HOST, SshConnection
from components.node.firewall import Firewall, ruleset
from components.node.remote_script import RemoteScriptArgs, remote_script
from components.node.shell import command, standard_input

__all__ = [
    "DIALS_TO_AN_ORDERED_HOST",
    "DIALS_TO_A_RUNNING_HOST",
    "Firewall",
    "Node",
    "NodeArgs",
    "RemoteScriptArgs",
    "SshConnection",
    "command",
    "remote_script",
    "ruleset",
    "standard_input",
]
