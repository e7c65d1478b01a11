"""`openova doctor`: look before anything is changed, and again afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from operations.doctor.examine import checks
from operations.doctor.here import local_checks
from operations.doctor.outputs import read_outputs, with_outputs
from operations.doctor.targets import no_region, targets
from operations.findings.model import Report
from operations.findings.show import tell
from settings.loader import load_project
from settings.problems import SettingsError


def run_doctor(
    root: Path,
    after: bool = False,
    *,
    stack: str | None = None,
    identity: Path | None = None,
    outputs: Sequence[str] = (),
) -> Report:
    """Examine this machine and the nodes of the project in `root`, or of one region. Changes nothing.

    `outputs` are texts such as `eu=FILE`: where ordered servers are is not in the settings, but in the outputs of
    their region's stack. Raises SettingsError where the configuration or such a file is broken, or there is no such
    region.
    """
    project = load_project(root)
    if stack is not None and stack not in project.platform.site_codes:
        raise SettingsError([no_region("--stack", stack, project.platform.site_codes)])
    known = with_outputs(targets(project), read_outputs(outputs, project.platform))
    nodes = [target for target in known if stack in (None, target.region)]
    return Report((*local_checks(), *checks(nodes, after=after, identity=identity)))


def report_of(
    root: Path, after: bool, stack: str | None, identity: Path | None, outputs: Sequence[str], *, as_json: bool
) -> bool:
    """Examine, print what was found, and tell whether nothing failed. Raises SettingsError as `run_doctor` does."""
    report = run_doctor(root.resolve(), after, stack=stack, identity=identity, outputs=outputs)
    tell(report, as_json=as_json)
    return not report.failed
