"""The disk of a host before its first boot: Debian, with what an image and its cloud-init would have put there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from lab.debian import SILENCED, debian_root
from lab.world import FOLDER, Region, World

STANDINS: Final = Path(__file__).parent / "standins"
NETWORKD: Final = "/lib/systemd/system/systemd-networkd{}.service"


@dataclass(frozen=True)
class KeyPair:
    """An ed25519 key in OpenSSH's forms."""

    private: str
    public: str


def key_pair() -> KeyPair:
    """A new key."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    return KeyPair(private.decode(), public.decode())


@dataclass(frozen=True)
class Access:
    """A host's own key, the key that may log in, and a certificate that it trusts besides Debian's."""

    host_key: KeyPair
    login: KeyPair
    trust: str


def prepare(world: World, region: Region, name: str, address: str, access: Access) -> None:
    """Lays out FOLDER/name/root within the world: an overlay in memory over the Debian that nobody writes to."""
    base = f"{FOLDER}/{name}"
    world.run(["mkdir", "-p", f"{base}/upper", f"{base}/work", f"{base}/root"])
    layers = f"lowerdir={debian_root()},upperdir={base}/upper,workdir={base}/work"
    world.run(["mount", "-t", "overlay", "overlay", "-o", layers, f"{base}/root"])
    root = world.folder / name / "root"
    for path, (mode, text) in _files(region, address, access).items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)
    with (root / "etc/ssl/certs/ca-certificates.crt").open("a") as authorities:
        authorities.write(access.trust)
    for unused in (*(root / "etc/ssh").glob("ssh_host_rsa*"), *(root / "etc/ssh").glob("ssh_host_ecdsa*")):
        unused.unlink()
    for unit in SILENCED:
        silent = root / f"etc/systemd/system/{unit}.service"
        silent.unlink(missing_ok=True)
        silent.symlink_to("/dev/null")
    for wants, part in (("multi-user", ""), ("network-online", "-wait-online")):
        link = root / f"etc/systemd/system/{wants}.target.wants" / Path(NETWORKD.format(part)).name
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(NETWORKD.format(part))
    if region.user != "root":
        _add_user(root, region.user, access.login)


def _files(region: Region, address: str, access: Access) -> dict[str, tuple[int, str]]:
    network = f"[Match]\nName=host0\n[Link]\nMTUBytes={region.mtu}\n[Network]\nAddress={address}/24\n"
    return {
        "etc/machine-id": (0o444, f"5e1f0{int(address.replace('.', '')):027x}\n"),
        "etc/hostname": (0o644, "fresh\n"),
        "etc/hosts": (0o644, "127.0.0.1 localhost\n127.0.1.1 fresh\n"),
        "etc/systemd/network/10-wan.network": (0o644, f"{network}Gateway={region.network}.1\nIPv6AcceptRA=no\n"),
        "etc/ssh/ssh_host_ed25519_key": (0o600, access.host_key.private),
        "etc/ssh/ssh_host_ed25519_key.pub": (0o644, access.host_key.public),
        "etc/ssh/sshd_config.d/50-cloud-init.conf": (0o644, "PasswordAuthentication yes\nPermitRootLogin yes\n"),
        "root/.ssh/authorized_keys": (0o600, access.login.public),
        "usr/local/sbin/sysctl": (0o755, (STANDINS / "sysctl").read_text()),
    }


def _add_user(root: Path, user: str, login: KeyPair) -> None:
    """As cloud images have it: a user with sudo and without a password, and no login for root."""
    for path, line in (
        ("etc/passwd", f"{user}:x:1000:1000::/home/{user}:/bin/sh\n"),
        ("etc/group", f"{user}:x:1000:\n"),
        ("etc/shadow", f"{user}:*:20000::::::\n"),
    ):
        with (root / path).open("a") as file:
            file.write(line)
    (root / "etc/sudoers.d/90-cloud-init").write_text(f"{user} ALL=(ALL) NOPASSWD:ALL\n")
    keys = root / "home" / user / ".ssh"
    keys.mkdir(parents=True)
    (keys / "authorized_keys").write_text(login.public)
    (root / "root/.ssh/authorized_keys").unlink()
