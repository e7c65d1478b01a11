"""CloudWatch alarms on the health of regions and nodes, told by e-mail through an SNS topic."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from components.edge.provider import Notifications
from components.edge.route53.zone import Zone


def alarms(
    name: str,
    zone: Zone,
    regions: Mapping[str, pulumi.Input[str]],
    origins: Mapping[str, pulumi.Input[str]],
    who: Notifications,
) -> None:
    """Tell them when a region turns unhealthy or healthy again, and when one of its nodes turns unhealthy.

    `regions` and `origins` are checks' ids. Whoever gets e-mail must confirm the subscription once.
    Raises ValueError for a webhook: SNS posts a form of its own and wants it confirmed, which chat services do not do.
    """
    if who.webhook is not None or who.email is None:
        raise ValueError(
            "SNS cannot post to a chat's webhook: the chat would not confirm the subscription. Nobody would hear of a "
            "dead region. Use edge.notifications.email, which may be the chat channel's own address."
        )
    topic = aws.sns.Topic(
        f"{name}-alarms",
        name=f"{name}-alarms",
        display_name=f"{name}: health of the regions",
        opts=zone.options(),
    )
    aws.sns.TopicSubscription(
        f"{name}-alarms-email", topic=topic.arn, protocol="email", endpoint=who.email, opts=zone.options()
    )
    for region, check in regions.items():
        _alarm(f"{name}-alarm-{region}", zone, f"The region {region} is unhealthy", check, topic, both_ways=True)
    for origin, check in origins.items():
        _alarm(f"{name}-alarm-{origin}", zone, f"The node {origin} is unhealthy", check, topic, both_ways=False)


def _alarm(
    name: str, zone: Zone, what: str, check: pulumi.Input[str], topic: aws.sns.Topic, *, both_ways: bool
) -> None:
    aws.cloudwatch.MetricAlarm(
        name,
        name=name,
        alarm_description=what,
        namespace="AWS/Route53",
        metric_name="HealthCheckStatus",
        dimensions={"HealthCheckId": check},
        # 1 is healthy, 0 is not; Route 53 sends one value a minute.
        statistic="Minimum",
        comparison_operator="LessThanThreshold",
        threshold=1,
        period=60,
        evaluation_periods=1,
        # A check that says nothing any more is news too, and a new one that has said nothing yet is none.
        treat_missing_data="missing",
        alarm_actions=[topic.arn],
        insufficient_data_actions=[topic.arn],
        ok_actions=[topic.arn] if both_ways else [],
        opts=zone.options(),
    )
