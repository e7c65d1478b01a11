"""`openova rejoin`: a lost region's copy is discarded, cloned again from the writer, and put back into traffic."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from operations.access import AnsweredError, Cluster, UnreachableError, clusters_of
from operations.authority.change import CONSOLE, Afterwards, agreed, timed
from operations.authority.edit import set_record
from operations.authority.notice import back_in_traffic
from operations.authority.rest import bring_up, engine_for, replace_copy
from operations.stacks.engine import Engine
from operations.status.databases import KIND, Seen, look, observe, sql
from operations.stopped import StoppedError
from settings.loader import load_project
from settings.naming import GLOBAL_STACK, postgres_host
from settings.platform import Platform
from settings.problems import Problem, SettingsError

GENERATION: Final = "openova.io/generation"
GONE_SECONDS: Final = 180.0
STREAM_SECONDS: Final = 900.0
"""A copy crosses the sea with the link's throughput: 50 GiB at 100 Mbit/s take more than an hour; run it again then."""


@dataclass(frozen=True)
class Return:
    """One region's way back."""

    root: Path
    platform: Platform
    code: str
    cluster: Cluster
    say: Callable[[str], None]

    @property
    def name(self) -> str:
        """The region's Cluster."""
        return self.platform.region(self.code).postgres.cluster

    @property
    def generation(self) -> str:
        """The copy that the settings want."""
        return str(self.platform.region(self.code).postgres.generation)


def rejoin(root: Path, code: str, kubeconfigs: Sequence[str], *, yes: bool, afterwards: Afterwards) -> bool:
    """True where the region streams again and the settings have it in traffic; run again, it goes on.

    Without Pulumi the old copy is deleted here, and making the new one is left to whoever applies the manifests.
    Raises SettingsError, StoppedError.
    """
    platform = load_project(root).platform
    _check(platform, code)
    with clusters_of(root, platform.site_codes, kubeconfigs) as clusters:
        writer = next((seen for seen in observe(platform, clusters) if seen.code == platform.authority.primary), None)
        if writer is None or not writer.writes:
            raise StoppedError(
                f"{platform.authority.primary} does not write: nothing can be cloned. Nothing was changed."
            )
        back = Return(root, platform, code, clusters[code], timed())
        if _generation(back) != back.generation:
            engine = _engine(back) if afterwards.pulumi else None
            if not agreed(yes, f"Discard the copy of {code} with its volumes, and clone it from {writer.code}?"):
                return False
            # A copy begins with a checkpoint, which otherwise takes its time.
            sql(platform, clusters[writer.code], writer.leader, "checkpoint")
            if engine is None:
                _delete(back)
                CONSOLE.print(f"Apply the manifests of {code} now, and run this again: it waits until {code} streams.")
                return False
            replace_copy(engine, root, code, policies=afterwards.policies)
            back.say(f"{code} is cloned anew")
        _wait_for_stream(back, writer)
    drained = tuple(other for other in platform.edge.drained if other != code)
    if drained != platform.edge.drained:
        authority = platform.authority.model_dump(exclude_none=True)
        set_record(root, authority, drained=drained)
        CONSOLE.print(f"Pulumi.yaml has {code} in traffic again.")
        back_in_traffic(root, code, back.say)
    others = [other for other in platform.codes if other != code]
    bring_up(root, platform, (code, *others, GLOBAL_STACK), f"{code} streams.", afterwards=afterwards)
    return True


def _engine(back: Return) -> Engine:
    """Pulumi's engine. Raises StoppedError where it could not make a new copy of what is to be discarded."""
    engine, why = engine_for(back.root, back.platform, (back.code,))
    if engine is None:
        raise StoppedError(
            f"Pulumi could not make the new copy. {why} Nothing was changed. Mend that, or delete the old copy by this "
            "command and apply the manifests yourself: --no-pulumi."
        )
    return engine


def _check(platform: Platform, code: str) -> None:
    known = code in platform.codes
    if known and code != platform.authority.primary and platform.region(code).postgres.clone_from is not None:
        return
    rule = (
        f"There is no region {code!r}; the regions are {', '.join(platform.codes)}."
        if not known
        else f"{code} is the region that writes."
        if code == platform.authority.primary
        else f"{code} made the database: its line has no cloneFrom, and no generation that a failover has raised."
    )
    fix = "Name a region that was lost; a failover writes generation and cloneFrom into its line."
    raise SettingsError([Problem("(command line)", "--region", rule, "There is nothing to clone again.", fix)])


def _generation(back: Return) -> str | None:
    """That of the Cluster that is there; None where there is none."""
    try:
        found = back.cluster.get(KIND, back.name, f"--namespace={back.platform.postgres.namespace}")
    except AnsweredError as error:
        if "NotFound" in str(error) or "not found" in str(error):
            return None
        raise StoppedError(f"{error}. Nothing was changed.") from None
    except UnreachableError as error:
        raise StoppedError(f"{error}: {back.code} is not back yet. Nothing was changed.") from None
    return str(found["metadata"].get("annotations", {}).get(GENERATION))


def _delete(back: Return) -> None:
    """The Cluster and its volumes, and waits until they are gone."""
    where = f"--namespace={back.platform.postgres.namespace}"
    mine = f"--selector=cnpg.io/cluster={back.name}"
    try:
        back.cluster.kubectl("delete", KIND, back.name, where, "--ignore-not-found", "--wait=false")
        deadline = time.monotonic() + GONE_SECONDS
        while time.monotonic() < deadline:
            left = back.cluster.kubectl("get", f"{KIND},pods,persistentvolumeclaims", where, mine, "--output=name")
            if _generation(back) is None and not left.strip():
                back.say(f"the old copy of {back.code} is gone")
                return
            time.sleep(1)
    except (UnreachableError, AnsweredError) as error:
        raise StoppedError(f"{error}. The old copy may be half gone; run the same command again.") from None
    raise StoppedError(f"The old copy of {back.code} is there after {GONE_SECONDS:.0f} s. Run the same command again.")


def _wait_for_stream(back: Return, writer: Seen) -> None:
    host = postgres_host(back.platform, back.platform.region(writer.code))
    deadline = time.monotonic() + STREAM_SECONDS
    while time.monotonic() < deadline:
        seen = look(back.platform, back.cluster)
        if seen.state.get("source") == host and seen.state["system"] == writer.state["system"]:
            back.say(f"{back.code} streams from {writer.code}, on timeline {seen.state['timeline']}")
            return
        time.sleep(1)
    raise StoppedError(f"{back.code} does not stream yet. A large copy takes its time: run the same command again.")
