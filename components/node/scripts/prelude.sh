# shellcheck shell=bash
# Stands before every script that runs on a node (components/node/shell.py joins them).
# Gives: one run at a time on a host, `refuse`, `put`, `enable_unit`, and the lines `changed X` / `unchanged X`.
set -euo pipefail
umask 022
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL=C DEBIAN_FRONTEND=noninteractive
cd / # and not the home of whoever logs in

# refuse RULE CONSEQUENCE FIX: says why nothing more is done, and ends the script.
refuse() {
  printf 'Rule: %s\nConsequence: %s\nFix: %s\n' "$1" "$2" "$3" >&2
  exit 1
}

# put PATH MODE: makes standard input the content of PATH, replaced in one step, and only if it differs.
# PUT is then `changed` or `unchanged`.
put() {
  local path=$1 mode=$2 new=$1.openova
  [[ -d ${path%/*} ]] || mkdir -p "${path%/*}"
  # One name for all runs: what an interrupted one left, secrets perhaps, ends with the next.
  if [[ -e $new || -L $new ]]; then rm -f "$new"; fi
  (umask 077 && exec cat >"$new")
  PUT=changed
  if cmp -s "$new" "$path"; then
    PUT=unchanged
    rm -f "$new"
    # Only where it differs, since that alone tells others that the file was touched.
    [[ $(stat -c %a "$path") == "$mode" ]] || chmod "$mode" "$path"
  else
    chmod "$mode" "$new"
    sync "$new" # a rename may reach the disk before the data does
    mv -f "$new" "$path"
  fi
  printf '%s %s\n' "$PUT" "$path"
}

# enable_unit UNIT: makes it start with the system, after `put` wrote a file of it. To read all units again is the
# dearest thing here, so systemd does it only where it has to; to enable a unit does it too.
enable_unit() {
  if ! systemctl is-enabled --quiet "$1" 2>/dev/null; then
    systemctl enable --quiet "$1"
  elif [[ $PUT == changed || $(systemctl show --property=NeedDaemonReload --value "$1") == yes ]]; then
    systemctl daemon-reload
  fi
}

# when_unlocked COMMAND...: runs it, and again while it is refused a lock; a fresh host runs apt by itself, and
# neither dpkg nor an update of the lists waits.
when_unlocked() {
  local said deadline=$((SECONDS + 300))
  until said=$("$@" 2>&1 >/dev/null); do
    if [[ $said != *[Ll]ock* ]] || ((SECONDS >= deadline)); then
      printf '%s\n' "$said" >&2
      return 1
    fi
    sleep 3
  done
}

# install_packages NAME...: installs what is missing, and only then reads the package lists.
install_packages() {
  local package there missing=()
  there=$'\n'$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null || true)$'\n'
  for package in "$@"; do
    [[ $there == *$'\n'"$package installed"$'\n'* ]] || missing+=("$package")
  done
  if [[ ${#missing[@]} -eq 0 ]]; then
    printf 'unchanged packages\n'
    return
  fi
  # apt installs nothing before an installation that was cut off is finished.
  when_unlocked dpkg --configure -a --force-confold
  when_unlocked apt-get -qq update
  apt-get -qq -y -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold \
    --no-install-recommends install "${missing[@]}" >&2
  printf 'changed packages: %s\n' "${missing[*]}"
}

# An interrupted `pulumi up` leaves its script running: the next one waits for it.
exec 9>/run/openova.lock
flock --wait 300 9 || refuse \
  "one script works on a host at a time" \
  "this one waited 300 s for another, did nothing, and gives up" \
  "look for the other one with 'fuser -v /run/openova.lock' on this host, then run 'pulumi up' again"
