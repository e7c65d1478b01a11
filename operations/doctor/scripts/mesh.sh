#!/usr/bin/env bash
# Whether packets of the mesh's full size reach the other nodes unbroken, and small ones at least.
# Arguments: 1 $SSH_CLIENT of the login, 2 bytes of payload, then NAME=ADDRESS of each other node.
set -euo pipefail
export LC_ALL=C

printf 'ready\n'
read -r _
printf 'clock %s\n' "$(date +%s.%N)"

if ! command -v ping >/dev/null; then
  printf 'ping missing\n'
  exit 0
fi
payload=$2
reaches() { ping -n -q -c 3 -i 0.3 -W 2 -M "$1" -s "$2" "$3" >/dev/null 2>&1; }
for peer in "${@:3}"; do
  (
    address=${peer#*=}
    if reaches "do" "$payload" "$address"; then
      printf 'peer %s full\n' "${peer%%=*}"
    elif reaches "dont" 56 "$address"; then
      printf 'peer %s small\n' "${peer%%=*}"
    else
      printf 'peer %s none\n' "${peer%%=*}"
    fi
  ) &
done
wait
printf 'end\n'
