"""The lab's own parts that need neither root nor anything built."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from components.postgres.component import require_sec1
from lab.acting import Memory
from lab.disk import key_pair
from lab.images import BuiltImage, write_archive
from lab.keys import MAKERS
from lab.mirror import Release
from lab.overlay import DAEMON_SET, overlaid
from lab.project import clusters, set_authority, write_project
from lab.release import binary
from lab.road import Traffic, rules
from lab.store import Started
from lab.tools import GUARD_IMAGE, POSTGRES_IMAGE
from lab.world import REGIONS, STORE
from operations.plan.answers import CNPG_CLUSTER
from operations.plan.check import checked
from settings.project import read_project
from tests.planning import ROOT
from tests.projects import edit, value

RELEASE = Release("v1.34.2+k3s1", *("0" * 64, "1" * 64, "2" * 64))


@dataclass(frozen=True)
class _Host:
    region: Any
    address: str
    host_key: Any = field(default_factory=key_pair)


def _hosts() -> dict[str, Any]:
    return {
        f"contabo-{region.code}-{number}": _Host(region, region.address(number))
        for region in REGIONS
        for number in (1, 2, 3)
    }


def test_a_cut_is_a_rule_for_each_direction() -> None:
    drops = [line for line in rules(Traffic().cut("eu", "in")).splitlines() if line.endswith("drop")]
    assert set(drops) == {
        "ip saddr 203.0.113.0/24 ip daddr 198.51.100.0/24 drop",
        "ip saddr 198.51.100.0/24 ip daddr 203.0.113.0/24 drop",
    }
    assert Traffic().cut("eu", "in", one_way=True).cuts == (("eu", "in"),)
    assert "drop" not in rules(Traffic(loss=0.5))


def test_the_ways_to_an_api_and_to_an_ingress_are_cut_apart() -> None:
    assert "ip daddr 203.0.113.0/24 tcp dport { 22, 6443 } drop" in rules(Traffic(api=("eu",)))
    assert "ip daddr 198.51.100.0/24 tcp dport { 80, 443 } drop" in rules(Traffic(edge=("in",)))


def test_the_way_to_the_store_of_the_record_is_cut_for_one_region_alone() -> None:
    drops = [line for line in rules(Traffic(store=("eu",))).splitlines() if line.endswith("drop")]
    assert set(drops) == {
        f"ip saddr 203.0.113.0/24 ip daddr {STORE} drop",
        f"ip saddr {STORE} ip daddr 203.0.113.0/24 drop",
    }


def test_guards_are_as_they_were_unless_somebody_says_otherwise(tmp_path: Path) -> None:
    def guard(said: str | None) -> tuple[bool, str]:
        write_project(ROOT, tmp_path, _hosts(), RELEASE, said, lambda: Started(f"https://{STORE}:443", "a certificate"))
        platform = checked(read_project(tmp_path)).platform
        return platform.guarded, platform.guard.isolation

    assert guard(None)[0] is False
    assert guard("continue") == (True, "continue")
    assert guard(None) == (True, "continue")
    assert guard("fence") == (True, "fence")
    assert guard("off")[0] is False


def test_the_configuration_of_the_lab_holds(tmp_path: Path) -> None:
    write_project(ROOT, tmp_path, _hosts(), RELEASE)
    project = checked(read_project(tmp_path))
    assert project.platform.codes == ("eu", "in")
    assert clusters(tmp_path) == {"eu": "postgresql", "in": "postgresql-replica"}


def test_roles_and_secrets_of_a_lab_outlive_another_up(tmp_path: Path) -> None:
    hosts = _hosts()
    write_project(ROOT, tmp_path, hosts, RELEASE)
    record = {"primary": "eu", "previous": "in", "epoch": 3, "change": "failover"}
    set_authority(tmp_path, record, {"in": {"generation": 3, "cloneFrom": "eu"}})
    edit(tmp_path / "Pulumi.yaml", "config.edge.value.drained", ["in"])
    edit(tmp_path / "Pulumi.eu.yaml", "encryptionsalt", "salt")
    edit(tmp_path / "Pulumi.eu.yaml", "config.openova:sshPrivateKey", {"secure": "text"})
    write_project(ROOT, tmp_path, hosts, RELEASE)
    assert value(tmp_path / "Pulumi.yaml", "config.authority.value") == record
    assert value(tmp_path / "Pulumi.yaml", "config.regions.value.1.postgres.generation") == 3
    assert value(tmp_path / "Pulumi.yaml", "config.edge.value.drained") == ["in"]
    assert value(tmp_path / "Pulumi.eu.yaml", "encryptionsalt") == "salt"
    assert value(tmp_path / "Pulumi.eu.yaml", "config.openova:sshPrivateKey") == {"secure": "text"}


def test_a_configuration_without_the_regions_of_the_lab_is_told_so(tmp_path: Path) -> None:
    write_project(ROOT, tmp_path / "whole", _hosts(), RELEASE)
    edit(tmp_path / "whole" / "Pulumi.yaml", "config.regions.value.1.code", "sg")
    with pytest.raises(RuntimeError, match="no in"):
        write_project(tmp_path / "whole", tmp_path / "lab", _hosts(), RELEASE)


def test_what_was_made_is_remembered_and_is_nobody_elses(tmp_path: Path) -> None:
    def made(memory: Memory, length: int) -> str:
        password: str = memory.made("urn", {"length": length}, MAKERS["random:index/randomPassword:RandomPassword"])[
            "result"
        ]
        return password

    file = tmp_path / "memory.json"
    first = made(Memory(file), 20)
    assert made(Memory(file), 20) == first
    assert len(made(Memory(file), 30)) == 30
    assert file.stat().st_mode & 0o777 == 0o600


def test_keys_have_the_forms_that_operators_read() -> None:
    key = MAKERS["tls:index/privateKey:PrivateKey"]({"algorithm": "ECDSA"})["privateKeyPem"]
    assert require_sec1(key) == key
    inputs = {
        "privateKeyPem": key,
        "subject": {"commonName": "openova postgresql"},
        "isCaCertificate": True,
        "validityPeriodHours": 24,
    }
    certificate = x509.load_pem_x509_certificate(
        MAKERS["tls:index/selfSignedCert:SelfSignedCert"](inputs)["certPem"].encode()
    )
    certificate.verify_directly_issued_by(certificate)
    assert certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert certificate.public_key() == load_pem_private_key(key.encode(), None).public_key()


def test_the_overlay_changes_the_image_alone() -> None:
    body = {"kind": "Cluster", "spec": {"imageName": "theirs", "instances": 3}, "status": None}
    assert overlaid(CNPG_CLUSTER, body) == {"kind": "Cluster", "spec": {"imageName": POSTGRES_IMAGE, "instances": 3}}
    assert overlaid("kubernetes:core/v1:Secret", {"data": {}}) == {"data": {}}


def test_the_overlay_changes_the_guards_image_and_nothing_else_of_it() -> None:
    def daemon_set(image: str) -> dict[str, Any]:
        container = {"name": "guard", "image": image, "env": []}
        return {"metadata": {"name": "openova-guard"}, "spec": {"template": {"spec": {"containers": [container]}}}}

    theirs = daemon_set("theirs")
    assert overlaid(DAEMON_SET, theirs) == daemon_set(GUARD_IMAGE)
    assert theirs == daemon_set("theirs")


def test_an_archive_of_images_says_what_is_in_it(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "var/lib/dpkg").mkdir(parents=True)
    (root / "file").write_text("content")
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\n")
    images = [
        BuiltImage(references=("a/b:1",), root=root, files={"/bin/program": program, "/sbin/program": program}),
        BuiltImage(references=("c:2",), root=root, entrypoint=("/bin/program",)),
    ]
    write_archive(tmp_path / "images.tar", images)
    with tarfile.open(tmp_path / "images.tar") as archive:
        first, second = json.load(archive.extractfile("manifest.json"))  # type: ignore[arg-type]
        config = json.load(archive.extractfile(second["Config"]))  # type: ignore[arg-type]
        folder, files = (archive.extractfile(name) for name in first["Layers"])
        with tarfile.open(fileobj=folder) as layer:
            assert {"./file", "./var/lib"} <= {*layer.getnames()}
            assert "./var/lib/dpkg" not in layer.getnames()
        with tarfile.open(fileobj=files) as layer:
            once, again = layer.getmembers()
    assert first["RepoTags"] == ["a/b:1"]
    assert config["config"]["Entrypoint"] == ["/bin/program"]
    assert (once.name, once.mode, again.linkname) == ("bin/program", 0o755, "bin/program")
    assert second["Layers"] == first["Layers"][:1]
    assert config["rootfs"]["diff_ids"] == [f"sha256:{Path(second['Layers'][0]).parent}"]


def test_what_stands_in_k3s_place_is_one_file_that_tells_its_release(tmp_path: Path) -> None:
    assert binary("v1.34.2+k3s1") == binary("v1.34.2+k3s1")
    file = tmp_path / "k3s"
    file.write_bytes(binary("v1.34.2+k3s1"))
    done = subprocess.run([sys.executable, str(file), "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("k3s version v1.34.2+k3s1 ")
