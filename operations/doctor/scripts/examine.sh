#!/usr/bin/env bash
# What a host is like, in lines of a key and a value. Leaves nothing behind.
# Argument 1: $SSH_CLIENT of the login.
set -euo pipefail
export LC_ALL=C

printf 'ready\n'
read -r _
printf 'clock %s\n' "$(date +%s.%N)"

printf 'client %s\n' "${1%% *}"
# shellcheck source=/dev/null
(. /etc/os-release && printf 'os %s %s\n' "$ID" "${VERSION_ID:-}")
printf 'machine %s\n' "$(uname -m)"
[[ -d /run/systemd/system ]] && printf 'systemd yes\n'
awk '$1 == "MemTotal:" { printf "memory %.0f\n", $2 * 1024 }' /proc/meminfo
df -kP /var/lib | awk 'NR == 2 { printf "disk %.0f\n", $2 * 1024 }'
if command -v cloud-init >/dev/null; then
  printf 'location %s\n' "$(timeout 5 cloud-init query region 2>/dev/null || true)"
fi
for path in /sys/class/net/*; do printf 'interface %s\n' "${path##*/}"; done
if command -v ss >/dev/null; then
  printf 'sockets yes\n'
  ss -Hltunp | sed 's/^/listen /'
fi

# Like etcd's log: small records, one after the other, each on the disk before the next is written.
folder=$(mktemp -d /var/lib/openova-doctor.XXXXXX)
trap 'rm -rf "$folder"' EXIT
until=$((SECONDS + 15))
for ((i = 0; i < 300 && SECONDS < until; i++)); do
  dd if=/dev/zero of="$folder/log" bs=2300 count=1 oflag=dsync,append conv=notrunc 2>&1 |
    sed -n 's/.* copied, \([0-9.e-]*\) s.*/fsync \1/p'
done
printf 'end\n'
