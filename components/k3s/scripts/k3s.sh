#!/usr/bin/env bash
# Brings K3s on this host to a staged release and a given configuration: compared, backed up, restarted,
# checked, and put back if it does not come up. Nothing is restarted when nothing changed.
# Variables: ROLE (server, agent), NODE_NAME, RELEASE, CONFIG (YAML), JOIN_URLS (other servers, the first
# preferred), CA_HASH (empty on the first server), START_SECONDS (how long K3s may take to come up),
# OTHERS_SECONDS (how long to wait until the other servers are ready). Standard input: server token (empty line on an agent),
# agent token. Runs after prelude.sh.

STAGE=/opt/openova/k3s/$RELEASE
BACKUP=/opt/openova/k3s/previous
DATA=/var/lib/rancher/k3s
ETC=/etc/rancher/k3s
MEMBERSHIP=$ETC/config.yaml.d/50-membership.yaml
BINARY=/usr/local/bin/k3s
INSTALLER=/opt/openova/k3s/install.sh     # the one that wrote the unit
STARTED_WITH=/opt/openova/k3s/started.sha256 # of what the running K3s came up with
UNIT=k3s
[[ $ROLE == server ]] || UNIT=k3s-agent
DECISIVE=("$ETC/config.yaml" "$ETC/agent-token" "$BINARY" "/etc/systemd/system/$UNIT.service")
FILES=("${DECISIVE[@]}" "$MEMBERSHIP" "$ETC/token" "$INSTALLER")

# K3s reads cluster-init and server only while this is missing.
member() {
  if [[ $ROLE == server ]]; then [[ -d $DATA/server/db/etcd/member/wal ]]; else [[ -s $DATA/agent/client-kubelet.crt ]]; fi
}

version_of() { # BINARY: v1.34.2+k3s1
  "$1" --version | sed -n '1s/^k3s version \([^ ]*\).*/\1/p'
}

check_release() {
  [[ -x $STAGE/k3s && $(version_of "$STAGE/k3s") == "$RELEASE" ]] || refuse \
    "'k3s.version' and 'k3s.binarySha256' mean the same release" \
    "the staged binary says it is not $RELEASE; nothing was installed" \
    "set 'k3s.binarySha256' to the sum that K3s publishes for $RELEASE"
  [[ -x $BINARY ]] && member || return 0
  local from to
  from=$(version_of "$BINARY" | cut -d. -f2)
  to=$(cut -d. -f2 <<<"$RELEASE")
  ((to == from || to == from + 1)) || refuse \
    "K3s goes up one minor version at a time, and never down" \
    "this node runs $(version_of "$BINARY") and was told $RELEASE; nothing was changed" \
    "set 'k3s.version' to a release of 1.$((from + 1)) first, or back to 1.$from"
}

check_token() {
  [[ $ROLE == server && -s $DATA/server/token ]] || return 0
  local running
  running=$(cat "$DATA/server/token")
  [[ ${running##*:} == "$SERVER_TOKEN" ]] || refuse \
    "the server token of a running cluster changes by 'k3s token rotate' alone" \
    "the one given is not the cluster's, and K3s would not start with it; nothing was changed" \
    "take the old token back, or rotate it on one server and then bring the new value here"
}

# Says no while living: a silent or unreachable host might run K3s, one that refuses does not.
refuses() { # URL
  local at=${1#https://} host
  host=${at%:*}
  host=${host#[}
  # shellcheck disable=SC2016 # expanded by the inner bash
  [[ $(timeout 5 bash -c 'exec 3<>"/dev/tcp/$0/$1"' "${host%]}" "${at##*:}" 2>&1) == *'Connection refused'* ]]
}

# Prints the URL to join. 1: every peer is up and runs no K3s. 2: one of them does not say.
living_peer() {
  local url silent=0
  for url in $JOIN_URLS; do
    if curl --silent --insecure --connect-timeout 5 --max-time 10 --output /dev/null "$url/ping"; then
      printf '%s' "$url"
      return 0
    fi
    refuses "$url" || silent=1
  done
  return $((1 + silent))
}

# Sets JOIN (the membership file) and TOKEN. A cluster is started only where none can exist: an emptied
# first server that started one would serve a second, empty cluster beside the first.
choose_membership() {
  local user=server password=$SERVER_TOKEN hash=$CA_HASH found=0 peer
  if [[ $ROLE == agent ]]; then
    user=node
    password=$AGENT_TOKEN
  fi
  [[ -n $hash ]] || hash=$(cat "$ETC/token" "$DATA/server/token" 2>/dev/null | sed -n 's/^K10\([0-9a-f]\{64\}\)::.*/\1/p' | tail -n1) || true
  TOKEN=${hash:+K10$hash::$user:}$password
  JOIN="server: ${JOIN_URLS%% *}"
  [[ -n $JOIN_URLS ]] || JOIN="cluster-init: true"
  if member; then return; fi
  peer=$(living_peer) || found=$?
  if [[ $found == 0 && -n $hash ]]; then
    JOIN="server: $peer"
  elif [[ $found == 0 ]]; then
    refuse "a node joins a cluster whose CA it can check" \
      "$peer serves a cluster, this first server is empty and knows no CA of it; nothing was started" \
      "put a server that runs first in 'nodes' of the region and this one last, remove its old entry with 'kubectl \
delete node $NODE_NAME', and run 'pulumi up' again (docs/nodes.md)"
  elif [[ -n $hash ]]; then
    refuse "a node joins through a server that answers" \
      "none of these does: $JOIN_URLS; nothing was started" \
      "bring one of them back and run 'pulumi up' again; if the cluster is lost, restore a snapshot here by the \
runbook, or remove $ETC/token to start an empty one"
  elif [[ $found == 2 ]]; then
    refuse "a cluster is started only when every other server says that it has none" \
      "one of these does not answer at all, and might hold the cluster: $JOIN_URLS; nothing was started" \
      "bring it back or take it out of 'servers'; if it is up, let this host reach its port 6443"
  else
    JOIN="cluster-init: true"
  fi
}

servers_down() {
  "$BINARY" kubectl get nodes --request-timeout=10s --selector node-role.kubernetes.io/etcd=true --output \
    'jsonpath={range .items[*]}{.metadata.name} {.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}' |
    awk -v self="$NODE_NAME" 'NF && $1 != self && $2 != "True" {print $1}'
}

# A restart takes one member out: all others have to be well, or the cluster loses its majority.
check_others() {
  local down deadline=$((SECONDS + OTHERS_SECONDS))
  while down=$(servers_down) && [[ -n $down ]]; do
    ((SECONDS < deadline)) || refuse "one server restarts at a time, with all others ready" \
      "not ready: $down; restarting this one too could stop the whole cluster; K3s here runs on as it was" \
      "repair it, or if it is gone for good, run 'kubectl delete node' and replace it (docs/nodes.md)"
    sleep 5
  done
}

healthy() {
  systemctl is-active --quiet "$UNIT" && curl --silent --fail --max-time 5 --output /dev/null http://127.0.0.1:10248/healthz || return 1
  [[ $ROLE == agent ]] || [[ $("$BINARY" kubectl get --raw /readyz --request-timeout=5s 2>/dev/null) == ok ]]
}

# The cluster knows another host by this name, and K3s says so at once. Waiting longer helps nobody then.
name_taken() {
  [[ $JOINS == yes ]] && journalctl --unit "$UNIT" --since "@$STARTED_AT" --no-pager --output cat |
    grep -E 'duplicate node name found|Node password rejected' >/dev/null
}

restart_and_wait() {
  local deadline=$((SECONDS + START_SECONDS))
  STARTED_AT=$(($(date +%s) + 1)) # without what the process before this one said last
  systemctl reset-failed "$UNIT" 2>/dev/null || true
  systemctl restart --no-block "$UNIT"
  sleep 5 # the old process may still answer
  until healthy; do
    if ((SECONDS >= deadline)) || name_taken; then return 1; fi
    sleep 3
  done
}

current() { sha256sum "${DECISIVE[@]}" 2>/dev/null || true; }
came_up_with_these() { [[ -s $STARTED_WITH && $(current) == "$(cat "$STARTED_WITH")" ]]; }

# An interrupted run leaves files that K3s never came up with: then the older backup is the good one.
back_up() {
  [[ $WAS_RUNNING == yes && ! -e $STARTED_WITH ]] || came_up_with_these || return 0
  rm -rf "$BACKUP"
  (umask 077 && mkdir -p "$BACKUP")
  local file
  for file in "${FILES[@]}"; do
    # Relative to /, where all scripts run: Debian 12's cp fails with an absolute path here.
    if [[ -e $file ]]; then cp --archive --parents "${file#/}" "$BACKUP"; fi
  done
}

put_back() {
  local file
  for file in "${FILES[@]}"; do
    if [[ -e $BACKUP$file ]]; then cp --archive --remove-destination "$BACKUP$file" "$file"; else rm -f "$file"; fi
  done
  systemctl daemon-reload
}

install_release() {
  if cmp -s "$STAGE/k3s" "$BINARY" && cmp -s "$STAGE/install.sh" "$INSTALLER" &&
    [[ -e /etc/systemd/system/$UNIT.service ]]; then
    printf 'unchanged %s\n' "$BINARY"
    return
  fi
  if [[ $ROLE == server && $WAS_RUNNING == yes ]]; then
    "$BINARY" etcd-snapshot save --name before-upgrade --etcd-s3=false >&2 ||
      printf 'There is no snapshot from before the upgrade.\n' >&2
  fi
  # K3s runs from the binary, which is therefore replaced and never written to.
  install -m 755 "$STAGE/k3s" "$BINARY.new"
  mv -f "$BINARY.new" "$BINARY"
  # The installer keeps the K3S_* variables that it finds, so it finds none.
  env -i PATH="$PATH" HOME=/root INSTALL_K3S_EXEC="$ROLE" INSTALL_K3S_SKIP_DOWNLOAD=true \
    INSTALL_K3S_SKIP_START=true INSTALL_K3S_SKIP_SELINUX_RPM=true sh "$STAGE/install.sh" >&2
  install -m 644 "$STAGE/install.sh" "$INSTALLER"
  printf 'changed %s\n' "$BINARY"
}

write_files() {
  put "$ETC/config.yaml" 600 <<<"$CONFIG"
  if [[ $ROLE == server ]]; then put "$ETC/agent-token" 600 <<<"$AGENT_TOKEN"; fi
  # A member ignores these two, so they alone are no reason to restart it.
  put "$ETC/token" 600 <<<"$TOKEN"
  put "$MEMBERSHIP" 600 <<<"$JOIN"
}

explain_failure() {
  journalctl --unit "$UNIT" --lines 30 --no-pager --output cat | cut -c1-500 >&2 || true
}

start_or_put_back() {
  if restart_and_wait; then return; fi
  explain_failure
  if name_taken; then
    systemctl stop "$UNIT"
    refuse "a name belongs to one host at a time" \
      "the cluster has a node $NODE_NAME that was another host, or this one before it was reinstalled; the cluster is \
as it was, and K3s does not run here" \
      "if that host is gone for good, run 'kubectl delete node $NODE_NAME' through another server and 'pulumi up' \
again (docs/nodes.md)"
  fi
  [[ -d $BACKUP ]] || refuse "K3s comes up within $START_SECONDS s" "it did not; the unit $UNIT keeps trying" \
    "read the lines above and run 'pulumi up' again; for a node reinstalled under its old name see docs/nodes.md"
  put_back
  local outcome="with the old ones it did not either; the cluster lacks this node"
  if restart_and_wait; then outcome="the old ones run again"; fi
  refuse "a node comes up with a new release or configuration within $START_SECONDS s" "it did not; $outcome" \
    "read the lines above, correct the settings under 'k3s', and run 'pulumi up' again"
}

IFS= read -r SERVER_TOKEN
IFS= read -r AGENT_TOKEN
[[ -n $AGENT_TOKEN && ($ROLE == agent || -n $SERVER_TOKEN) ]] || refuse \
  "a node joins with its cluster's token" "the token is empty; nothing was changed" \
  "bring the shared stack up, which makes the tokens"

WAS_RUNNING=no JOINS=yes
if healthy; then WAS_RUNNING=yes; fi
if member; then JOINS=no; fi
check_release
check_token
choose_membership
back_up
install_release
write_files
if [[ $WAS_RUNNING == yes ]] && came_up_with_these; then
  printf 'unchanged %s\n' "$UNIT"
else
  if [[ $ROLE == server && $WAS_RUNNING == yes ]]; then check_others; fi
  start_or_put_back
  choose_membership # as a member now: it joins its peers if it ever loses its data
  write_files
  current >"$STARTED_WITH"
  printf 'changed %s: runs %s\n' "$UNIT" "$RELEASE"
fi
find /opt/openova/k3s -mindepth 1 -maxdepth 1 -type d ! -name "$RELEASE" ! -name previous -exec rm -rf {} +
