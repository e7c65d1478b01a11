"""MongoDB: one replica set over several regions, or over one."""

from components.mongodb.args import MongodbArgs, MongodbBackup, MongodbPasswords
from components.mongodb.community import MongodbCommunity, MongodbCommunityArgs
from components.mongodb.component import MongodbReplicaSet
from components.mongodb.members import Member, region_members, votes_granted
from components.mongodb.operator import MongodbOperator, MongodbOperatorArgs
from components.mongodb.uri import connection_uri

__all__ = [
    "Member",
    "MongodbArgs",
    "MongodbBackup",
    "MongodbCommunity",
    "MongodbCommunityArgs",
    "MongodbOperator",
    "MongodbOperatorArgs",
    "MongodbPasswords",
    "MongodbReplicaSet",
    "connection_uri",
    "region_members",
    "votes_granted",
]
