"""Servers at Contabo: adopted by their exact names, or ordered once where that is allowed."""

from components.contabo.client import ContaboClient
from components.contabo.component import ContaboCredentials, ContaboServer, ContaboServerArgs
from components.contabo.errors import ContaboError, NoAnswerError
from components.contabo.model import Instance, Order, cloud_config
from components.contabo.transport import Credentials, Endpoints, Patience

__all__ = [
    "ContaboClient",
    "ContaboCredentials",
    "ContaboError",
    "ContaboServer",
    "ContaboServerArgs",
    "Credentials",
    "Endpoints",
    "Instance",
    "NoAnswerError",
    "Order",
    "Patience",
    "cloud_config",
]
