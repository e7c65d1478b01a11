"""Whether the platform may go live: what counts as shown, and what does not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from typer.testing import CliRunner, Result

from operations.access import Cluster, UnreachableError
from operations.cli import app
from operations.drill.catalogue import SCENARIOS
from operations.readiness.acts import DAYS, FILE, KINDS, Act, Kind, read_acts
from operations.readiness.drills import FOLDER, read_drills
from operations.readiness.items import ITEMS
from operations.readiness.known import Answer, Evidence, Known, answers
from operations.readiness.live import asked
from settings.loader import load_project
from settings.naming import edge_hosts
from settings.problems import SettingsError
from tests.projects import GUARDED, ROOT, copy_project, edit, share
from tests.shell_blocks import blocks

TODAY = date(2026, 11, 27)
QUESTIONS = ("nodes", "k3s", "replication", "mongodb", "applications", "edge")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The committed configuration with its runbooks, and without evidence."""
    copy_project(tmp_path)
    (tmp_path / FOLDER).mkdir(parents=True)
    shutil.copytree(ROOT / "docs" / "runbooks", tmp_path / "docs" / "runbooks")
    shutil.copy(ROOT / "docs" / "verification.md", tmp_path / "docs")
    return tmp_path


def entry(act: str, at: date = TODAY, **changes: Any) -> dict[str, Any]:
    return {"act": act, "at": at, "by": "database on-call", "proof": "https://example.org/proof"} | changes


def write_acts(root: Path, *entries: dict[str, Any]) -> None:
    (root / FILE).parent.mkdir(parents=True, exist_ok=True)
    (root / FILE).write_text(yaml.safe_dump({"acts": list(entries)}))


def write_drill(root: Path, scenario: str, at: date = TODAY, **changes: Any) -> None:
    told = {"scenario": scenario, "at": f"{at}T10:00:00+00:00", "mode": "fence", "rto": 34.2, "rpo_rows": 0}
    told |= {"passed": True, "lab": False, "figures": {"unknown": 1}} | changes
    number = len(list((root / FOLDER).glob("*.json")))
    (root / FOLDER / f"{number:03}-{scenario}.json").write_text(json.dumps(told))


def everything_live() -> dict[str, Evidence]:
    return {question: Evidence(shown=True, told="well") for question in QUESTIONS}


def gone_through(root: Path, live: dict[str, Evidence] | None = None) -> dict[str, Answer]:
    drills, _ = read_drills(root)
    known = Known(root, TODAY, load_project(root), read_acts(root, TODAY), drills, live or {})
    return {answer.item.name: answer for answer in answers(ITEMS, known)}


def ready(root: Path) -> None:
    """All that can be shown is shown."""
    write_acts(root, *(entry(kind) for kind in KINDS))
    for scenario in SCENARIOS:
        write_drill(root, scenario.name)
    share(root, "guard", GUARDED)
    share(root, "edge.notifications", {"slack": True})
    for code in ("eu", "in"):
        key = ["config", "openova:observability"]
        edit(root / f"Pulumi.{code}.yaml", key, {"remoteWrite": "https://metrics.example.org/push"})


def test_every_line_of_the_decision_is_in_the_list() -> None:
    assert sum(item.group == "prerequisites" for item in ITEMS) == 8
    assert sum(item.group == "go-live" for item in ITEMS) == 11
    assert len({item.name for item in ITEMS}) == len(ITEMS)
    assert all(item.proofs for item in ITEMS)


def test_with_nothing_written_down_nothing_is_shown_but_what_the_checkout_has(root: Path) -> None:
    shown = [name for name, answer in gone_through(root).items() if answer.status == "shown"]
    assert shown == ["runbooks"]


def test_with_all_of_it_everything_is_shown(root: Path) -> None:
    ready(root)
    found = gone_through(root, everything_live())
    assert {name: answer.evidence for name, answer in found.items() if answer.status != "shown"} == {}


@pytest.mark.parametrize("question", QUESTIONS)
def test_what_does_not_run_is_not_shown(root: Path, question: str) -> None:
    ready(root)
    found = gone_through(root, everything_live() | {question: Evidence(shown=False, told="silent")})
    assert "not shown" in {answer.status for answer in found.values()}


@pytest.mark.parametrize("kind", KINDS)
def test_an_act_that_is_too_old_is_not_shown(root: Path, kind: str) -> None:
    ready(root)
    old = TODAY - timedelta(days=DAYS[kind] + 1)
    write_acts(root, *(entry(other) for other in KINDS if other != kind), entry(kind, old))
    found = gone_through(root, everything_live())
    late = [answer for answer in found.values() if answer.status == "not shown"]
    assert late
    assert all(f"more than {DAYS[kind]} days ago" in str(answer.evidence) for answer in late)


def test_every_kind_of_act_has_its_time_and_its_item_and_its_line_in_the_documents(root: Path) -> None:
    assert set(DAYS) == set(get_args(Kind))
    text = (ROOT / "docs" / "evidence" / "README.md").read_text()
    for kind, days in DAYS.items():
        (line,) = [line for line in text.splitlines() if line.startswith(f"| `{kind}` |")]
        assert line.endswith(f"| {days} |")
    told = str(gone_through(root))
    assert [kind for kind in KINDS if f"{kind}: nobody" not in told] == []


def test_a_drill_in_the_lab_shows_procedures_and_does_not_stand_for_staging(root: Path) -> None:
    ready(root)
    shutil.rmtree(root / FOLDER)
    write_acts(root, *(entry(kind) for kind in KINDS))
    for scenario in SCENARIOS:
        write_drill(root, scenario.name, lab=True)
    found = gone_through(root, everything_live())
    open_ = [name for name, answer in found.items() if answer.status == "not shown"]
    assert open_ == ["staging", "failover"]
    assert "only in the lab" in found["staging"].evidence[0].told


@pytest.mark.parametrize(
    "changes",
    [{"passed": False}, {"at": f"{TODAY - timedelta(days=200)}T10:00:00"}],
)
def test_only_the_latest_run_counts_if_it_passed_and_is_no_half_year_old(root: Path, changes: dict[str, Any]) -> None:
    write_drill(root, "switchover", TODAY - timedelta(days=300))
    write_drill(root, "switchover", **changes)
    assert gone_through(root)["staging"].status == "not shown"
    write_drill(root, "switchover")
    assert gone_through(root)["staging"].status == "shown"


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"scenario": "switchover"}', '{"scenario": "x", "at": "then", "passed": true}',
             '{"scenario": "x", "at": "2026-11-27T10:00:00Z", "passed": "yes"}', "\xff"],
)  # fmt: skip
def test_files_that_are_no_drills_are_named_and_stop_nothing(root: Path, text: str) -> None:
    (root / FOLDER / "x.json").write_bytes(text.encode("latin-1"))
    write_drill(root, "switchover")
    drills, unread = read_drills(root)
    assert [drill.scenario for drill in drills] == ["switchover"]
    assert unread == [f"{FOLDER}/x.json"]


def test_a_run_that_does_not_say_where_was_in_the_lab(root: Path) -> None:
    write_drill(root, "switchover", lab=None, rto=None)
    (drill,) = read_drills(root)[0]
    assert (drill.lab, drill.rto) == (True, None)
    assert "in the lab" in drill.told()


def test_one_region_needs_nothing_of_several(root: Path) -> None:
    single = yaml.safe_load((root / "Pulumi.yaml").read_text())
    config = single["config"]
    config["phase"]["value"] = "single"
    config["regions"]["value"] = config["regions"]["value"][:1]
    config["mongodb"]["value"] = {"enabled": False}
    config["edge"]["value"] |= {"mode": "records", "steering": "off"}
    config["latency"]["value"] = []
    (root / "Pulumi.yaml").write_text(yaml.safe_dump(single))
    (root / "Pulumi.in.yaml").unlink()
    found = gone_through(root)
    needed = [name for name, answer in found.items() if answer.status != "not needed"]
    assert needed == ["nodes", "k3s", "restore", "on-call", "state"]


# The file of acts


def refused(root: Path) -> list[tuple[str, str]]:
    with pytest.raises(SettingsError) as error:
        read_acts(root, TODAY)
    return [(problem.file, problem.key) for problem in error.value.problems]


def test_everything_that_is_wrong_with_the_acts_is_told_at_once(root: Path) -> None:
    write_acts(
        root,
        entry("rest"),
        entry("on-call", at=TODAY + timedelta(days=1)),
        entry("on-call", proof="docs/nowhere.md"),
        entry("on-call", proof="/etc/passwd"),
        entry("on-call", proof="../outside.md"),
        {"act": "on-call"},
        entry("on-call", who="somebody"),
    )
    assert refused(root) == [
        (FILE, "acts[0].act"),
        (FILE, "acts[1].at"),
        (FILE, "acts[2].proof"),
        (FILE, "acts[3].proof"),
        (FILE, "acts[4].proof"),
        (FILE, "acts[5].at"),
        (FILE, "acts[5].by"),
        (FILE, "acts[5].proof"),
        (FILE, "acts[6].who"),
    ]


@pytest.mark.parametrize("text", ["acts: [", "acts: 1", "[]", "", "acts: []\nmore: 1", "\x00"])
def test_a_file_of_another_form_is_refused(root: Path, text: str) -> None:
    (root / FILE).write_text(text)
    assert refused(root)


@pytest.mark.parametrize("document", ["docs/evidence/README.md", "docs/gameday.md"])
def test_the_examples_in_the_documents_are_taken(root: Path, document: str) -> None:
    shutil.copy(ROOT / "docs" / "evidence" / "README.md", root / FOLDER)
    (example,) = blocks(ROOT / document, "yaml")
    (root / FILE).write_text(example)
    assert all(isinstance(act, Act) for act in read_acts(root, TODAY).values())


# What runs


def stands_in(answers_of: Callable[[str, tuple[str, ...]], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers in kubectl's place."""

    def kubectl(self: Cluster, *arguments: str, stdin: str = "", seconds: float = 0) -> str:
        answer = answers_of(self.code, arguments)
        return answer if isinstance(answer, str) else json.dumps(answer)

    monkeypatch.setattr(Cluster, "kubectl", kubectl)
    monkeypatch.setattr("operations.readiness.live.kubectl_missing", lambda: "")
    monkeypatch.setattr("operations.access.kubeconfigs.kubectl_missing", lambda: "")


def condition(status: str = "True") -> dict[str, Any]:
    return {"conditions": [{"type": "Ready", "status": status}]}


def well(code: str, arguments: tuple[str, ...]) -> Any:
    """Both regions as they should be, but MongoDB, which no kubectl speaks."""
    cluster = "postgresql" if code == "eu" else "postgresql-replica"
    if arguments[0] == "exec":
        writes = {"writes": True, "system": "7", "timeline": 1, "position": 5000, "source": None, "heard": None}
        follows = writes | {"writes": False, "position": 4000, "source": "pg-europe.openova.io", "heard": 0.2}
        return writes if code == "eu" else follows
    if arguments[1] == "nodes":
        info = {"nodeInfo": {"kubeletVersion": "v1.34.2+k3s1"}}
        names = [f"contabo-{code}-{number}" for number in (1, 2, 3)]
        return {"items": [{"metadata": {"name": name}, "status": condition() | info} for name in names]}
    if arguments[1] == "pods":
        return {"items": [{"status": condition()}, {"status": condition("False")}]}
    return {
        "spec": {"instances": 3, "replica": {"primary": "postgresql"}},
        "status": {"readyInstances": 3, "currentPrimary": f"{cluster}-1"},
    }


@pytest.fixture
def given(root: Path) -> list[str]:
    for code in ("eu", "in"):
        (root / f"{code}.kubeconfig").touch()
    return [f"{code}={root / code}.kubeconfig" for code in ("eu", "in")]


@pytest.fixture
def no_pulumi(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(*arguments: Any) -> str:
        raise LookupError("pulumi is not on PATH")

    monkeypatch.setattr("operations.readiness.live.stack_output", absent)
    monkeypatch.setattr("operations.access.kubeconfigs.stack_output", absent)


@pytest.mark.usefixtures("no_pulumi")
def test_nodes_release_replication_and_applications_are_asked(
    root: Path, given: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stands_in(well, monkeypatch)
    found = asked(root, load_project(root), given)
    shown = {question for question, each in found.items() if each.shown}
    assert shown == {"nodes", "k3s", "replication", "applications"}, found
    assert "api 1 pods ready" in found["applications"].told


@pytest.mark.usefixtures("no_pulumi")
@pytest.mark.parametrize(
    ("question", "changed"),
    [
        ("nodes", {"nodes": {"items": []}}),
        ("k3s", {"nodes": {"items": []}}),
        ("applications", {"pods": {"items": []}}),
    ],
)
def test_a_region_that_has_less_than_the_settings_is_not_shown(
    root: Path, given: list[str], monkeypatch: pytest.MonkeyPatch, question: str, changed: dict[str, Any]
) -> None:
    def answer(code: str, arguments: tuple[str, ...]) -> Any:
        return changed.get(arguments[1], well(code, arguments)) if code == "in" else well(code, arguments)

    stands_in(answer, monkeypatch)
    assert not asked(root, load_project(root), given)[question].shown


@pytest.mark.usefixtures("no_pulumi")
def test_a_silent_region_and_one_without_a_kubeconfig_are_not_shown(
    root: Path, given: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(code: str, arguments: tuple[str, ...]) -> Any:
        if code == "in":
            raise UnreachableError("in: no answer within 8 s")
        return well(code, arguments)

    stands_in(answer, monkeypatch)
    found = asked(root, load_project(root), given)
    assert {question for question, each in found.items() if each.shown} == set()
    assert found["nodes"].told == "eu: 3 of 3 nodes ready; in: no answer within 8 s"
    alone = asked(root, load_project(root), given[:1])
    assert alone["nodes"].told.endswith("in: its kubeconfig is not at hand")


@pytest.mark.usefixtures("no_pulumi")
def test_without_any_kubeconfig_it_says_how_to_ask(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stands_in(well, monkeypatch)
    found = asked(root, load_project(root), [])
    assert set(found) == set(QUESTIONS)
    assert not any(each.shown for each in found.values())
    assert "--kubeconfig" in found["nodes"].fix


def test_the_edge_is_there_when_its_stack_has_the_names_of_the_settings(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = load_project(root)
    hosts = list(edge_hosts(project.platform))
    monkeypatch.setattr("operations.access.kubeconfigs.stack_output", lambda *arguments: "")
    stands_in(well, monkeypatch)
    for outputs, shown in (({"hosts": hosts[::-1]}, True), ({"hosts": hosts[:1]}, False), ({}, False), ([], False)):
        monkeypatch.setattr("operations.readiness.live.stack_output", lambda *arguments, said=outputs: json.dumps(said))
        assert asked(root, project, [])["edge"].shown == shown, outputs


# The command


def run(root: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["readiness", f"--root={root}", "--no-live", *arguments])


def test_the_command_fails_while_something_is_missing_and_says_what_would_show_it(root: Path) -> None:
    done = run(root)
    assert done.exit_code == 1
    assert "Database replication tested in staging" in done.stdout
    assert "docs/evidence/README.md" in done.stdout


def test_the_json_has_every_item_with_its_evidence(root: Path) -> None:
    done = run(root, "--json")
    found = json.loads(done.stdout)
    assert not found["ready"]
    assert [item["name"] for item in found["items"]] == [item.name for item in ITEMS]
    assert sum(found["counts"].values()) == len(ITEMS)
    assert all(set(each) == {"shown", "told", "fix"} for item in found["items"] for each in item["evidence"])


def test_a_broken_file_of_acts_is_refused_as_settings_are(root: Path) -> None:
    write_acts(root, entry("rest"))
    assert isinstance(run(root).exception, SettingsError)
