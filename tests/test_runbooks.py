"""Runbooks and the program in step: commands parse, names are those of the settings, quoted texts are printed."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from operations.access import Cluster
from operations.authority import steps
from operations.authority.rest import POSTGRES
from operations.cli import app
from operations.drill.catalogue import SCENARIOS, Scenario
from operations.epoch import EpochRecord
from operations.guard import configuration
from settings.loader import load_project
from settings.naming import MESH_INTERFACE
from settings.platform import Platform
from settings.project import read_project
from tests.operations.guard.store import KeptStore
from tests.projects import ROOT, copy_project, share
from tests.shell_blocks import HEREDOC, Command, blocks, commands, spans

RUNBOOKS = ROOT / "docs" / "runbooks"
PAGES = sorted(RUNBOOKS.glob("*.md"))
PROCEDURES = [page for page in PAGES if page.name != "README.md"]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
OWN_NAMESPACES = {"openova-guard", "kube-system", "cnpg-system"}
KUBECTL_READS_FROM = {"get", "describe", "delete", "patch", "annotate"}


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


pages = pytest.mark.parametrize("page", PAGES, ids=named)
procedures = pytest.mark.parametrize("page", PROCEDURES, ids=named)
documents = pytest.mark.parametrize("document", DOCUMENTS, ids=named)


@pytest.fixture(scope="module")
def platform() -> Platform:
    return load_project(ROOT).platform


def in_order(wanted: tuple[str, ...], found: list[str]) -> bool:
    """Whether all of `wanted` are among `found`, in this order."""
    rest = iter(found)
    return all(command in rest for command in wanted)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_every_scenario_has_its_page_with_the_operators_commands_in_order(scenario: Scenario) -> None:
    page = RUNBOOKS / scenario.runbook
    assert page.is_file()
    assert page.read_text().startswith(f"# {scenario.title}\n")
    typed = [" ".join(command.words) for command in commands(page)]
    assert in_order(scenario.steps("eu", "in"), typed), typed


def test_every_page_is_in_the_index() -> None:
    index = (RUNBOOKS / "README.md").read_text()
    assert [page.name for page in PROCEDURES if f"]({page.name})" not in index] == []


@procedures
def test_a_page_begins_with_symptom_stake_and_first_step_and_ends_with_what_was_lost(page: Path) -> None:
    lines = page.read_text().splitlines()
    for line, word in zip(lines[2:5], ("Symptom", "At stake", "First"), strict=True):
        assert line.startswith(f"- **{word}.** ")
    headings = [line for line in lines if line.startswith("## ")]
    assert headings[-3:] == ["## It is over when", "## What was lost", "## Write down"]


# Commands of ours


@cache
def root_command() -> Any:
    return typer.main.get_command(app)


def parse(words: tuple[str, ...]) -> None:
    """The real command's own parser; the command is not run. Raises TyperException."""
    command, context, rest = root_command(), None, list(words)
    while isinstance(command, TyperGroup):
        context = typer.Context(command, info_name=command.name, parent=context)
        found = command.get_command(context, rest[0]) if rest else None
        if found is None:
            raise TyperException(f"{command.name or 'openova'} has no command {rest[:1]}")
        command, rest = found, rest[1:]
    command.make_context(command.name, rest, parent=context)


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files that documents name, where they are read."""
    monkeypatch.chdir(tmp_path)
    for name in ("shared.json", "plan.json"):
        (tmp_path / name).touch()


@documents
@pytest.mark.usefixtures("files")
def test_every_command_that_is_to_be_typed_parses(document: Path) -> None:
    for command in commands(document):
        if command.program == "openova" and len(command.words) > 1:
            try:
                parse(command.words[1:])
            except TyperException as error:
                pytest.fail(f"{command}: {error.format_message()}")


def options_of(words: tuple[str, ...]) -> tuple[set[str], list[str]]:
    """What the deepest command that these words name takes, and the options among them."""
    command, rest = root_command(), list(words)
    known: set[str] = set()
    while True:
        known |= {text for each in command.params for text in (*each.opts, *each.secondary_opts)}
        if not (isinstance(command, TyperGroup) and rest and rest[0] in command.commands):
            break
        command, rest = command.commands[rest[0]], rest[1:]
    return known | {"--help"}, [word.partition("=")[0] for word in rest if word.startswith("--")]


@documents
def test_every_command_that_is_mentioned_has_the_options_that_are_mentioned(document: Path) -> None:
    for command in spans(document, "openova"):
        known, used = options_of(command.words[1:])
        assert set(used) <= known, str(command)


@pytest.mark.parametrize(
    "words",
    [
        "switchover",
        "switchover --to",
        "switchover --region in",
        "failover --to in --force",
        "fallover --to in",
        "record claim --primary in",
        "record",
        "status eu",
    ],
)
@pytest.mark.usefixtures("files")
def test_a_command_that_does_not_parse_would_be_noticed(words: str) -> None:
    with pytest.raises(TyperException):
        parse(tuple(words.split()))


# Commands of others


def value_of(command: Command, *options: str) -> str | None:
    """What follows one of these options."""
    for word, after in zip(command.words, (*command.words[1:], ""), strict=True):
        if word in options:
            return after
        if word.partition("=")[0] in options and "=" in word:
            return word.partition("=")[2]
    return None


@pages
def test_kubectl_is_told_regions_clusters_and_namespaces_that_there_are(page: Path, platform: Platform) -> None:
    clusters = {line.code: line.postgres.cluster for line in platform.regions}
    namespaces = {platform.postgres.namespace, platform.mongodb.namespace} | OWN_NAMESPACES
    namespaces |= {application.namespace for application in platform.applications}
    nodes = {node for line in platform.regions for node in line.nodes}
    for command in [*commands(page), *spans(page, "kubectl")]:
        if command.program != "kubectl":
            continue
        namespace, kubeconfig = value_of(command, "-n", "--namespace"), value_of(command, "--kubeconfig")
        assert namespace is None or namespace in namespaces, str(command)
        assert value_of(command, "--context") in {None, *nodes}, str(command)
        if kubeconfig not in (None, "$1"):
            code = str(kubeconfig).removesuffix(".kubeconfig")
            assert code in clusters, str(command)
            assert set(named_clusters(command)) <= {clusters[code]}, str(command)
        assert set(named_clusters(command)) <= {*clusters.values(), "$2"}, str(command)


def named_clusters(command: Command) -> Iterator[str]:
    """Clusters of CloudNativePG that a command names: by a label, or after the word `cluster`."""
    for word, after in zip(command.words, (*command.words[1:], ""), strict=True):
        if word == "cluster" and KUBECTL_READS_FROM & set(command.words):
            yield after
        yield from re.findall(r"cnpg\.io/cluster=([^,\s]+)", word)


@pages
def test_the_pod_that_is_asked_is_in_the_region_that_is_asked(page: Path, platform: Platform) -> None:
    clusters = {line.code: line.postgres.cluster for line in platform.regions}
    for command in commands(page):
        if command.program == "pod" and len(command.words) == 3:
            assert clusters[command.words[1].removesuffix(".kubeconfig")] == command.words[2], str(command)
    for block in blocks(page, "sh"):
        for outer, inner in re.findall(r"--kubeconfig (\w+)\.kubeconfig [^|\n]*?\$\(pod (\w+)\.kubeconfig", block):
            assert outer == inner, block


@documents
def test_pulumi_is_told_stacks_that_there_are(document: Path) -> None:
    stacks = {"shared", "eu", "in", "global", "sg", "$stack", "<stack>", "STACK", "NAME"}
    for command in [*commands(document), *spans(document, "pulumi")]:
        if command.program == "pulumi":
            assert value_of(command, "--stack", "-s") in {None, *stacks}, str(command)


def test_the_resource_whose_protection_is_lifted_by_hand_is_the_one_that_rejoin_lifts_it_from() -> None:
    project = read_project(ROOT).name
    parents = "openova:regions:Region$openova:postgres:PostgresCluster"
    urns = [word for command in commands(ROOT / "docs" / "authority.md") for word in command.words if "urn:" in word]
    assert urns == [f"urn:pulumi:eu::{project}::{parents}${POSTGRES}::eu-postgres-cluster"]


@pages
def test_addresses_interfaces_and_names_are_those_of_the_settings(page: Path, platform: Platform) -> None:
    stacks = load_project(ROOT).stacks
    addresses = {node.address for stack in stacks.values() for node in getattr(stack, "nodes", {}).values()}
    text = "\n".join(blocks(page, "sh", "text"))
    assert set(re.findall(r"root@([\d.]+)", text)) <= addresses
    assert set(re.findall(r"wg show (\S+)", text)) <= {MESH_INTERFACE}
    hosts = {f"api-{line.code}.{platform.domain}" for line in platform.regions}
    hosts |= {f"pg-{line.name}.{platform.domain}" for line in platform.regions}
    assert set(re.findall(rf"[\w-]+\.{re.escape(platform.domain)}", text)) <= hosts


# What the pages say that commands print

VARIABLE = r"\b(?:eu|in|N|\d+|switchover|failover|pulumi \w+)\b"
"""What a command fills in."""


@cache
def printed() -> tuple[str, ...]:
    """Every text in the source of the commands, its variable parts as {}."""
    found: list[str] = []
    for file in sorted((ROOT / "operations").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = [part.value if isinstance(part, ast.Constant) else "{}" for part in node.values]
                found.append("".join(map(str, parts)))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(node.value)
    return tuple(found)


def is_printed(phrase: str) -> bool:
    """Whether some text of the commands may read so."""
    words = re.split(rf"({VARIABLE}|\.\.\.)", re.sub(r"\s+", " ", phrase.strip()))
    pattern = "".join(
        r".*" if word == "..." else rf"(?:\{{\}}|{re.escape(word)})" if index % 2 else re.escape(word)
        for index, word in enumerate(words)
    )
    return any(re.search(pattern, text) for text in printed())


def quoted(page: Path) -> Iterator[str]:
    """What stands in the first column of tables about what a command says, and the steps that commands print."""
    inside = False
    for line in page.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if "|" not in line:
            inside = False
        elif cells[0] == "It says instead":
            inside = True
        elif inside and not cells[0].startswith("---"):
            yield from (span for span in re.findall(r"`([^`]+)`", cells[0]))
    for block in blocks(page, "text"):
        for line in block.splitlines():
            if match := re.match(r" +N s  ([^(]+)", line):
                yield match.group(1)
            elif re.match(r"(?:Let|Move|Discard|Pulumi\.yaml has|The \w+ is done)\b", line):
                yield re.sub(r" \[y/N\] y$", "", line).partition(", ")[0]


@procedures
def test_what_a_page_says_that_a_command_prints_is_in_the_command(page: Path) -> None:
    assert [phrase for phrase in quoted(page) if not is_printed(phrase)] == []


def test_a_message_that_no_command_has_would_be_noticed() -> None:
    assert is_printed("eu has given no demotion token within 180 s")
    assert not is_printed("eu has given its receipt")
    assert sum(1 for page in PROCEDURES for _ in quoted(page)) > 30


# By hand


def patches(page: Path) -> list[Any]:
    """What kubectl is told to patch into `spec.replica`, in order."""
    found = [json.loads(text) for text in re.findall(r"'(\{\"spec\".*?\})'", page.read_text().replace("%s", "TOKEN"))]
    return [each["spec"]["replica"] for each in found]


def test_by_hand_the_clusters_are_told_what_the_commands_tell_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []

    def kubectl(self: Cluster, *arguments: str, stdin: str = "", seconds: float = 0) -> str:
        told.append(json.loads(stdin)["spec"]["replica"])
        return ""

    monkeypatch.setattr(Cluster, "kubectl", kubectl)
    root = copy_project(tmp_path)
    share(root, "authority", {"primary": "in", "previous": "eu", "epoch": 2, "change": "switchover"})
    clusters = {code: Cluster(code, tmp_path / code) for code in ("eu", "in")}
    turn = steps.Turn(load_project(root).platform, clusters, None, lambda text: None)
    steps.promote(turn, "in", None)
    steps.demote(turn, "eu")
    steps.promote(turn, "in", "TOKEN")
    assert patches(RUNBOOKS / "manual.md") == told


def test_by_hand_the_guards_own_pod_claims_the_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store = KeptStore(EpochRecord(epoch=1, primary="eu", at=datetime.now(UTC)))
    monkeypatch.setattr("operations.epoch.s3.S3EpochStore", lambda bucket: store)
    for key in ("access-key-id", "secret-access-key"):
        (tmp_path / key).write_text("a key")
    monkeypatch.setattr(configuration.configuration, "__defaults__", (tmp_path,))
    told = dict.fromkeys(configuration.NEEDED, "x") | {"ISOLATION": "fence", "TTL": "20"}
    for name, value in told.items():
        monkeypatch.setenv(f"{configuration.PREFIX}{name}", value)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.43.0.1")
    (program,) = [
        body
        for block in blocks(RUNBOOKS / "manual.md", "sh")
        for word, body in HEREDOC.findall(block)
        if word == "CLAIM"
    ]
    exec(compile(program, "manual.md", "exec"), {})  # noqa: S102 the page's own program
    assert store.record is not None
    assert (store.record.epoch, store.record.primary, store.record.change) == (2, "in", "failover")
    assert capsys.readouterr().out.startswith("record=EpochRecord(form=1, epoch=2, primary='in', previous='eu'")
