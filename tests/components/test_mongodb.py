"""The MongoDB components: one set over two regions, and the two ways it can be got wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.mongodb.args import MongodbArgs, MongodbBackup, MongodbPasswords
from components.mongodb.community import MongodbCommunity, MongodbCommunityArgs
from components.mongodb.component import MongodbReplicaSet
from components.mongodb.members import Member, region_members, votes_granted
from components.mongodb.operator import MongodbOperator, MongodbOperatorArgs
from components.mongodb.uri import connection_uri
from operations.plan.recorded import Evaluation
from operations.plan.values import Secret, reveal
from settings.versions import PBM_IMAGE, PSMDB_CHART, PSMDB_CR_VERSION, PSMDB_IMAGE
from tests.recording import record

PSMDB = "kubernetes:psmdb.percona.com/v1:PerconaServerMongoDB"
SERVICE = "kubernetes:core/v1:Service"


def members(local: str) -> tuple[Member, ...]:
    """The five voters of the two regions and India's spare, seen from one of them."""
    return (
        *region_members(
            hosts=[f"mongo-eu-{index}.openova.io" for index in range(3)],
            first_port=30170,
            priorities=(10, 9, 8),
            region="europe",
            local=local == "eu",
        ),
        *region_members(
            hosts=[f"mongo-in-{index}.openova.io" for index in range(3)],
            first_port=30170,
            priorities=(5, 4),
            region="india",
            local=local == "in",
        ),
    )


EUROPE = MongodbArgs(
    cluster_name="mongodb-eu",
    namespace="mongodb",
    managed=True,
    node_region="europe",
    resolvable=frozenset(f"mongo-{code}-{index}.openova.io" for code in ("eu", "in") for index in range(3)),
    members=members("eu"),
    passwords=MongodbPasswords(backup="b", database_admin="d", cluster_admin="c", cluster_monitor="m", user_admin="u"),
    keyfile="keyfile",
    encryption_key="encryption",
    ca_certificate="ca",
    certificate="certificate",
    private_key="private",
    app_password="app",
    backup=MongodbBackup(
        bucket="openova-mongodb",
        endpoint="https://0123.r2.cloudflarestorage.com",
        access_key_id="id",
        secret_access_key="key",
    ),
)
INDIA = replace(EUROPE, cluster_name="mongodb-in", managed=False, node_region="india", members=members("in"))
SINGLE = replace(EUROPE, members=members("eu")[:3])
COMMUNITY = MongodbCommunityArgs(
    namespace="databases",
    members=tuple(
        Member(host="", port=27017, votes=1, priority=priority, region=region, index=index, local=True)
        for index, (priority, region) in enumerate(
            [(10, "europe"), (9, "europe"), (8, "europe"), (5, "india"), (4, "india")]
        )
    ),
    app_password="app",
    ca_certificate="ca",
    certificate="certificate",
    private_key="private",
)


def evaluated(args: MongodbArgs) -> Evaluation:
    """One region's members, registered."""
    return record(lambda: MongodbReplicaSet("mongodb", args))


def spec_of(args: MongodbArgs) -> dict[str, Any]:
    """The custom resource's spec."""
    spec: dict[str, Any] = reveal(evaluated(args).of_type(PSMDB)[0].inputs)["spec"]
    return spec


def set_of(args: MongodbArgs) -> dict[str, Any]:
    """The one replica set in it."""
    replica_set: dict[str, Any] = spec_of(args)["replsets"][0]
    return replica_set


def configuration(args: MongodbArgs) -> dict[str, tuple[int, str]]:
    """Priority and region of every member, by its address."""
    replica_set = set_of(args)
    local = {o["host"]: (o["priority"], o["tags"]["region"]) for o in replica_set["replsetOverrides"].values()}
    external = {
        f"{node['host']}:{node['port']}": (node["priority"], node["tags"]["region"])
        for node in replica_set["externalNodes"]
    }
    return local | external


def test_both_regions_describe_the_same_set() -> None:
    assert configuration(EUROPE) == configuration(INDIA)
    assert configuration(EUROPE)["mongo-in-1.openova.io:30171"] == (4, "india")


def test_the_managed_region_writes_the_configuration_and_the_other_one_does_not() -> None:
    europe, india = spec_of(EUROPE), spec_of(INDIA)
    assert (europe["unmanaged"], europe["updateStrategy"]) == (False, "SmartUpdate")
    assert (india["unmanaged"], india["updateStrategy"]) == (True, "RollingUpdate")


def test_two_voters_get_a_third_pod_without_a_vote_so_that_no_unsafe_flag_is_needed() -> None:
    spec = spec_of(INDIA)
    assert spec["replsets"][0]["size"] == 3
    assert "unsafeFlags" not in spec
    (spare,) = (n for n in set_of(EUROPE)["externalNodes"] if n["host"] == "mongo-in-2.openova.io")
    assert (spare["votes"], spare["priority"]) == (0, 0)


def test_five_of_the_six_members_vote_whichever_region_is_managed() -> None:
    assert sum(votes_granted(members("eu"))) == 5
    assert sum(votes_granted(members("in"))) == 5
    assert votes_granted(members("in"))[-1] == 0


def test_a_region_that_is_all_that_is_left_votes_with_its_spare_too() -> None:
    survivors = tuple(member for member in members("in") if member.local)
    assert votes_granted(survivors) == [1, 1, 1]
    alone = replace(INDIA, managed=True, members=survivors)
    assert set_of(alone)["externalNodes"] == []


def test_every_pod_has_a_port_of_its_own_that_answers_before_it_is_ready() -> None:
    services = evaluated(INDIA).of_type(SERVICE)
    assert {
        service.inputs["spec"]["selector"]["statefulset.kubernetes.io/pod-name"]: service.inputs["spec"]["ports"][0][
            "nodePort"
        ]
        for service in services
    } == {"mongodb-in-rs0-0": 30170, "mongodb-in-rs0-1": 30171, "mongodb-in-rs0-2": 30172}
    for service in services:
        spec = service.inputs["spec"]
        assert spec["type"] == "NodePort"
        assert spec["externalTrafficPolicy"] == "Cluster"
        assert spec["publishNotReadyAddresses"]
        assert service.inputs["metadata"]["annotations"]["pulumi.com/skipAwait"] == "true"


def test_overrides_name_the_pods_that_the_operator_will_make() -> None:
    assert set(set_of(EUROPE)["replsetOverrides"]) == {f"mongodb-eu-rs0-{index}" for index in range(3)}


def test_applications_need_no_client_certificate_and_members_need_tls() -> None:
    assert spec_of(EUROPE)["tls"] == {"mode": "requireTLS", "allowInvalidCertificates": False}
    assert "allowConnectionsWithoutCertificates: true" in set_of(EUROPE)["configuration"]


def test_what_both_regions_must_share_is_given_to_both_and_never_left_to_the_operator() -> None:
    def shared(args: MongodbArgs) -> dict[str, Any]:
        evaluation = evaluated(args)
        named = {
            s.inputs["metadata"]["name"]: reveal(s.inputs["stringData"])
            for s in evaluation.of_type("kubernetes:core/v1:Secret")
        }
        return {name: named[name] for name in spec_of(args)["secrets"].values()}

    assert shared(EUROPE) == shared(INDIA)
    assert set(shared(INDIA)["mongodb-global-keyfile"]) == {"mongodb-key"}
    assert set(shared(INDIA)["mongodb-global-encryption-key"]) == {"encryption-key"}


def test_every_secret_is_marked_secret() -> None:
    secrets = evaluated(EUROPE).of_type("kubernetes:core/v1:Secret")
    assert len(secrets) == 7
    for resource in secrets:
        data = resource.inputs["stringData"]
        assert isinstance(data, Secret) or all(isinstance(value, Secret) for value in data.values())


def test_backups_and_users_are_the_managed_regions_business() -> None:
    europe, india = spec_of(EUROPE), spec_of(INDIA)
    assert europe["backup"]["enabled"]
    assert europe["backup"]["pitr"]["oplogSpanMin"] == 5
    assert europe["users"][0]["roles"] == [{"name": "readWrite", "db": "app"}]
    assert india["backup"] == {"enabled": False, "image": PBM_IMAGE.reference}
    assert "users" not in india


def test_the_custom_resource_waits_for_secrets_and_services() -> None:
    evaluation = evaluated(EUROPE)
    needs = set(evaluation.of_type(PSMDB)[0].depends_on)
    made = {r.urn for r in (*evaluation.of_type(SERVICE), *evaluation.of_type("kubernetes:core/v1:Secret"))}
    assert made <= needs


def test_the_database_is_protected_where_the_settings_say_so() -> None:
    assert evaluated(EUROPE).of_type(PSMDB)[0].protect
    assert not evaluated(replace(EUROPE, protect=False)).of_type(PSMDB)[0].protect


def test_the_images_belong_to_the_operators_version() -> None:
    spec = spec_of(EUROPE)
    assert spec["crVersion"] == PSMDB_CR_VERSION == PSMDB_CHART.version
    assert spec["image"] == PSMDB_IMAGE.reference


@pytest.mark.parametrize(
    ("changed", "setting"),
    [
        (members("eu")[:2], "votes"),
        (members("eu")[1:], "indices"),
        ((*members("eu")[:5], replace(members("eu")[5], votes=1, priority=3)), "votes"),
        ((members("eu")[0], replace(members("eu")[1], port=30170), *members("eu")[2:]), "NodePort"),
        ((*members("eu")[:5], replace(members("eu")[5], host="mongo-in-0.openova.io", port=30170)), "address"),
    ],
)
def test_members_that_make_no_working_set_are_refused(changed: tuple[Member, ...], setting: str) -> None:
    with pytest.raises(ValueError, match=setting):
        replace(EUROPE, members=changed)


def test_a_tag_that_differs_from_the_label_of_the_nodes_is_refused() -> None:
    with pytest.raises(ValueError, match="region label") as error:
        replace(EUROPE, node_region="eu-central")
    assert "mongo-eu-0.openova.io" in str(error.value)


def test_a_member_whose_name_does_not_resolve_is_refused() -> None:
    with pytest.raises(ValueError, match=r"answers for mongo-in-1\.openova\.io\."):
        replace(EUROPE, resolvable=EUROPE.resolvable - {"mongo-in-1.openova.io"})


def test_eight_voters_are_refused() -> None:
    more = tuple(replace(members("in")[0], host=f"mongo-in-{i}.openova.io", local=False) for i in range(5))
    with pytest.raises(ValueError, match="8 votes"):
        replace(
            EUROPE, members=(*members("eu")[:3], *more), resolvable=frozenset(m.host for m in more) | EUROPE.resolvable
        )


def test_a_member_without_a_vote_cannot_have_a_priority() -> None:
    with pytest.raises(ValueError, match="priority"):
        Member(host="a", port=1, votes=0, priority=1, region="india", index=0, local=True)


@given(voters=st.integers(1, 7))
def test_a_region_always_runs_an_odd_number_of_pods_and_three_at_least(voters: int) -> None:
    pods = region_members(
        hosts=[f"m{index}" for index in range(9)],
        first_port=30170,
        priorities=[1] * voters,
        region="europe",
        local=True,
    )
    assert len(pods) % 2 == 1
    assert len(pods) >= 3
    assert sum(member.votes for member in pods) == voters
    assert len({member.port for member in pods}) == len(pods)


def test_a_region_needs_a_name_for_every_pod() -> None:
    with pytest.raises(ValueError, match="3 pods"):
        region_members(hosts=["a", "b"], first_port=30170, priorities=(5, 4), region="india", local=True)


def uri(region: str, password: str = "app") -> str:  # noqa: S107
    """The application's URI in one region."""
    return connection_uri(
        members("eu"),
        username="app",
        password=password,
        database="app",
        replica_set="rs0",
        region=region,
        ca_file="/etc/openova/ca.crt",
    )


def test_reads_stay_in_the_region_and_fall_back_to_any_member() -> None:
    tags = [value for key, value in _options(uri("india")) if key == "readPreferenceTags"]
    assert tags == ["region:india", ""]
    assert dict(_options(uri("india")))["readPreference"] == "nearest"


def test_writes_wait_for_a_majority_and_are_retried_over_tls() -> None:
    options = dict(_options(uri("india")))
    assert options["w"] == "majority"
    assert options["retryWrites"] == options["retryReads"] == options["tls"] == "true"
    assert options["replicaSet"] == "rs0"
    assert options["tlsCAFile"] == "/etc/openova/ca.crt"


def test_a_client_looks_in_its_own_region_first() -> None:
    hosts = uri("india").partition("@")[2].partition("/")[0].split(",")
    assert [host.partition(".")[0] for host in hosts] == [
        *(f"mongo-in-{index}" for index in range(3)),
        *(f"mongo-eu-{index}" for index in range(3)),
    ]


@given(password=st.text(st.characters(codec="utf-8"), min_size=1))
def test_a_password_of_any_characters_survives_the_uri(password: str) -> None:
    credentials = uri("india", password).removeprefix("mongodb://").partition("@")[0]
    assert not set("/?#[]@ ") & set(credentials)
    assert dict(parse_qsl(f"p={credentials.partition(':')[2]}", keep_blank_values=True))["p"] == password


def test_the_operator_stays_inside_its_namespace() -> None:
    evaluation = record(lambda: MongodbOperator("operator", MongodbOperatorArgs()))
    (release,) = evaluation.of_type("kubernetes:helm.sh/v3:Release")
    assert release.inputs["version"] == PSMDB_CHART.version
    assert release.inputs["namespace"] == "mongodb"
    assert not release.inputs["values"]["watchAllNamespaces"]
    assert evaluation.named("operator-namespace").protect


def test_a_set_is_destroyed_before_the_operator_that_finalises_it() -> None:
    def program() -> None:
        operator = MongodbOperator("operator", MongodbOperatorArgs())
        MongodbReplicaSet("mongodb", replace(EUROPE, namespace=operator.namespace))

    evaluation = record(program)
    sources = {urn for urns in evaluation.of_type(PSMDB)[0].feeds.values() for urn in urns}
    assert evaluation.named("operator-percona").urn in sources


def test_the_community_resource_keeps_votes_priorities_and_tags_of_the_members() -> None:
    evaluation = record(lambda: MongodbCommunity("mongodb", COMMUNITY))
    (resource,) = evaluation.of_type("kubernetes:mongodbcommunity.mongodb.com/v1:MongoDBCommunity")
    spec = reveal(resource.inputs)["spec"]
    assert spec["members"] == 5
    assert spec["memberConfig"][0] == {"votes": 1, "priority": "10", "tags": {"region": "europe"}}
    assert [member["priority"] for member in spec["memberConfig"]] == ["10", "9", "8", "5", "4"]
    assert resource.protect


def test_the_community_operator_is_refused_for_members_of_another_cluster() -> None:
    with pytest.raises(ValueError, match="percona"):
        replace(COMMUNITY, members=members("eu"))


def test_the_community_operator_watches_its_own_resource_only() -> None:
    evaluation = record(lambda: MongodbOperator("operator", MongodbOperatorArgs(operator="community")))
    (release,) = evaluation.of_type("kubernetes:helm.sh/v3:Release")
    assert release.inputs["values"]["operator"]["watchedResources"] == ["mongodbcommunity"]


def _options(text: str) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(text).query, keep_blank_values=True)
