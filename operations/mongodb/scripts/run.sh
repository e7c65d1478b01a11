#!/bin/sh
# Runs in a member's container: mongosh as one of the operator's users, against one address.
# Arguments: the user as the operator's Secret has it (CLUSTER_ADMIN), address, options of the URI, the script.
set -eu
users=/etc/users-secret
user=$(cat "$users/MONGODB_$1_USER_ESCAPED")
password=$(cat "$users/MONGODB_$1_PASSWORD_ESCAPED")
uri="mongodb://$user:$password@$2/admin?authSource=admin&tls=true&tlsCAFile=/etc/mongodb-ssl/ca.crt"
exec mongosh --quiet --norc --json=relaxed "$uri&serverSelectionTimeoutMS=5000&connectTimeoutMS=5000$3" --eval "$4"
