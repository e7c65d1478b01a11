"""The PostgreSQL component: one region's place in the topology, and what it must never render."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.backup.object_store import ObjectStoreArgs
from components.postgres import (
    CloneFrom,
    ExternalCluster,
    InitDb,
    PostgresArgs,
    PostgresCluster,
    PostgresOperator,
    PostgresOperatorArgs,
    Publication,
    Subscription,
    server_name,
)
from components.postgres.component import require_sec1
from operations.plan.recorded import Evaluation, Recorded
from operations.plan.values import UNKNOWN, Secret, reveal
from operations.plan.wire import secret
from settings.versions import BARMAN_CHART, BARMAN_PLUGIN_IMAGE, CNPG_CHART
from tests.recording import record

CLUSTER = "kubernetes:postgresql.cnpg.io/v1:Cluster"
STORE = ObjectStoreArgs(
    namespace="databases",
    bucket="openova-postgres",
    endpoint="https://0123.r2.cloudflarestorage.com",
    access_key_id="id",
    secret_access_key="key",
)
EUROPE = ExternalCluster(name="postgresql", host="pg-europe.openova.io", port=30432, server_name="postgresql-g1")
INDIA = ExternalCluster(
    name="postgresql-replica", host="pg-india.openova.io", port=30432, server_name="postgresql-replica-g1"
)
SEC1 = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----\n"

PRIMARY = PostgresArgs(
    cluster_name="postgresql",
    namespace="databases",
    role="primary",
    bootstrap=InitDb(),
    host=EUROPE.host,
    ca_certificate="-----BEGIN CERTIFICATE-----",
    ca_private_key=SEC1,
    owner_password="owner",
    self_name="postgresql",
    primary_name="postgresql",
    source_name="postgresql-replica",
    external_clusters=(EUROPE, INDIA),
    object_store=STORE,
    backup_schedule="0 0 2 * * *",
)
REPLICA = replace(
    PRIMARY,
    cluster_name="postgresql-replica",
    role="replica",
    bootstrap=CloneFrom("postgresql"),
    host=INDIA.host,
    self_name="postgresql-replica",
    source_name="postgresql",
    backup_schedule=None,
)
STANDALONE = PostgresArgs(
    cluster_name="postgresql",
    namespace="databases",
    role="standalone",
    bootstrap=InitDb(),
    host=EUROPE.host,
    ca_certificate="-----BEGIN CERTIFICATE-----",
    ca_private_key=SEC1,
    owner_password="owner",
)
DEMOTED = replace(PRIMARY, role="replica", primary_name="postgresql-replica", waits_for_demotion_token=True)
ACTIVE = replace(
    STANDALONE,
    external_clusters=(INDIA,),
    publications=(Publication(name="from-europe"),),
    subscriptions=(Subscription(name="from-india", external_cluster="postgresql-replica", publication="from-india"),),
)
PASSWORD = replace(PRIMARY, replication_auth="password", replication_password="stream")


def evaluated(args: PostgresArgs, status: Mapping[str, Any] | None = None) -> Evaluation:
    """One cluster, registered; `status` is what its API server would answer."""

    def program() -> None:
        cluster = PostgresCluster("pg", args)
        pulumi.export("token", cluster.demotion_token)

    def answer(resource: Recorded) -> Mapping[str, Any]:
        return {"status": dict(status)} if status is not None and resource.type == CLUSTER else {}

    return record(program, answer=answer)


def cluster_of(args: PostgresArgs) -> dict[str, Any]:
    """The Cluster's inputs, with what is secret in them readable."""
    inputs: dict[str, Any] = reveal(evaluated(args).of_type(CLUSTER)[0].inputs)
    return inputs


def spec_of(args: PostgresArgs) -> dict[str, Any]:
    """The Cluster's spec."""
    spec: dict[str, Any] = cluster_of(args)["spec"]
    return spec


def test_a_primary_names_itself_as_primary_and_the_other_region_as_its_source() -> None:
    assert spec_of(PRIMARY)["replica"] == {
        "self": "postgresql",
        "primary": "postgresql",
        "source": "postgresql-replica",
    }


def test_a_replica_bootstraps_from_the_region_it_was_cloned_from() -> None:
    assert spec_of(REPLICA)["bootstrap"]["pg_basebackup"]["source"] == "postgresql"


def test_turning_the_roles_round_changes_nothing_but_the_replica_stanza() -> None:
    before, after = spec_of(PRIMARY), spec_of(replace(DEMOTED, waits_for_demotion_token=False))
    changed = {key for key in {*before, *after} if before.get(key) != after.get(key)}
    assert changed == {"replica"}


def test_a_standalone_cluster_carries_neither_a_replica_stanza_nor_external_clusters() -> None:
    assert not {"replica", "externalClusters", "plugins"} & set(spec_of(STANDALONE))


def test_both_regions_list_the_same_clusters_at_the_same_addresses() -> None:
    def addresses(args: PostgresArgs) -> list[tuple[str, Any]]:
        return [(c["name"], c["connectionParameters"]) for c in spec_of(args)["externalClusters"]]

    assert addresses(PRIMARY) == addresses(REPLICA)


def test_replication_verifies_the_servers_name_and_shows_a_certificate_of_its_own_cluster() -> None:
    for cluster in spec_of(REPLICA)["externalClusters"]:
        assert cluster["connectionParameters"]["sslmode"] == "verify-full"
        assert cluster["connectionParameters"]["user"] == "streaming_replica"
        assert cluster["sslCert"]["name"] == "postgresql-replica-replication"
        assert "password" not in cluster


def test_password_replication_has_a_role_of_its_own_because_the_operators_takes_certificates_only() -> None:
    evaluation = evaluated(PASSWORD)
    spec = reveal(evaluation.of_type(CLUSTER)[0].inputs)["spec"]
    assert spec["managed"]["roles"][0]["name"] == "dr_replicator"
    assert spec["postgresql"]["pg_hba"] == ["hostssl replication dr_replicator all scram-sha-256"]
    for cluster in spec["externalClusters"]:
        assert cluster["connectionParameters"]["user"] == "dr_replicator"
        assert cluster["password"] == {"name": "pg-replication-credentials", "key": "password"}
        assert "sslCert" not in cluster
    data = evaluation.named("pg-replication-credentials").inputs
    assert reveal(data["stringData"]) == {"username": "dr_replicator", "password": "stream"}


def test_the_database_is_reached_through_a_node_port_and_never_through_a_load_balancer() -> None:
    for args in (PRIMARY, REPLICA, STANDALONE, ACTIVE, PASSWORD):
        (service,) = spec_of(args)["managed"]["services"]["additional"]
        template = service["serviceTemplate"]["spec"]
        assert service["selectorType"] == "rw"
        assert template["type"] == "NodePort"
        assert template["externalTrafficPolicy"] == "Cluster"
        assert [port["nodePort"] for port in template["ports"]] == [30432]


def test_the_servers_certificate_covers_the_name_that_other_regions_use() -> None:
    assert spec_of(REPLICA)["certificates"] == {
        "serverCASecret": "pg-dr-ca",
        "clientCASecret": "pg-dr-ca",
        "serverAltDNSNames": ["pg-india.openova.io"],
    }


def test_only_the_demoted_cluster_waits_for_a_token() -> None:
    waiting = {
        name: "pulumi.com/waitFor" in cluster_of(args)["metadata"]["annotations"]
        for name, args in {"primary": PRIMARY, "fresh": REPLICA, "demoted": DEMOTED}.items()
    }
    assert waiting == {"primary": False, "fresh": False, "demoted": True}


def test_the_demotion_token_comes_from_the_status_and_stays_secret() -> None:
    evaluation = evaluated(DEMOTED, {"demotionToken": "dG9rZW4="})
    assert evaluation.outputs["token"] == secret("dG9rZW4=")


def test_a_cluster_that_was_never_demoted_has_no_token() -> None:
    assert evaluated(PRIMARY, {"phase": "Cluster in healthy state"}).outputs["token"] == secret(None)


def test_a_preview_of_a_demotion_shows_the_token_as_unknown() -> None:
    evaluation = evaluated(DEMOTED)
    assert reveal(evaluation.registered_outputs[_component(evaluation)]["demotion_token"]) == UNKNOWN


def test_the_promotion_token_is_secret_in_the_clusters_inputs() -> None:
    promoted = replace(PRIMARY, promotion_token="dG9rZW4=")
    inputs = evaluated(promoted).of_type(CLUSTER)[0].inputs
    assert "dG9rZW4=" not in repr(inputs)
    assert reveal(inputs)["spec"]["replica"]["promotionToken"] == "dG9rZW4="


def test_every_generation_archives_to_a_folder_of_its_own() -> None:
    again = replace(PRIMARY, bootstrap=CloneFrom("postgresql-replica"), generation=2)
    (plugin,) = spec_of(again)["plugins"]
    assert plugin["parameters"]["serverName"] == "postgresql-g2"
    assert plugin["isWALArchiver"]


def test_a_raised_generation_replaces_the_cluster_and_takes_the_old_one_away_first() -> None:
    cluster = evaluated(PRIMARY).of_type(CLUSTER)[0]
    assert cluster.replace_on_changes == ('metadata.annotations["openova.io/generation"]',)
    assert cluster.delete_before_replace
    assert cluster_of(PRIMARY)["metadata"]["annotations"]["openova.io/generation"] == "1"


def test_a_cluster_is_protected_where_the_settings_say_so() -> None:
    assert evaluated(PRIMARY).of_type(CLUSTER)[0].protect
    assert not evaluated(replace(PRIMARY, protect=False)).of_type(CLUSTER)[0].protect


def test_backups_run_only_in_the_region_that_was_asked() -> None:
    schedule = "kubernetes:postgresql.cnpg.io/v1:ScheduledBackup"
    assert len(evaluated(PRIMARY).of_type(schedule)) == 1
    assert not evaluated(REPLICA).of_type(schedule)


def test_active_active_takes_only_what_was_written_over_there() -> None:
    evaluation = evaluated(ACTIVE)
    (subscription,) = evaluation.of_type("kubernetes:postgresql.cnpg.io/v1:Subscription")
    assert subscription.inputs["spec"]["parameters"] == {"origin": "none", "copy_data": "false"}
    (publication,) = evaluation.of_type("kubernetes:postgresql.cnpg.io/v1:Publication")
    assert publication.inputs["spec"]["target"] == {"allTables": True}
    spec = reveal(evaluation.of_type(CLUSTER)[0].inputs)["spec"]
    assert spec["postgresql"]["parameters"]["track_commit_timestamp"] == "on"
    assert spec["postgresql"]["pg_hba"] == ["hostssl app streaming_replica all cert map=cnpg_streaming_replica"]
    assert "replica" not in spec


def test_the_cluster_waits_for_its_secrets_and_its_store() -> None:
    evaluation = evaluated(PASSWORD)
    needs = {urn.split("::")[-1] for urn in evaluation.of_type(CLUSTER)[0].depends_on}
    assert {
        "pg-ca",
        "pg-app-credentials",
        "pg-replication-credentials",
        "pg-object-store-store",
        "pg-object-store-credentials",
    } <= needs


def test_every_secret_of_the_database_is_marked_secret() -> None:
    for resource in evaluated(PASSWORD).of_type("kubernetes:core/v1:Secret"):
        data = resource.inputs["stringData"]
        assert isinstance(data, Secret) or all(isinstance(value, Secret) for value in data.values())


@pytest.mark.parametrize(
    ("change", "setting"),
    [
        ({"self_name": "elsewhere"}, "external_clusters"),
        ({"self_name": "postgresql-replica", "primary_name": "postgresql-replica"}, "self_name"),
        ({"source_name": "postgresql"}, "source_name"),
        ({"role": "replica"}, "primary_name"),
        ({"waits_for_demotion_token": True}, "waits_for_demotion_token"),
        ({"generation": 2}, "generation"),
        ({"bootstrap": CloneFrom("nowhere")}, "external_clusters"),
        ({"instances": 1}, "synchronous"),
        ({"node_port": 5432}, "node_port"),
        ({"object_store": None}, "object_store"),
        ({"replication_auth": "password"}, "replication_password"),
        ({"role": "standalone"}, "self_name"),
        (
            {"subscriptions": (Subscription(name="s", external_cluster="nowhere", publication="p"),)},
            "external_clusters",
        ),
    ],
)
def test_arguments_that_contradict_each_other_are_refused_with_the_settings_name(
    change: dict[str, Any], setting: str
) -> None:
    with pytest.raises(ValueError, match=setting):
        replace(PRIMARY, **change)


def test_a_demoted_cluster_may_not_keep_the_token_it_was_promoted_with() -> None:
    with pytest.raises(ValueError, match="promotion_token"):
        replace(DEMOTED, promotion_token="dG9rZW4=")


@given(cluster=st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True), generation=st.integers(1, 10_000))
def test_no_two_generations_share_a_folder(cluster: str, generation: int) -> None:
    assert server_name(cluster, generation) != server_name(cluster, generation + 1)
    assert server_name(cluster, generation).startswith(f"{cluster}-g")


def test_a_key_that_the_operator_cannot_sign_with_is_refused() -> None:
    with pytest.raises(ValueError, match="ca_private_key"):
        require_sec1("-----BEGIN PRIVATE KEY-----\nMIGH\n")
    assert require_sec1(SEC1) == SEC1


def test_a_key_that_is_not_known_yet_passes() -> None:
    assert require_sec1("[known after up]") == "[known after up]"


def operator(args: PostgresOperatorArgs) -> Evaluation:
    """The operator, with a cluster placed behind it."""

    def program() -> None:
        installed = PostgresOperator("operator", args)
        PostgresCluster("pg", replace(STANDALONE, namespace=installed.database_namespace))

    return record(program)


def test_operator_and_plugin_are_one_pinned_release_each() -> None:
    releases = operator(PostgresOperatorArgs()).of_type("kubernetes:helm.sh/v3:Release")
    assert {(release.inputs["chart"], release.inputs["version"]) for release in releases} == {
        (CNPG_CHART.name, CNPG_CHART.version),
        (BARMAN_CHART.name, BARMAN_CHART.version),
    }


def test_the_plugin_runs_images_that_know_replica_clusters() -> None:
    values = operator(PostgresOperatorArgs()).named("operator-barman-cloud").inputs["values"]
    assert values["image"]["tag"] == BARMAN_PLUGIN_IMAGE.pinned_tag
    major, minor, _ = values["sidecarImage"]["tag"].lstrip("v").partition("@")[0].split(".")
    assert (int(major), int(minor)) >= (0, 14)


def test_the_plugins_certificates_are_made_here_and_not_by_cert_manager() -> None:
    evaluation = operator(PostgresOperatorArgs())
    assert not any(evaluation.named("operator-barman-cloud").inputs["values"]["certificate"].values())
    certificates = {
        c.inputs["dnsNames"][0]: c.inputs["allowedUses"]
        for c in evaluation.of_type("tls:index/selfSignedCert:SelfSignedCert")
    }
    assert certificates == {
        "barman-cloud": ["digital_signature", "server_auth"],
        "barman-cloud-client": ["digital_signature", "client_auth"],
    }
    names = {s.inputs["metadata"]["name"] for s in evaluation.of_type("kubernetes:core/v1:Secret")}
    assert {"barman-cloud-server-tls", "barman-cloud-client-tls"} <= names


def test_without_backups_there_is_no_plugin() -> None:
    assert len(operator(PostgresOperatorArgs(backups=False)).of_type("kubernetes:helm.sh/v3:Release")) == 1


def test_a_cluster_is_destroyed_before_the_operator_that_alone_can_finalise_it() -> None:
    evaluation = operator(PostgresOperatorArgs())
    cluster = evaluation.of_type(CLUSTER)[0]
    sources = {urn for urns in cluster.feeds.values() for urn in urns}
    assert evaluation.named("operator-barman-cloud").urn in sources


def test_the_namespace_of_the_databases_is_protected() -> None:
    assert operator(PostgresOperatorArgs()).named("operator-databases").protect


def _component(evaluation: Evaluation) -> str:
    return evaluation.of_type("openova:postgres:PostgresCluster")[0].urn
