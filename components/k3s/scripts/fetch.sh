#!/usr/bin/env bash
# Stages one release of K3s, checked by sha256; nothing that runs is touched.
# Variables: RELEASE, BINARY_SHA256, INSTALLER_SHA256, MIRROR (empty: GitHub). Runs after prelude.sh.

STAGE=/opt/openova/k3s/$RELEASE
TAG=${RELEASE//+/%2B}
if [[ -n $MIRROR ]]; then
  BINARY_URL=${MIRROR%/}/$TAG
  INSTALLER_URL=$BINARY_URL
else
  BINARY_URL=https://github.com/k3s-io/k3s/releases/download/$TAG
  INSTALLER_URL=https://raw.githubusercontent.com/k3s-io/k3s/$TAG
fi

case $(uname -m) in
  x86_64) ASSET=k3s ;;
  aarch64) ASSET=k3s-arm64 ;;
  *) refuse "K3s $RELEASE is installed on x86_64 or aarch64" \
    "this host is $(uname -m); nothing was installed" "take the host out of 'nodes'" ;;
esac

matches() { # FILE SHA256
  [[ -f $1 ]] && sha256sum --check --status - <<<"$2  $1"
}

stage() { # FILE URL SHA256 SETTING
  local file=$STAGE/$1 url=$2 sum=$3 setting=$4 got
  [[ $sum =~ ^[0-9a-f]{64}$ ]] || refuse \
    "every program that runs as root on a node is pinned by its sha256" \
    "'$setting' is '$sum', which is none, so whatever the download server sends would run; nothing was installed" \
    "set '$setting' to the sha256 of $url, as its publisher states it for $RELEASE"
  if matches "$file" "$sum"; then
    printf 'unchanged %s\n' "$file"
    return
  fi
  curl --fail --location --silent --show-error --retry 5 --retry-connrefused --connect-timeout 15 \
    --max-time 600 --output "$file.part" "$url" || refuse \
    "K3s $RELEASE is fetched from $url" \
    "the download failed; the running K3s, if any, is as it was" \
    "correct 'k3s.version' if the release does not exist, set 'k3s.mirror', or let this host reach the address"
  if ! matches "$file.part" "$sum"; then
    got=$(sha256sum "$file.part" | cut -d' ' -f1)
    rm -f "$file.part"
    refuse "a download has the sha256 that '$setting' states" \
      "$url has $got instead of $sum; it was thrown away" \
      "find out which one the publisher states for $RELEASE; only if it is the former, correct '$setting'"
  fi
  chmod 755 "$file.part"
  mv -f "$file.part" "$file"
  printf 'changed %s\n' "$file"
}

mkdir -p "$STAGE"
stage install.sh "$INSTALLER_URL/install.sh" "$INSTALLER_SHA256" k3s.installer_sha256
stage k3s "$BINARY_URL/$ASSET" "$BINARY_SHA256" k3s.binary_sha256
