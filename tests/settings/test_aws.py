from __future__ import annotations

from pathlib import Path

import pytest

from settings.aws import AWS_REGION_CODES, AWS_REGIONS, nearest_aws_region
from settings.loader import inspect_project
from settings.naming import aws_region
from settings.platform import Platform
from settings.project import read_project
from tests.projects import copy_project, only_problem, share


def platform(root: Path) -> Platform:
    found = inspect_project(read_project(root)).platform
    assert found is not None
    return found


def test_nuremberg_is_near_frankfurt_and_mumbai_in_mumbai(tmp_path: Path) -> None:
    regions = platform(copy_project(tmp_path)).regions
    assert [aws_region(line) for line in regions] == ["eu-central-1", "ap-south-1"]


@pytest.mark.parametrize(("place", "code"), [((38.6, -90.2), "us-east-2"), ((-33.9, 151.2), "ap-southeast-2")])
def test_a_place_gets_the_nearest_region(place: tuple[float, float], code: str) -> None:
    assert nearest_aws_region(*place) == code


def test_the_date_line_is_no_border() -> None:
    assert nearest_aws_region(-36.8, -179.0) == "ap-southeast-6"


def test_every_region_is_nearest_to_itself() -> None:
    assert {nearest_aws_region(*place) for place in AWS_REGIONS.values()} == AWS_REGION_CODES


def test_another_region_can_be_chosen(tmp_path: Path) -> None:
    root = copy_project(tmp_path)
    share(root, "regions.0.awsRegion", "eu-central-2")
    assert aws_region(platform(root).regions[0]) == "eu-central-2"


def test_a_region_that_aws_does_not_have_is_refused(tmp_path: Path) -> None:
    root = copy_project(tmp_path)
    share(root, "regions.0.awsRegion", "eu-central-9")
    only_problem(root, "Pulumi.yaml", "openova:regions[0].awsRegion")


def test_route_53_knows_every_one_of_them() -> None:
    session = pytest.importorskip("botocore.session", reason='needs botocore: make aws WITH="--group aws"')
    model = session.get_session().get_service_model("route53")
    assert set(model.shape_for("ResourceRecordSetRegion").enum) >= AWS_REGION_CODES
