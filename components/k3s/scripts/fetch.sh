#!/usr/bin/env bash
# Stages one release of K3s, checked by sha256; nothing that runs is touched.
# Variables: RELEASE, BINARY_SHA256, INSTALLER_SHA256, IMAGES_SHA256 (empty: K3s pulls its images from a registry),
# MIRROR (empty: GitHub). Runs after prelude.sh.

STAGE=/opt/openova/k3s/$RELEASE
IMAGES=/var/lib/rancher/k3s/agent/images # K3s loads what it finds here when it starts
TAG=${RELEASE//+/%2B}
if [[ -n $MIRROR ]]; then
  BINARY_URL=${MIRROR%/}/$TAG
  INSTALLER_URL=$BINARY_URL
else
  BINARY_URL=https://github.com/k3s-io/k3s/releases/download/$TAG
  INSTALLER_URL=https://raw.githubusercontent.com/k3s-io/k3s/$TAG
fi

case $(uname -m) in
  x86_64) ASSET=k3s ARCHIVE=k3s-airgap-images-amd64.tar.zst ;;
  aarch64) ASSET=k3s-arm64 ARCHIVE=k3s-airgap-images-arm64.tar.zst ;;
  *) refuse "K3s $RELEASE is installed on x86_64 or aarch64" \
    "this host is $(uname -m); nothing was installed" "take the host out of 'nodes'" ;;
esac

matches() { # FILE SHA256
  [[ -f $1 ]] && sha256sum --check --status - <<<"$2  $1"
}

stage() { # FILE MODE URL SHA256 SETTING
  local file=$1 mode=$2 url=$3 sum=$4 setting=$5 got
  [[ $sum =~ ^[0-9a-f]{64}$ ]] || refuse \
    "everything that runs as root on a node is pinned by its sha256" \
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
  chmod "$mode" "$file.part"
  mv -f "$file.part" "$file"
  printf 'changed %s\n' "$file"
}

mkdir -p "$STAGE"
stage "$STAGE/install.sh" 755 "$INSTALLER_URL/install.sh" "$INSTALLER_SHA256" k3s.installerSha256
stage "$STAGE/k3s" 755 "$BINARY_URL/$ASSET" "$BINARY_SHA256" k3s.binarySha256
if [[ -n $IMAGES_SHA256 ]]; then
  mkdir -p "$IMAGES"
  stage "$IMAGES/$ARCHIVE" 644 "$BINARY_URL/$ARCHIVE" "$IMAGES_SHA256" k3s.imagesSha256
fi
