"""What the program would make in Route 53, CloudWatch and SNS, made with AWS's own Python client against moto.

A second opinion on names and forms of parameters: the client checks them against AWS's own model of the API, and moto,
which is not AWS, against the rules that it knows. The plugin of pulumi-aws has no part in this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from components.edge.provider import Notifications
from components.edge.steering import Mode
from operations.plan.recorded import Evaluation, Recorded
from tests.components.edge_answers import CHECK, RECORD, applied

pytestmark = pytest.mark.edge

boto3 = pytest.importorskip("boto3", reason='needs boto3 and moto: make aws WITH="--group aws"')
moto = pytest.importorskip("moto", reason='needs boto3 and moto: make aws WITH="--group aws"')
pytest.importorskip("pulumi_aws", reason='Route 53 needs pulumi-aws: make aws WITH="--group aws"')

from tests.components.test_route53 import ADAPTER, ALARM, request  # noqa: E402 after what it needs

TOPIC = "aws:sns/topic:Topic"
SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"
POLICIES: Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "weightedRoutingPolicies": lambda policy: {"Weight": policy["weight"]},
    "latencyRoutingPolicies": lambda policy: {"Region": policy["region"]},
    "failoverRoutingPolicies": lambda policy: {"Failover": policy["type"]},
    "geolocationRoutingPolicies": lambda policy: {"GeoLocation": _place(policy)},
}


def _place(policy: dict[str, Any]) -> dict[str, str]:
    return {f"{kind.capitalize()}Code": code for kind, code in policy.items()}


class Account:
    """An account at moto, with a hosted zone: makes what was recorded, in the order of its dependencies."""

    def __init__(self, evaluation: Evaluation) -> None:
        self.route53 = boto3.client("route53", region_name="us-east-1")
        self.cloudwatch = boto3.client("cloudwatch", region_name="us-east-1")
        self.sns = boto3.client("sns", region_name="us-east-1")
        zone = self.route53.create_hosted_zone(Name="openova.io", CallerReference="zone")
        self.zone: str = zone["HostedZone"]["Id"]
        self._ids: dict[str, str] = {}
        makers = {
            CHECK: self._check,
            RECORD: self._record,
            TOPIC: self._topic,
            SUBSCRIPTION: self._subscription,
            ALARM: self._alarm,
        }
        for resource in _in_order(evaluation):
            if resource.type in makers:
                makers[resource.type](resource)

    def _check(self, made: Recorded) -> None:
        asked = made.inputs
        config: dict[str, Any] = {"Type": asked["type"], "Inverted": asked["invertHealthcheck"]}
        if asked["type"] == "CALCULATED":
            config["HealthThreshold"] = asked["childHealthThreshold"]
            config["ChildHealthChecks"] = [self._ids[name] for name in asked["childHealthchecks"]]
        else:
            config |= {
                "IPAddress": asked["ipAddress"],
                "Port": asked["port"],
                "ResourcePath": asked["resourcePath"],
                "FullyQualifiedDomainName": asked["fqdn"],
                "RequestInterval": asked["requestInterval"],
                "FailureThreshold": asked["failureThreshold"],
                "EnableSNI": asked["enableSni"],
                "MeasureLatency": asked["measureLatency"],
            }
        answer = self.route53.create_health_check(CallerReference=made.name, HealthCheckConfig=config)
        self._ids[made.name] = answer["HealthCheck"]["Id"]

    def _record(self, made: Recorded) -> None:
        asked = made.inputs
        record: dict[str, Any] = {"Name": asked["name"], "Type": asked["type"]}
        for alias in asked.get("aliases", ()):
            record["AliasTarget"] = {
                "HostedZoneId": self.zone,
                "DNSName": alias["name"],
                "EvaluateTargetHealth": alias["evaluateTargetHealth"],
            }
        if "records" in asked:
            record |= {"TTL": asked["ttl"], "ResourceRecords": [{"Value": value} for value in asked["records"]]}
        if "setIdentifier" in asked:
            record["SetIdentifier"] = asked["setIdentifier"]
        if "healthCheckId" in asked:
            record["HealthCheckId"] = self._ids[asked["healthCheckId"]]
        for kind, parameters in POLICIES.items():
            for policy in asked.get(kind, ()):
                record |= parameters(policy)
        change = {"Action": "CREATE", "ResourceRecordSet": record}
        self.route53.change_resource_record_sets(HostedZoneId=self.zone, ChangeBatch={"Changes": [change]})

    def _topic(self, made: Recorded) -> None:
        asked = made.inputs
        answer = self.sns.create_topic(Name=asked["name"], Attributes={"DisplayName": asked["displayName"]})
        self._ids[made.name] = answer["TopicArn"]

    def _subscription(self, made: Recorded) -> None:
        (topic,) = [arn for arn in self._ids.values() if ":sns:" in arn]
        self.sns.subscribe(TopicArn=topic, Protocol=made.inputs["protocol"], Endpoint=made.inputs["endpoint"])

    def _alarm(self, made: Recorded) -> None:
        asked = made.inputs
        (topic,) = [arn for arn in self._ids.values() if ":sns:" in arn]
        check = self._ids[asked["dimensions"]["HealthCheckId"]]
        self.cloudwatch.put_metric_alarm(
            AlarmName=asked["name"],
            AlarmDescription=asked["alarmDescription"],
            Namespace=asked["namespace"],
            MetricName=asked["metricName"],
            Dimensions=[{"Name": "HealthCheckId", "Value": check}],
            Statistic=asked["statistic"],
            ComparisonOperator=asked["comparisonOperator"],
            Threshold=asked["threshold"],
            Period=asked["period"],
            EvaluationPeriods=asked["evaluationPeriods"],
            TreatMissingData=asked["treatMissingData"],
            AlarmActions=[topic],
            InsufficientDataActions=[topic],
            OKActions=[topic] * len(asked["okActions"]),
        )

    def records(self) -> list[dict[str, Any]]:
        """All records of the zone but its own."""
        pages = self.route53.get_paginator("list_resource_record_sets").paginate(HostedZoneId=self.zone)
        every = [record for page in pages for record in page["ResourceRecordSets"]]
        return [record for record in every if record["Type"] not in ("NS", "SOA")]


def _in_order(evaluation: Evaluation) -> Iterator[Recorded]:
    """Each resource after those that it depends on."""
    known = {item.urn: item for item in evaluation.resources}
    done: set[str] = set()

    def visit(urn: str) -> Iterator[Recorded]:
        if urn not in done:
            done.add(urn)
            for needed in known[urn].depends_on:
                yield from visit(needed)
            yield known[urn]

    for urn in known:
        yield from visit(urn)


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """moto in the place of AWS; the keys are nobody's."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with moto.mock_aws():
        yield


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize(("mode", "count"), [("dynamic", 14), ("country", 21), ("off", 14)])
def test_aws_takes_every_record_check_and_alarm_as_it_is(mode: Mode, count: int) -> None:
    asked = request(mode, notifications=Notifications(email="ops@example.org"))
    made = Account(applied(lambda: ADAPTER.route("edge", asked)))
    assert len(made.records()) == count
    checks = made.route53.list_health_checks()["HealthChecks"]
    assert sorted(check["HealthCheckConfig"]["Type"] for check in checks) == ["CALCULATED"] * 2 + ["HTTPS"] * 6
    assert len(made.cloudwatch.describe_alarms()["MetricAlarms"]) == 8
    assert len(made.sns.list_subscriptions()["Subscriptions"]) == 1


@pytest.mark.usefixtures("account")
def test_every_alias_at_aws_leads_to_records_that_are_there() -> None:
    made = Account(applied(lambda: ADAPTER.route("edge", request("country")))).records()
    names = {record["Name"].rstrip(".") for record in made}
    aliases = {record["AliasTarget"]["DNSName"].rstrip(".") for record in made if "AliasTarget" in record}
    assert aliases
    assert aliases <= names


@pytest.mark.usefixtures("account")
def test_a_check_that_aws_does_not_know_is_refused_there_too() -> None:
    """That the second opinion is one: the client's model of the API has the limits."""
    asked = request()
    wrong = {**vars(asked), "health_check": type(asked.health_check)(host="api.openova.io", interval=5)}
    evaluation = applied(lambda: ADAPTER.route("edge", type(asked)(**wrong)))
    with pytest.raises(boto3.exceptions.botocore.exceptions.ParamValidationError, match="RequestInterval"):
        Account(evaluation)
