"""Keys, certificates and passwords that several regions use. Made once, in the shared stack."""

from components.keys.k3s import K3sTokens, K3sTokensArgs
from components.keys.mesh import MeshKeys, MeshKeysArgs
from components.keys.mongodb import MongodbKeys, MongodbKeysArgs
from components.keys.postgres import PostgresKeys, PostgresKeysArgs

__all__ = [
    "K3sTokens",
    "K3sTokensArgs",
    "MeshKeys",
    "MeshKeysArgs",
    "MongodbKeys",
    "MongodbKeysArgs",
    "PostgresKeys",
    "PostgresKeysArgs",
]
