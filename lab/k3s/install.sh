#!/bin/sh
# Stands for the installer of K3s RELEASE: leaves a unit for what INSTALL_K3S_EXEC says.
set -eu
test "$INSTALL_K3S_SKIP_DOWNLOAD" = true
test "$INSTALL_K3S_SKIP_START" = true
test "$(env | grep -c '^K3S_')" = 0
unit=k3s
test "$INSTALL_K3S_EXEC" = server || unit="k3s-$INSTALL_K3S_EXEC"
cat > "/etc/systemd/system/$unit.service" <<UNIT
[Unit]
StartLimitIntervalSec=0
[Service]
Type=notify
Delegate=yes
KillMode=process
NotifyAccess=all
Restart=always
RestartSec=1s
TimeoutStartSec=0
ExecStart=/usr/local/bin/k3s $INSTALL_K3S_EXEC
[Install]
WantedBy=multi-user.target
UNIT
systemctl enable -q "$unit"
systemctl daemon-reload
