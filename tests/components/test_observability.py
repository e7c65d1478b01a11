"""Metrics and alerts: rules that fire when the data is at risk, and only then."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from components.observability import (
    Follower,
    MetricsAgentArgs,
    Observability,
    ObservabilityArgs,
    Watched,
    region_rules,
    topology_rules,
)
from operations.plan.recorded import Evaluation
from operations.plan.values import Secret
from settings.versions import ALLOY_CHART
from tests.promtool import firing
from tests.recording import record

EUROPE = Watched(
    cluster_name="postgresql",
    namespace="databases",
    followers=(Follower(cluster_name="postgresql-replica"),),
)
INDIA = Watched(
    cluster_name="postgresql-replica", namespace="databases", followers=(Follower(cluster_name="postgresql"),)
)
AGENT = MetricsAgentArgs(url="https://metrics.example.com/api/prom/push", token="token", username="42")
OFF = ObservabilityArgs(region="europe", cluster=EUROPE)

WRITER = 'namespace="databases",pod="postgresql-1"'
STANDBY = 'namespace="databases",pod="postgresql-2"'
FOLLOWING = f'{WRITER},application_name="postgresql-replica"'


def evaluated(args: ObservabilityArgs) -> Evaluation:
    """One region's observability, registered."""
    return record(lambda: Observability("watch", args))


def test_nothing_is_made_until_it_is_asked_for() -> None:
    assert [resource.type for resource in evaluated(OFF).resources] == ["openova:observability:Observability"]


def test_the_pod_monitor_watches_the_instances_of_the_one_cluster() -> None:
    evaluation = evaluated(replace(OFF, operator_resources=True))
    (monitor,) = evaluation.of_type("kubernetes:monitoring.coreos.com/v1:PodMonitor")
    assert monitor.inputs["spec"]["selector"]["matchLabels"]["cnpg.io/cluster"] == "postgresql"
    assert monitor.inputs["metadata"]["namespace"] == "databases"


def test_the_rule_over_all_regions_stands_only_where_all_regions_are_seen() -> None:
    def groups(args: ObservabilityArgs) -> list[str]:
        (rule,) = evaluated(args).of_type("kubernetes:monitoring.coreos.com/v1:PrometheusRule")
        return [group["name"] for group in rule.inputs["spec"]["groups"]]

    local = replace(OFF, operator_resources=True)
    assert groups(local) == ["postgres-region"]
    assert groups(replace(local, topology=(EUROPE, INDIA))) == ["postgres-region", "postgres-topology"]


def test_the_agents_token_is_secret_and_not_in_its_configuration() -> None:
    evaluation = evaluated(replace(OFF, agent=AGENT))
    release = evaluation.named("watch-alloy")
    content = release.inputs["values"]["alloy"]["configMap"]["content"]
    assert release.inputs["version"] == ALLOY_CHART.version
    assert 'password = sys.env("REMOTE_WRITE_TOKEN")' in content
    data = evaluation.named("watch-token").inputs["stringData"]
    assert isinstance(data, Secret) or isinstance(data["REMOTE_WRITE_TOKEN"], Secret)
    assert not release.inputs["values"]["crds"]["create"]


def test_without_a_user_name_the_token_is_a_bearers() -> None:
    evaluation = evaluated(replace(OFF, agent=replace(AGENT, username=None)))
    content = evaluation.named("watch-alloy").inputs["values"]["alloy"]["configMap"]["content"]
    assert 'bearer_token = sys.env("REMOTE_WRITE_TOKEN")' in content
    assert "basic_auth" not in content


def test_the_agents_configuration_closes_what_it_opens_and_names_its_region() -> None:
    content = (
        evaluated(replace(OFF, agent=AGENT)).named("watch-alloy").inputs["values"]["alloy"]["configMap"]["content"]
    )
    assert content.count("{") == content.count("}")
    assert 'region = "europe"' in content
    assert "{{" not in content


def test_no_rule_trusts_the_metric_that_reads_zero_while_the_link_is_down() -> None:
    for rule in (*region_rules(EUROPE), *topology_rules((EUROPE, INDIA))):
        assert "cnpg_pg_replication_lag" not in rule["expr"]
        assert rule["annotations"]["description"]


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        pytest.param(
            {
                f"cnpg_pg_replication_in_recovery{{{WRITER}}}": 0,
                f"cnpg_pg_replication_is_wal_receiver_up{{{WRITER}}}": 0,
                f"cnpg_pg_replication_in_recovery{{{STANDBY}}}": 1,
                f"cnpg_pg_replication_is_wal_receiver_up{{{STANDBY}}}": 1,
                f"cnpg_collector_replica_mode{{{WRITER}}}": 0,
                f"cnpg_pg_stat_replication_replay_diff_bytes{{{FOLLOWING}}}": 0,
                f"cnpg_pg_stat_replication_replay_lag_seconds{{{FOLLOWING}}}": 0.2,
                f"cnpg_pg_stat_archiver_last_failed_time{{{WRITER}}}": -1,
                f"cnpg_pg_stat_archiver_last_archived_time{{{WRITER}}}": 1000,
            },
            set(),
            id="all is well",
        ),
        pytest.param(
            {
                f"cnpg_pg_replication_in_recovery{{{WRITER}}}": 0,
                f"cnpg_collector_replica_mode{{{WRITER}}}": 0,
            },
            {"PostgresFollowerMissing"},
            id="the other region does not stream",
        ),
        pytest.param(
            {
                f"cnpg_pg_replication_in_recovery{{{STANDBY}}}": 1,
                f"cnpg_pg_replication_is_wal_receiver_up{{{STANDBY}}}": 0,
                f"cnpg_collector_replica_mode{{{STANDBY}}}": 1,
                'cnpg_pg_replication_in_recovery{namespace="databases",pod="postgresql-replica-1"}': 0,
            },
            {"PostgresReceiverDown"},
            id="a standby receives nothing",
        ),
        pytest.param(
            {
                f"cnpg_pg_replication_in_recovery{{{WRITER}}}": 0,
                f"cnpg_collector_replica_mode{{{WRITER}}}": 0,
                f"cnpg_pg_stat_replication_replay_diff_bytes{{{FOLLOWING}}}": 9_000_000,
                f"cnpg_pg_stat_replication_replay_lag_seconds{{{FOLLOWING}}}": 90,
                f"cnpg_pg_stat_archiver_last_failed_time{{{WRITER}}}": 2000,
                f"cnpg_pg_stat_archiver_last_archived_time{{{WRITER}}}": 1000,
            },
            {"PostgresFollowerBehind", "PostgresArchivingFails"},
            id="the other region is behind and the archive is full",
        ),
        pytest.param(
            {
                f"cnpg_pg_replication_in_recovery{{{WRITER}}}": 0,
                'cnpg_pg_replication_in_recovery{namespace="databases",pod="postgresql-replica-1"}': 0,
                f"cnpg_pg_stat_replication_replay_diff_bytes{{{FOLLOWING}}}": 0,
            },
            {"PostgresWritersNotOne"},
            id="two regions accept writes",
        ),
        pytest.param(
            {f"cnpg_pg_replication_in_recovery{{{STANDBY}}}": 1},
            {"PostgresWritersNotOne"},
            id="no region accepts writes",
        ),
    ],
)
def test_prometheus_fires_exactly_the_alerts_that_the_state_deserves(
    tmp_path: Path, series: dict[str, float], expected: set[str]
) -> None:
    rules = [*region_rules(EUROPE), *topology_rules((EUROPE, INDIA))]
    firing(tmp_path, rules, {name: f"{value}x30" for name, value in series.items()}, expected)
