"""What a plan answers for providers: values of the right form that stand for those only a real run has.

Everything not named here stays unknown, as in a preview of an empty account. None of these values is a
secret: they follow from the resource's name.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from operations.plan.recorded import Recorded
from operations.plan.standins import placeholder, random_texts
from operations.plan.wire import secret

COMMAND = "command:remote:Command"
LOCAL_COMMAND = "command:local:Command"
_KUBECONFIG = """\
clusters: [{name: default, cluster: {server: "https://127.0.0.1:6443"}}]
users: [{name: default, user: {}}]
contexts: [{name: default, context: {cluster: default, user: default}}]
"""
CNPG_CLUSTER = "kubernetes:postgresql.cnpg.io/v1:Cluster"


def answer(resource: Recorded) -> Mapping[str, Any]:
    """The outputs that the provider would add, in wire format."""
    return _ANSWERS.get(resource.type, _nothing)(resource)


def applied(resource: Recorded) -> Mapping[str, Any]:
    """The same, and what commands print: for an evaluation that stands for an update, not for a preview."""
    if resource.type == COMMAND:
        return {"stdout": _KUBECONFIG if resource.name.endswith("-kubeconfig") else placeholder(resource, "stdout")}
    return answer(resource)


def _nothing(resource: Recorded) -> Mapping[str, Any]:
    return {}


def _random_bytes(resource: Recorded) -> Mapping[str, Any]:
    return {form: secret(text) for form, text in random_texts(resource).items()}


def _password(resource: Recorded) -> Mapping[str, Any]:
    return {"result": secret(placeholder(resource, "password"))}


def _private_key(resource: Recorded) -> Mapping[str, Any]:
    return {
        "privateKeyPem": secret(placeholder(resource, "private-key")),
        "privateKeyOpenssh": secret(placeholder(resource, "private-key")),
        "publicKeyPem": placeholder(resource, "public-key"),
        "publicKeyOpenssh": _openssh(resource) if resource.inputs["algorithm"] == "ED25519" else "",
    }


def _openssh(resource: Recorded) -> str:
    """A public key of the right form (RFC 8709), to which nobody has the private half."""
    key = hashlib.sha256(placeholder(resource, "public-key").encode()).digest()
    blob = b"\x00\x00\x00\x0bssh-ed25519\x00\x00\x00\x20" + key
    return f"ssh-ed25519 {base64.b64encode(blob).decode()}\n"


def _certificate(resource: Recorded) -> Mapping[str, Any]:
    return {"certPem": placeholder(resource, "certificate")}


def _request(resource: Recorded) -> Mapping[str, Any]:
    return {"certRequestPem": placeholder(resource, "request")}


def _server(resource: Recorded) -> Mapping[str, Any]:
    """A server that is ordered: an address of the documentation range (RFC 5737) stands for its own."""
    number = hashlib.sha256(resource.name.encode()).digest()[0]
    return {"stdout": json.dumps({"address": f"192.0.2.{number}", "id": 1, "vHostId": 1, "dataCenter": "planned"})}


def _cluster(resource: Recorded) -> Mapping[str, Any]:
    replica = resource.inputs.get("spec", {}).get("replica") or {}
    hands_over = bool(replica) and replica.get("primary") != replica.get("self")
    return {"status": secret({"demotionToken": placeholder(resource, "demotion-token")} if hands_over else {})}


_ANSWERS: Mapping[str, Callable[[Recorded], Mapping[str, Any]]] = {
    "random:index/randomBytes:RandomBytes": _random_bytes,
    "random:index/randomPassword:RandomPassword": _password,
    "tls:index/privateKey:PrivateKey": _private_key,
    "tls:index/selfSignedCert:SelfSignedCert": _certificate,
    "tls:index/locallySignedCert:LocallySignedCert": _certificate,
    "tls:index/certRequest:CertRequest": _request,
    LOCAL_COMMAND: _server,
    CNPG_CLUSTER: _cluster,
}
