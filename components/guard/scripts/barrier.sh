#!/usr/bin/env bash
# Shuts PostgreSQL's port to writers from the moment the host boots until the guard in the cluster opens it, or takes
# that away again. The ruleset comes by standard input; empty, this host is not guarded.
# No variables. Runs after prelude.sh.

RULES=/etc/openova/guard.nft # what the unit loads at boot
UNIT=openova-guard.service
OFF=/var/lib/openova-guard/off # a guard that still runs takes its hands off the barrier
WANTED=$(cat)

install_barrier() {
  nft -c -f - <<<"$WANTED" || refuse "the kernel accepts the whole barrier" \
    "'nft -c' refused it; this host is as it was before, and boots open to writers if it was so" \
    "report the lines above; if they name a missing feature, update the host's kernel"
  rm -f "$OFF"
  put "$RULES" 600 <<<"$WANTED"
  put /etc/systemd/system/$UNIT 644 <<UNIT
[Unit]
Description=PostgreSQL shut to writers until the guard has read who may write
Documentation=man:nft(8)
DefaultDependencies=no
Wants=network-pre.target
Before=network-pre.target shutdown.target
Conflicts=shutdown.target
ConditionPathExists=$RULES

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft -f $RULES

[Install]
WantedBy=sysinit.target
UNIT
  enable_unit $UNIT
  # A host that runs Kubernetes already may be the one that writes: there the guard makes the table, and not this.
  if ! systemctl is-active --quiet k3s.service && ! systemctl is-active --quiet k3s-agent.service \
    && ! nft list table inet openova_guard >/dev/null 2>&1; then
    nft -f "$RULES"
    printf 'changed barrier: shut until the guard opens it\n'
  fi
}

remove_barrier() {
  if [[ -d ${OFF%/*} ]]; then touch "$OFF"; fi
  if [[ -e $RULES ]]; then
    systemctl disable --quiet $UNIT
    rm -f "$RULES" /etc/systemd/system/$UNIT
    systemctl daemon-reload
    printf 'changed barrier: none at boot\n'
  fi
  if nft list table inet openova_guard >/dev/null 2>&1; then
    nft delete table inet openova_guard
    printf 'changed barrier: removed\n'
  fi
}

if [[ -n $WANTED ]]; then install_barrier; else remove_barrier; fi
