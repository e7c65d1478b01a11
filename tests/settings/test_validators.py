from __future__ import annotations

import base64
import ipaddress

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from settings import validators

LOWER = "abcdefghijklmnopqrstuvwxyz"
PublicKey = ed25519.Ed25519PublicKey | rsa.RSAPublicKey | ec.EllipticCurvePublicKey


def openssh(key: PublicKey) -> str:
    return key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


@given(st.binary(min_size=32, max_size=32), st.text(LOWER + "@.- ", max_size=20))
def test_every_ed25519_host_key_is_taken_and_its_comment_left_out(seed: bytes, comment: str) -> None:
    key = openssh(ed25519.Ed25519PrivateKey.from_private_bytes(seed).public_key())
    assert validators.host_key(key) == key
    assert validators.host_key(f"{key} {comment}") == key


@pytest.mark.parametrize(
    "key",
    [
        openssh(rsa.generate_private_key(65537, 2048).public_key()),
        openssh(ec.generate_private_key(ec.SECP256R1()).public_key()),
    ],
    ids=["rsa", "ecdsa"],
)
def test_a_host_key_of_another_type_is_refused_even_under_a_wrong_name(key: str) -> None:
    with pytest.raises(PydanticCustomError, match="not an ed25519 host key"):
        validators.host_key(key)
    with pytest.raises(PydanticCustomError):
        validators.host_key(f"ssh-ed25519 {key.split()[1]}")


@given(st.integers(0, 79), st.sampled_from("!-_ \u00e4"))
def test_a_host_key_that_was_cut_or_changed_is_refused(place: int, character: str) -> None:
    key = openssh(ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key())
    assert len(key) == 80
    for broken in (key[:place], key[:place] + character + key[place + 1 :]):
        if broken.split(" ")[:2] == key.split(" "):
            continue
        with pytest.raises(PydanticCustomError):
            validators.host_key(broken)


def test_a_private_key_is_no_host_key_and_is_not_told_whole() -> None:
    text = "-----BEGIN OPENSSH PRIVATE KEY----- " + base64.b64encode(bytes(200)).decode()
    with pytest.raises(PydanticCustomError) as error:
        validators.host_key(text)
    assert text not in str(error.value)


@given(st.ip_addresses())
def test_every_address_is_taken_in_its_shortest_form(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    assert validators.address(address.exploded) == str(address)


@pytest.mark.parametrize("text", ["", "server.example", "203.0.113.11/32", "203.0.113.256", "203.0.113", "::g"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(PydanticCustomError, match="not an IP address"):
        validators.address(text)


@given(st.ip_addresses(v=4), st.integers(0, 32))
def test_a_network_is_written_by_its_own_address(address: ipaddress.IPv4Address, length: int) -> None:
    network = ipaddress.ip_network(f"{address}/{length}", strict=False)
    assert validators.cidr(str(network)) == str(network)
    if network.network_address != address:
        with pytest.raises(PydanticCustomError, match="host bits set"):
            validators.cidr(f"{address}/{length}")


PRIVATE = [(10 << 24, 8), (172 << 24 | 16 << 16, 12), (192 << 24 | 168 << 16, 16)]


@given(st.sampled_from(PRIVATE), st.integers(0, 2**24), st.integers(0, 24))
def test_every_network_inside_the_private_blocks_is_private(block: tuple[int, int], offset: int, more: int) -> None:
    base, length = block
    inner = min(32, length + more)
    network = ipaddress.ip_network((base | offset % 2 ** (32 - length), inner), strict=False)
    assert validators.private_cidr(str(network)) == str(network)


@pytest.mark.parametrize(
    "network", ["0.0.0.0/0", "8.0.0.0/7", "11.0.0.0/8", "172.0.0.0/8", "192.168.0.0/15", "100.64.0.0/10", "fd00::/8"]
)
def test_a_network_outside_the_private_blocks_is_refused(network: str) -> None:
    with pytest.raises(PydanticCustomError, match="RFC 1918"):
        validators.private_cidr(network)


@given(st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True), st.integers(1, 250))
def test_a_node_name_ends_in_a_number_from_1_to_250(name: str, number: int) -> None:
    assert validators.node_name(f"{name}-{number}") == f"{name}-{number}"


@pytest.mark.parametrize(
    "name", ["eu", "eu1", "eu-", "eu-0", "eu-01", "eu-251", "eu-1000", "EU-1", "-1", "eu.1-1", "eu-1 "]
)
def test_a_name_without_such_a_number_is_no_node(name: str) -> None:
    with pytest.raises(PydanticCustomError, match="from 1 to 250"):
        validators.node_name(name)


@given(st.text(LOWER, min_size=2, max_size=8).filter(lambda code: code not in ("shared", "global")))
def test_two_to_eight_letters_are_a_region_code(code: str) -> None:
    assert validators.region_code(code) == code


@pytest.mark.parametrize("code", ["", "e", "EU", "eu1", "eu-west", "singapore", "shared", "global", "eu\n"])
def test_what_could_not_be_a_stacks_name_is_no_region_code(code: str) -> None:
    with pytest.raises(PydanticCustomError, match="not a region code"):
        validators.region_code(code)


@given(st.lists(st.from_regex(r"[a-z0-9]([a-z0-9-]{0,9}[a-z0-9])?", fullmatch=True), min_size=2, max_size=6))
def test_two_or_more_labels_are_a_domain_name(labels: list[str]) -> None:
    assert validators.fqdn(".".join(labels)) == ".".join(labels)
    assert [validators.label(label) for label in labels] == labels


@pytest.mark.parametrize(
    "name", ["openova", "openova.", ".io", "Openova.io", "a..b", "-a.io", "a-.io", "*.io", "a_b.io"]
)
def test_what_no_record_can_be_made_for_is_no_domain_name(name: str) -> None:
    with pytest.raises(PydanticCustomError, match="not a DNS name"):
        validators.fqdn(name)


def test_names_have_the_lengths_of_dns() -> None:
    assert validators.label("a" * 63)
    with pytest.raises(PydanticCustomError):
        validators.label("a" * 64)
    longest = ".".join(["a" * 63] * 3 + ["a" * 61])
    assert len(validators.fqdn(longest)) == 253
    with pytest.raises(PydanticCustomError):
        validators.fqdn(f"{longest}a")


@given(st.integers(1, 10**6), st.sampled_from(["Ki", "Mi", "Gi", "Ti"]))
def test_a_whole_number_with_a_binary_suffix_is_a_quantity(number: int, suffix: str) -> None:
    assert validators.quantity(f"{number}{suffix}") == f"{number}{suffix}"


@pytest.mark.parametrize("text", ["50", "50GB", "50G", "0Gi", "1.5Gi", "-1Gi", "Gi", "50 Gi"])
def test_any_other_amount_is_refused(text: str) -> None:
    with pytest.raises(PydanticCustomError, match="not a quantity"):
        validators.quantity(text)


@pytest.mark.parametrize("text", ["0 0 2 * * *", "0 */15 * * * *", "30 0 2 1,15 * MON-FRI"])
def test_a_schedule_has_six_fields(text: str) -> None:
    assert validators.cron(text) == text


@pytest.mark.parametrize("text", ["0 2 * * *", "", "@daily", "0 0 2 * * * *", "0 0 2 * * ; reboot"])
def test_a_schedule_without_seconds_is_refused(text: str) -> None:
    with pytest.raises(PydanticCustomError, match="six fields"):
        validators.cron(text)
