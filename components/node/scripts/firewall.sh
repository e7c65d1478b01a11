#!/usr/bin/env bash
# Loads the ruleset given by standard input. It is undone after REVERT_SECONDS unless a new SSH connection
# confirms it: this script runs twice, in two connections, first with STEP=apply, then with STEP=confirm.
# Variables: STEP, REVERT_SECONDS. Runs after prelude.sh.

CONFIRMED=/etc/openova/firewall.nft # what the unit loads at boot
PENDING=/run/openova/firewall.pending.nft
UNDO=/run/openova/firewall.undo.nft
TIMER=openova-firewall-undo

install_unit() {
  put /etc/systemd/system/openova-firewall.service 644 <<UNIT
[Unit]
Description=Firewall of this node (table inet edge)
Documentation=man:nft(8)
DefaultDependencies=no
Wants=network-pre.target
Before=network-pre.target shutdown.target
Conflicts=shutdown.target
ConditionPathExists=$CONFIRMED

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft -f $CONFIRMED
ExecReload=/usr/sbin/nft -f $CONFIRMED

[Install]
WantedBy=sysinit.target
UNIT
  enable_unit openova-firewall.service
}

disarm() {
  systemctl stop "$TIMER.timer" "$TIMER.service" 2>/dev/null || true
  systemctl reset-failed "$TIMER.timer" "$TIMER.service" 2>/dev/null || true
}

# A reboot undoes a pending ruleset too: /run is empty then, and the unit loads the confirmed one.
arm_and_load() {
  disarm
  if [[ -e $CONFIRMED ]]; then
    cp "$CONFIRMED" "$UNDO"
  else
    printf 'table inet edge\ndelete table inet edge\n' >"$UNDO"
  fi
  # shellcheck disable=SC2016 # expanded by the shell that the timer starts
  systemd-run --quiet --unit="$TIMER" --on-active="${REVERT_SECONDS}s" --timer-property=AccuracySec=1s \
    /bin/sh -c 'nft -f "$1" && rm -f "$2"' undo "$UNDO" "$PENDING"
  cp "$WANTED" "$PENDING"
  nft -f "$WANTED"
}

confirm() {
  disarm
  put "$CONFIRMED" 600 <"$WANTED"
  rm -f "$PENDING" "$UNDO"
  systemctl start openova-firewall.service
  printf 'changed firewall: confirmed\n'
}

mkdir -p /run/openova
WANTED=$(mktemp /run/openova/firewall.XXXXXXXX)
trap 'rm -f "$WANTED"' EXIT
cat >"$WANTED"
nft -c -f "$WANTED" || refuse "the kernel accepts the whole ruleset" \
  "'nft -c' refused it; the firewall of this host is as it was before" \
  "report the lines above; if they name a missing feature, update the host's kernel"
install_unit

if cmp -s "$WANTED" "$CONFIRMED"; then
  disarm
  nft -f "$WANTED" # repairs what somebody changed by hand; connections stay
  rm -f "$PENDING"
  printf 'unchanged firewall\n'
elif [[ $STEP == confirm ]] && cmp -s "$WANTED" "$PENDING"; then
  confirm
elif [[ $STEP == confirm ]]; then
  arm_and_load
  refuse "a new ruleset stays only after a new SSH connection has come through it" \
    "no connection came within $REVERT_SECONDS s and it was undone; it has now been loaded again for as long" \
    "run 'pulumi up' again at once; if it cannot connect, correct 'admin_cidrs', which must hold your address"
else
  arm_and_load
  printf 'changed firewall: to be confirmed within %s s\n' "$REVERT_SECONDS"
fi
