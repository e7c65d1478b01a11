#!/usr/bin/env bash
# Base system of a node: name, packages, sshd with keys only, security updates, kernel settings for K3s.
# Variables: NODE_NAME. Runs after prelude.sh.

LOADED=/run/openova/sshd.loaded

check_system() {
  [[ -d /run/systemd/system && -x /usr/bin/apt-get ]] || refuse \
    "a node runs Debian or Ubuntu with systemd" \
    "packages and units of this program do not fit this host; nothing was changed" \
    "install Debian 12 or Ubuntu 24.04 on the host, or take it out of 'nodes'"
  if command -v ufw >/dev/null && grep -q '^Status: active' <<<"$(ufw status)"; then
    refuse "a node has one firewall, the table 'inet edge' of this program" \
      "ufw is active here and would drop the traffic of pods; nothing was changed" \
      "run 'ufw disable' on the host and 'pulumi up' again"
  fi
  # A fresh host still installs packages and writes its own settings: ours come after.
  if [[ ! -e /run/cloud-init/result.json ]] && command -v cloud-init >/dev/null; then # it writes that when it is done
    cloud-init status --wait >/dev/null 2>&1 || true
  fi
}

set_hostname() {
  if [[ -d /etc/cloud/cloud.cfg.d ]]; then
    put /etc/cloud/cloud.cfg.d/99-openova.cfg 644 <<<$'preserve_hostname: true\nmanage_etc_hosts: false'
  fi
  # The name has to resolve without DNS, or sudo and K3s wait for a resolver.
  local hosts
  hosts=$(grep -v '^127\.0\.1\.1[[:space:]]' /etc/hosts || true)
  printf -v hosts '%s\n127.0.1.1 %s' "$hosts" "$NODE_NAME"
  put /etc/hosts 644 <<<"$hosts"
  if [[ $(cat /proc/sys/kernel/hostname) == "$NODE_NAME" && $(cat /etc/hostname) == "$NODE_NAME" ]]; then
    printf 'unchanged hostname\n'
  else
    hostnamectl set-hostname "$NODE_NAME"
    printf 'changed hostname\n'
  fi
}

# sshd takes the first value it reads, so this file sorts before those of cloud-init.
set_sshd() {
  local file=/etc/ssh/sshd_config.d/00-openova.conf old effective files
  old=$(cat "$file" 2>/dev/null || true)
  put "$file" 644 <<'SSHD'
PubkeyAuthentication yes
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitEmptyPasswords no
PermitRootLogin prohibit-password
X11Forwarding no
SSHD
  mkdir -p /run/sshd "${LOADED%/*}"
  if ! effective=$(sshd -T); then
    if [[ -n $old ]]; then printf '%s\n' "$old" >"$file"; else rm -f "$file"; fi
    refuse "sshd starts only with a valid configuration" \
      "sshd refused it; $file is as it was before and sshd was not reloaded" \
      "repair /etc/ssh/sshd_config on this host until 'sshd -t' is silent"
  fi
  grep -qx 'passwordauthentication no' <<<"$effective" || refuse \
    "sshd accepts keys only" \
    "another file turns passwords back on, so guesses from the whole internet would be tried here" \
    "put 'Include /etc/ssh/sshd_config.d/*.conf' first in /etc/ssh/sshd_config of this host"
  # For a moment a reload refuses all connections. It is left out while every file is the one of the last reload
  # since the system started; by inode and time, since a text that is back again may not have been loaded again.
  files=$(stat -c '%n %i %z' /etc/ssh/sshd_config /etc/ssh/sshd_config.d/*)
  if [[ $files != "$(cat "$LOADED" 2>/dev/null)" ]]; then
    systemctl try-reload-or-restart ssh.service
    printf '%s\n' "$files" >"$LOADED"
  fi
}

# Security updates install themselves; a node reboots only when somebody decides so.
set_updates() {
  put /etc/apt/apt.conf.d/90openova-updates 644 <<'APT'
APT::Periodic::Update-Package-Lists "1";
APT::Periodic::Unattended-Upgrade "1";
Unattended-Upgrade::Automatic-Reboot "false";
APT
  # Ubuntu's needrestart would restart K3s on all nodes in the same night.
  if [[ -d /etc/needrestart/conf.d ]]; then
    # shellcheck disable=SC2016 # Perl, not shell
    put /etc/needrestart/conf.d/openova.conf 644 <<<'$nrconf{override_rc}{qr(^k3s)} = 0;'
  fi
}

set_modules() {
  put /etc/modules-load.d/openova.conf 644 <<<$'br_netfilter\noverlay\nwireguard'
  modprobe -q -a br_netfilter overlay wireguard || true # built in, perhaps; the mesh has a userspace fallback
  if [[ ! -e /proc/sys/net/bridge ]] || ! grep -qw overlay /proc/filesystems; then
    refuse "K3s needs br_netfilter and overlay in the kernel" \
      "pods of this node would have no network or no file system" \
      "install the distribution's full kernel (linux-image-amd64, linux-image-generic) and reboot the host"
  fi
}

# What kubelet expects with protect-kernel-defaults; the name sorts last, so no other file overrides it.
set_sysctls() {
  local file=/etc/sysctl.d/zz-openova.conf keys wanted live
  put "$file" 644 <<'SYSCTL'
kernel.keys.root_maxbytes=25000000
kernel.keys.root_maxkeys=1000000
kernel.panic=10
kernel.panic_on_oops=1
net.bridge.bridge-nf-call-iptables=1
net.ipv4.ip_forward=1
vm.overcommit_memory=1
vm.panic_on_oom=0
SYSCTL
  mapfile -t keys < <(cut -d= -f1 "$file")
  wanted=$(cut -d= -f2 "$file")
  live=$(sysctl -n "${keys[@]}")
  if [[ $live != "$wanted" ]]; then
    sysctl -q -p "$file"
    printf 'changed kernel settings\n'
  else
    printf 'unchanged kernel settings\n'
  fi
}

check_system
set_hostname
install_packages ca-certificates chrony curl iproute2 kmod nftables openssh-server procps unattended-upgrades \
  wireguard-tools
# Its package did so; to enable it once more takes longer than all the rest of a run that changes nothing.
systemctl is-enabled --quiet chrony.service || systemctl enable --quiet chrony.service
systemctl start chrony.service
set_sshd
set_updates
set_modules
set_sysctls
