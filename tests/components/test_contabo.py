"""Contabo: against an API on this machine that remembers, and counts what was ordered."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from pydantic import ValidationError

from components.contabo import (
    ContaboClient,
    ContaboCredentials,
    ContaboError,
    ContaboServer,
    ContaboServerArgs,
    Credentials,
    Endpoints,
    NoAnswerError,
    Order,
    Patience,
    cloud_config,
)
from operations.contabo import NotUnderstoodError, endpoints
from operations.plan.recorded import Evaluation, Recorded
from operations.plan.values import Secret, reveal
from operations.plan.wire import secret
from settings.contabo import ContaboSettings
from tests.contabo_api import CREDENTIALS, Account, Fault, serving
from tests.engine import Engine, need
from tests.planning import ROOT
from tests.recording import record

NAME = "contabo-eu-1"
SIBLINGS = ("contabo-eu-2", "contabo-eu-3")
USER_DATA = cloud_config(
    "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n", "ssh-ed25519 A", ["k"]
)
ORDER = Order(
    display_name=NAME,
    product_id="V92",
    image_id="d64d5c6c-9dda-4e38-8174-0ee282474d8a",
    region="EU",
    data_center="European Union 1",
    period=1,
    may_order=True,
    user_data=USER_DATA,
    siblings=SIBLINGS,
)
QUICK = Patience(answer=0.5, order=0.5, reads=(0, 0), appear=(0,) * 4, poll=0, running=3)
COMMAND = "command:local:Command"


@pytest.fixture
def account() -> Account:
    return Account()


@pytest.fixture
def at(account: Account) -> Iterator[Endpoints]:
    with serving(account) as where:
        yield where


def client(at: Endpoints, patience: Patience = QUICK, credentials: Credentials = CREDENTIALS) -> ContaboClient:
    return ContaboClient(credentials, endpoints=at, patience=patience)


def refusal(act: Callable[[], Any]) -> str:
    """Why it was refused. Asserts that all that has to be said is said."""
    with pytest.raises(ContaboError) as caught:
        act()
    assert caught.value.rule and caught.value.consequence and caught.value.fix
    return str(caught.value)


def test_a_server_that_is_there_is_adopted_by_its_exact_name(account: Account, at: Endpoints) -> None:
    account.add(f"{NAME}0")
    account.add(NAME.upper())
    wanted = account.add(NAME)
    instance = client(at).ensure(ORDER)
    assert (instance.id, instance.address) == (wanted["instanceId"], wanted["ipConfig"]["v4"]["ip"])
    assert account.orders == []


def test_every_page_is_looked_through(account: Account, at: Endpoints) -> None:
    for number in range(7):
        account.add(f"other-{number}")
    account.add(NAME)
    client(at).ensure(ORDER)
    assert account.requests["GET", "/v1/compute/instances"] >= 4
    assert account.orders == []


def test_a_server_that_is_not_there_is_ordered_once_with_all_that_was_asked_for(
    account: Account, at: Endpoints
) -> None:
    instance = client(at).ensure(replace(ORDER, ssh_keys=(12, 13)))
    assert instance.status == "running"
    assert account.orders == [
        {
            "displayName": NAME,
            "productId": "V92",
            "imageId": ORDER.image_id,
            "region": "EU",
            "period": 1,
            "sshKeys": [12, 13],
            "defaultUser": "root",
            "userData": USER_DATA,
        }
    ]


def test_a_second_run_finds_what_the_first_has_ordered(account: Account, at: Endpoints) -> None:
    first = client(at).ensure(ORDER)
    assert client(at).ensure(ORDER) == first
    assert len(account.orders) == 1


def test_two_servers_of_one_name_are_refused(account: Account, at: Endpoints) -> None:
    account.add(NAME)
    for number in range(3):
        account.add(f"other-{number}")
    account.add(NAME)
    assert "ids 100, 104" in refusal(lambda: client(at).ensure(ORDER))
    assert account.orders == []


@pytest.mark.parametrize("fault", ["500", "hang", "cut", "half", "garbage", "redirect"])
def test_an_order_without_a_usable_answer_is_looked_up_and_never_sent_again(
    account: Account, at: Endpoints, fault: Fault
) -> None:
    account.order_fault = fault
    assert client(at).ensure(ORDER).status == "running"
    assert len(account.orders) == 1


@pytest.mark.parametrize("fault", ["500", "hang", "cut", "half", "garbage", "redirect"])
def test_an_unanswered_order_that_shows_late_is_found_by_a_later_run(
    account: Account, at: Endpoints, fault: Fault
) -> None:
    account.order_fault, account.hidden_for = fault, 9
    told = refusal(lambda: client(at).ensure(ORDER))
    assert "may still be coming" in told and "run pulumi up again" in told.lower()
    for _ in range(3):
        try:
            found = client(at).ensure(ORDER)
        except ContaboError as error:
            assert "For one name one order is sent" in str(error)
        else:
            break
    assert found.status == "running"
    assert len(account.orders) == 1


def test_an_order_that_vanished_is_sent_again_only_when_a_person_has_acknowledged_it(
    account: Account, at: Endpoints
) -> None:
    account.lost, account.order_fault = True, "500"
    for _ in range(4):
        told = refusal(lambda: client(at).ensure(ORDER))
    assert len(account.orders) == 1
    (request_id,) = re.findall(r"[0-9a-f]{8}-[0-9a-f-]{27}", told)
    account.lost, account.order_fault = False, None
    client(at).ensure(replace(ORDER, acknowledged=(request_id,)))
    assert len(account.orders) == 2


def test_an_acknowledgement_covers_one_order_and_not_the_next(account: Account, at: Endpoints) -> None:
    account.lost = True
    (first,) = re.findall(r"request id ([0-9a-f-]{36})", refusal(lambda: client(at).ensure(ORDER)))
    again = replace(ORDER, acknowledged=(first,))
    for _ in range(3):
        refusal(lambda: client(at).ensure(again))
    assert len(account.orders) == 2


def test_a_crash_right_after_the_order_is_known_to_every_other_machine(account: Account, at: Endpoints) -> None:
    class Crash(BaseException):
        """The process is gone."""

    def crash(_: float) -> None:
        raise Crash

    account.hidden_for = 9
    with pytest.raises(Crash):
        ContaboClient(CREDENTIALS, endpoints=at, patience=QUICK, sleep=crash).ensure(ORDER)
    refusal(lambda: client(at).ensure(ORDER))
    assert len(account.orders) == 1


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 422, 429])
def test_an_order_that_was_not_accepted_leaves_no_trace(account: Account, at: Endpoints, status: int) -> None:
    account.refusal = status
    assert "did not accept" in refusal(lambda: client(at).ensure(ORDER))
    assert account.tags == []
    account.refusal = None
    client(at).ensure(ORDER)
    assert len(account.orders) == 1


@pytest.mark.parametrize("fault", ["500", "hang", "cut", "half", "garbage", "redirect"])
def test_nothing_is_ordered_while_the_list_cannot_be_read(account: Account, at: Endpoints, fault: Fault) -> None:
    account.read_faults = [fault] * 50
    with pytest.raises(NoAnswerError):
        client(at).ensure(ORDER)
    assert account.orders == []


def test_a_list_that_fails_now_and_then_is_read_again(account: Account, at: Endpoints) -> None:
    account.read_faults = ["500", "cut"]
    client(at).ensure(ORDER)
    assert len(account.orders) == 1


@pytest.mark.parametrize("fault", ["500", "hang", "cut", "half", "garbage"])
def test_the_note_of_an_order_counts_when_it_can_be_read_whatever_was_answered(
    account: Account, at: Endpoints, fault: Fault
) -> None:
    account.tag_fault = fault
    client(at).ensure(ORDER)
    assert (len(account.orders), len(account.tags)) == (1, 1)


def test_nothing_is_ordered_that_cannot_be_noted(account: Account, at: Endpoints) -> None:
    account.tags_refused = True
    assert "403: Forbidden" in refusal(lambda: client(at).ensure(ORDER))
    assert account.orders == []


def test_nothing_is_ordered_when_the_note_cannot_be_read_again(account: Account, at: Endpoints) -> None:
    account.tag_read_faults = ["500"] * 4
    told = refusal(lambda: client(at).ensure(ORDER))
    assert account.tags[0]["name"] in told and "delete it" in told
    assert account.orders == []


def test_runs_at_the_same_moment_order_at_most_once(account: Account, at: Endpoints) -> None:
    def ensure() -> None:
        barrier.wait()
        with contextlib.suppress(ContaboError):
            client(at).ensure(ORDER)

    account.page_size = 100
    for _ in range(5):
        barrier = threading.Barrier(4)
        threads = [threading.Thread(target=ensure) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(account.orders) <= 1
    client(at).ensure(ORDER)
    assert len(account.orders) == 1


def test_without_permission_nothing_is_ordered(account: Account, at: Endpoints) -> None:
    assert "contabo.orders: place" in refusal(lambda: client(at).ensure(replace(ORDER, may_order=False)))
    assert (account.orders, account.tags) == ([], [])


def test_a_token_that_ends_in_the_middle_is_replaced(account: Account, at: Endpoints) -> None:
    account.token_seconds, account.hidden_for = 0.05, 3
    slow = replace(QUICK, appear=(0.1,) * 5, poll=0.1)
    assert client(at, slow).ensure(ORDER).status == "running"
    assert account.requests["POST", "/token"] >= 3
    assert len(account.orders) == 1


def test_wrong_credentials_are_told_without_showing_them(account: Account, at: Endpoints) -> None:
    wrong = replace(CREDENTIALS, password="very-private")
    told = refusal(lambda: client(at, credentials=wrong).ensure(ORDER))
    assert "contaboPassword" in told
    assert "very-private" not in told + repr(wrong)


@pytest.mark.parametrize(
    "status", ["manual_provisioning", "pending_payment", "verification_required", "product_not_available", "error"]
)
def test_a_status_that_needs_a_person_is_told_at_once(account: Account, at: Endpoints, status: str) -> None:
    account.statuses = ("provisioning", status)
    for _ in range(2):
        assert status in refusal(lambda: client(at).ensure(ORDER))
    assert len(account.orders) == 1


def test_a_server_that_does_not_start_is_waited_for_only_so_long(account: Account, at: Endpoints) -> None:
    account.statuses = ("installing",)
    told = refusal(lambda: client(at, replace(QUICK, running=0.2, poll=0.05)).ensure(ORDER))
    assert "not running after 0.2 s" in told and "installing" in told
    assert len(account.orders) == 1


def test_another_data_centre_is_refused(account: Account, at: Endpoints) -> None:
    account.data_center = "European Union 2"
    assert "European Union 2" in refusal(lambda: client(at).ensure(ORDER))
    assert len(account.orders) == 1


def test_a_cancelled_server_is_not_adopted(account: Account, at: Endpoints) -> None:
    account.add(NAME, cancelDate="2027-01-31")
    assert "2027-01-31" in refusal(lambda: client(at).ensure(ORDER))
    assert account.orders == []


def test_two_servers_of_the_platform_on_one_machine_are_refused(account: Account, at: Endpoints) -> None:
    account.add(SIBLINGS[0], vHostId=55)
    account.add("of-somebody-else", vHostId=55)
    account.hosts = [55]
    told = refusal(lambda: client(at).ensure(ORDER))
    assert SIBLINGS[0] in told and "vHostId 55" in told
    assert len(account.orders) == 1
    assert client(at).ensure(replace(ORDER, accept_shared_host=True)).host == 55
    assert client(at).ensure(replace(ORDER, siblings=SIBLINGS[1:])).host == 55


@pytest.mark.parametrize("name", ["", "a:b", "a b", "-a", "a" * 64])
def test_a_name_that_could_not_be_noted_is_refused(account: Account, at: Endpoints, name: str) -> None:
    refusal(lambda: client(at).ensure(replace(ORDER, display_name=name)))
    assert account.requests.total() == 0


def test_nothing_is_ever_reinstalled_changed_or_cancelled(account: Account, at: Endpoints) -> None:
    client(at).ensure(ORDER)
    client(at).ensure(replace(ORDER, user_data="#cloud-config\n{}\n", image_id=str(uuid.uuid4()), product_id="V94"))
    writes = {request: count for request, count in account.requests.items() if request[0] != "GET"}
    assert writes == {("POST", "/token"): 2, ("POST", "/v1/tags"): 1, ("POST", "/v1/compute/instances"): 1}


def test_every_request_has_an_id_of_its_own(account: Account, at: Endpoints) -> None:
    client(at).ensure(ORDER)
    assert {uuid.UUID(text).version for text in account.request_ids} == {4}
    # An order's id stands in its mark, for the case that support is asked.
    assert len(set(account.request_ids)) == len(account.request_ids)
    assert account.tags[0]["name"].rpartition(":")[2] in account.request_ids


def run(verb: str, at: Endpoints, order: Order = ORDER, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command, as Pulumi starts it."""
    fields = {"client_id": CREDENTIALS.client_id, "client_secret": CREDENTIALS.client_secret}
    credentials = {**fields, "user": CREDENTIALS.user, "password": CREDENTIALS.password}
    where = {"OPENOVA_CONTABO_API_URL": at.api, "OPENOVA_CONTABO_TOKEN_URL": at.token}
    return subprocess.run(
        [sys.executable, "-m", "operations.contabo", verb],
        input=json.dumps({"credentials": credentials, "order": vars(order)}),
        env={**os.environ, **where, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_command_orders_once_and_answers_in_json(account: Account, at: Endpoints) -> None:
    account.order_fault, account.statuses = "500", ("running",)
    first, second = run("ensure", at), run("ensure", at)
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert first.stdout == second.stdout
    assert json.loads(first.stdout) == {
        "address": "203.0.113.100",
        "id": 100,
        "vHostId": 7100,
        "dataCenter": "European Union 1",
    }
    assert len(account.orders) == 1


def test_the_command_adopt_never_orders(account: Account, at: Endpoints) -> None:
    done = run("adopt", at)
    assert (done.returncode, done.stdout) == (1, "")
    assert "Fix:" in done.stderr
    assert account.orders == []


def test_the_command_shows_no_secret_whatever_goes_wrong(account: Account, at: Endpoints) -> None:
    broken = subprocess.run(
        [sys.executable, "-m", "operations.contabo", "ensure"],
        input=json.dumps({"credentials": {"password": CREDENTIALS.password}, "order": {"user_data": 5}}),
        capture_output=True,
        text=True,
        check=False,
    )
    account.statuses = ("error",)
    for done, code in ((broken, 2), (run("ensure", at), 1)):
        assert done.returncode == code
        for hidden in (CREDENTIALS.password, CREDENTIALS.client_secret, "PRIVATE KEY", "Traceback"):
            assert hidden not in done.stdout + done.stderr


@pytest.mark.parametrize("url", ["https://api.example.org", "http://192.0.2.1", "http://127.0.0.1.example.org"])
def test_credentials_go_to_contabo_or_to_this_machine_only(url: str) -> None:
    with pytest.raises(NotUnderstoodError, match="another host"):
        endpoints({"OPENOVA_CONTABO_API_URL": url, "OPENOVA_CONTABO_TOKEN_URL": url})
    assert endpoints({}).api == "https://api.contabo.com"


def test_the_user_data_is_cloud_config_with_the_pinned_host_key_and_no_passwords() -> None:
    private, public = (
        "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----\n",
        "ssh-ed25519 AAAA",
    )
    text = cloud_config(private, public, ["ssh-ed25519 BBBB me@desk"])
    assert text.startswith("#cloud-config\n")
    config = yaml.safe_load(text)
    assert config["ssh_keys"] == {"ed25519_private": private, "ed25519_public": public}
    assert config["ssh_deletekeys"] is True
    assert config["ssh_authorized_keys"] == ["ssh-ed25519 BBBB me@desk"]
    assert config["ssh_pwauth"] is False


def recorded(answer: Callable[[Recorded], dict[str, Any]] | None = None) -> tuple[Evaluation, dict[str, Any]]:
    late: dict[str, Any] = {}

    def program() -> None:
        server = ContaboServer(
            "eu-contabo-eu-1",
            ContaboServerArgs(
                display_name=NAME,
                product_id="V92",
                image_id=ORDER.image_id,
                region="EU",
                data_center="European Union 1",
                credentials=ContaboCredentials(
                    client_id="an-id", client_secret="a-secret", user="me@example.org", password="hidden-password"
                ),
                host_private_key=pulumi.Output.secret("hidden-key"),
                host_public_key="ssh-ed25519 AAAA",
                may_order=True,
                protect=True,
                siblings=(NAME, *SIBLINGS),
            ),
        )
        pulumi.export("address", server.address)
        pulumi.export("id", server.server_id)

    evaluation = record(program, answer=answer, preview=answer is None)
    late.update(evaluation.outputs)
    return evaluation, late


def test_the_server_is_one_protected_command_that_carries_its_secrets_on_standard_input() -> None:
    evaluation, _ = recorded()
    (command,) = evaluation.of_type(COMMAND)
    assert command.protect and command.retain_on_delete
    assert isinstance(command.inputs["stdin"], Secret)
    request = json.loads(reveal(command.inputs["stdin"]))
    assert request["credentials"]["password"] == "hidden-password"
    assert "hidden-key" in request["order"]["user_data"]
    assert request["order"]["siblings"] == list(SIBLINGS)
    rest = json.dumps({key: reveal(value) for key, value in command.inputs.items() if key != "stdin"}, default=str)
    assert "hidden" not in rest and "a-secret" not in rest


def test_only_the_creation_can_order_and_nothing_deletes() -> None:
    evaluation, _ = recorded()
    (command,) = evaluation.of_type(COMMAND)
    assert command.inputs["create"].endswith("operations.contabo ensure")
    assert command.inputs["update"].endswith("operations.contabo adopt")
    assert "delete" not in command.inputs and "triggers" not in command.inputs


def test_the_address_is_unknown_in_a_preview_and_public_afterwards() -> None:
    stdout = json.dumps({"address": "203.0.113.7", "id": 12, "vHostId": 5, "dataCenter": "European Union 1"})
    _, before = recorded()
    _, after = recorded(lambda resource: {"stdout": secret(stdout)} if resource.type == COMMAND else {})
    assert before["address"] != "203.0.113.7"
    assert (after["address"], after["id"]) == ("203.0.113.7", 12)


PROGRAM = """
import sys, pulumi, pulumi_tls as tls
from components.contabo import ContaboCredentials, ContaboServer, ContaboServerArgs

config = pulumi.Config()
key = tls.PrivateKey("host-key", algorithm="ED25519")
server = ContaboServer("server", ContaboServerArgs(
    display_name="contabo-eu-1", product_id="V92", image_id="d64d5c6c-9dda-4e38-8174-0ee282474d8a", region="EU",
    data_center="European Union 1", may_order=True, protect=True, authorized_keys=[config.require("key")],
    credentials=ContaboCredentials(
        client_id="an-id", client_secret="a-secret", user="me@example.org", password=config.require_secret("password"),
    ),
    host_private_key=key.private_key_openssh, host_public_key=key.public_key_openssh, python=sys.executable,
))
pulumi.export("address", server.address)
"""


@pytest.mark.engine
def test_on_the_real_engine_only_the_first_up_orders(account: Account, at: Endpoints, tmp_path: Path) -> None:
    need("command", "tls")
    virtualenv = f"{{toolchain: pip, virtualenv: {ROOT / '.venv'}}}"
    (tmp_path / "Pulumi.yaml").write_text(f"name: ordering\nruntime: {{name: python, options: {virtualenv}}}\n")
    (tmp_path / "__main__.py").write_text(PROGRAM)
    environment = {
        **os.environ,
        "PULUMI_HOME": str(tmp_path / "home"),
        "PULUMI_BACKEND_URL": f"file://{tmp_path}",
        "PULUMI_CONFIG_PASSPHRASE": "a passphrase of this test",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "OPENOVA_CONTABO_API_URL": at.api,
        "OPENOVA_CONTABO_TOKEN_URL": at.token,
    }
    engine = Engine(tmp_path, environment)
    account.order_fault, account.statuses = "cut", ("running",)
    up = ("up", "--stack", "eu", "--yes", "--skip-preview")
    engine.pulumi("stack", "init", "eu")
    engine.pulumi("config", "set", "--stack", "eu", "--secret", "password", text=CREDENTIALS.password)
    engine.pulumi("config", "set", "--stack", "eu", "key", "ssh-ed25519 AAAA first")
    engine.pulumi(*up)
    assert json.loads(engine.pulumi("stack", "output", "--stack", "eu", "--json").stdout)["address"] == "203.0.113.100"
    engine.pulumi(*up, "--expect-no-changes")
    engine.pulumi("config", "set", "--stack", "eu", "key", "ssh-ed25519 BBBB second")
    assert "1 updated" in engine.pulumi(*up).stdout, "other user data is an update in place"
    account.servers.clear()
    engine.pulumi("config", "set", "--stack", "eu", "key", "ssh-ed25519 CCCC third")
    gone = engine.pulumi(*up, check=False)
    assert gone.returncode != 0 and "one order is sent" in gone.stdout
    state = engine.pulumi("stack", "export", "--stack", "eu").stdout
    for hidden in (CREDENTIALS.password, "PRIVATE KEY"):
        assert hidden not in state + gone.stdout + gone.stderr
    assert engine.pulumi("destroy", "--stack", "eu", "--yes", "--skip-preview", check=False).returncode != 0, (
        "protected"
    )
    assert len(account.orders) == 1


SETTINGS = {
    "productId": "V92",
    "imageId": ORDER.image_id,
    "dataCenter": "European Union 1",
    "authorizedKeys": ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 me@desk"],
}


def test_the_settings_order_nothing_unless_they_say_so() -> None:
    settings = ContaboSettings.model_validate(SETTINGS)
    assert (settings.orders, settings.same_host, settings.period) == ("refuse", "refuse", 1)


@pytest.mark.parametrize(
    ("key", "value"),
    [("productId", "VPS 10"), ("imageId", "debian-12"), ("period", 2), ("authorizedKeys", []), ("acknowledged", ["x"])],
)
def test_settings_that_contabo_would_refuse_are_refused_before(key: str, value: object) -> None:
    with pytest.raises(ValidationError):
        ContaboSettings.model_validate({**SETTINGS, key: value})
