#!/usr/bin/env bash
# Brings the WireGuard interface to the wg-quick configuration given by standard input (it holds the
# private key), without ending sessions that stay valid. Variables: MESH_INTERFACE. Runs after prelude.sh.

CONFIG=/etc/wireguard/$MESH_INTERFACE.conf
UNIT=wg-quick@$MESH_INTERFACE.service

is_up() { wg show "$MESH_INTERFACE" listen-port >/dev/null 2>&1; }

kernel_has_wireguard() {
  modprobe -q wireguard || true
  ip link add name openova-probe type wireguard 2>/dev/null || return 1
  ip link delete openova-probe
}

install_unit() {
  # kube-proxy looks once for addresses that take NodePorts, so the interface comes before K3s.
  put "/etc/systemd/system/$UNIT.d/openova.conf" 644 <<'UNIT'
[Unit]
After=openova-firewall.service
Before=k3s.service k3s-agent.service
UNIT
  enable_unit "$UNIT"
}

setting() { # NAME: its value in the [Interface] section, which names each once
  sed -n "s/^$1 = //p" "$CONFIG"
}

# What `wg syncconf` leaves to others: the address, the MTU, and a route for each peer.
converge_link() {
  local address mtu known prefix
  address=$(setting Address)
  mtu=$(setting MTU)
  ip link set dev "$MESH_INTERFACE" mtu "$mtu" up
  ip address replace "$address" dev "$MESH_INTERFACE"
  for known in $(ip -o address show dev "$MESH_INTERFACE" scope global | awk '{print $4}'); do
    [[ $known == "$address" || $known == "${address%/*}" ]] || ip address delete "$known" dev "$MESH_INTERFACE"
  done
  local -A wanted=()
  while read -r prefix; do
    wanted[${prefix%/*}]=yes
    ip route replace "$prefix" dev "$MESH_INTERFACE"
  done < <(sed -n 's/^AllowedIPs = //p' "$CONFIG")
  for known in $(ip -4 -o route show dev "$MESH_INTERFACE" | awk '{print $1}'); do
    [[ -n ${wanted[${known%/*}]:-} ]] || ip -4 route delete "$known" dev "$MESH_INTERFACE"
  done
}

umask 077
mkdir -p /etc/wireguard
install_packages wireguard-tools iproute2
if ! is_up && ! kernel_has_wireguard; then
  install_packages wireguard-go
fi
put "$CONFIG" 600
install_unit
if is_up; then
  wg syncconf "$MESH_INTERFACE" <(wg-quick strip "$MESH_INTERFACE")
  converge_link
  printf 'unchanged interface: no session was ended\n'
else
  # The unit may count as started although its interface is gone.
  systemctl restart "$UNIT" || refuse \
    "the mesh is up on every node" \
    "$UNIT did not start; databases of other regions cannot be reached from this node" \
    "read 'journalctl -u $UNIT' on this host, repair what it names, and run 'pulumi up' again"
  printf 'changed interface: started\n'
fi
[[ $(wg show "$MESH_INTERFACE" listen-port) == "$(setting ListenPort)" ]] || refuse \
  "the mesh listens on its configured port" \
  "$MESH_INTERFACE listens on another one, which the firewall closes" \
  "find what else uses the port with 'ss -ulpn' on this host, or change 'mesh.port'"
