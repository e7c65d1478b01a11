#!/usr/bin/env bash
# Prints the administrator's kubeconfig (secret). Runs after prelude.sh.

cat /etc/rancher/k3s/k3s.yaml
