#!/usr/bin/env bash
# Prints the hash of the cluster's CA as join tokens carry it (K10<hash>::...). It is not secret.
# Runs after prelude.sh.

TOKEN=/var/lib/rancher/k3s/server/token
[[ -s $TOKEN ]] || refuse "the first server of 'servers' runs K3s before others join it" \
  "$TOKEN is missing there, so no other node can check whom it joins" \
  "read 'journalctl -u k3s' on the first server, and run 'pulumi up' again"
sed -n 's/^K10\([0-9a-f]\{64\}\)::.*/\1/p' "$TOKEN"
