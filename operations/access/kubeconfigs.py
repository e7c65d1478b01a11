"""Where the regions' kubeconfigs come from: files that are named, or the outputs of the stacks."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from operations.access.kubectl import Cluster, kubectl_missing
from operations.access.outputs import stack_output
from settings.problems import Problem, SettingsError

OPTION: Final = "--kubeconfig"


@contextmanager
def clusters_of(
    root: Path, codes: Sequence[str], given: Sequence[str], *, dispensable: Collection[str] = ()
) -> Iterator[Mapping[str, Cluster]]:
    """The cluster of every code. `given` are texts such as `eu=FILE`; what is not given, Pulumi is asked for.

    A `dispensable` one that cannot be had is left out. Kubeconfigs from Pulumi lie in a folder of this user alone while
    the block runs. Raises SettingsError with every region whose kubeconfig cannot be had.
    """
    files, problems = _given(codes, given)
    wanted = [code for code in codes if code not in files]
    if missing := kubectl_missing():
        problems.append(Problem("(this machine)", "kubectl", missing, "No cluster could be asked.", "Install it."))
    with tempfile.TemporaryDirectory(prefix="openova-") as folder:
        for code in wanted if not problems else ():
            try:
                files[code] = _from_stack(root, code, Path(folder))
            except LookupError as error:
                if code not in dispensable:
                    problems.append(_not_had(code, str(error)))
        if problems:
            raise SettingsError(problems)
        yield {code: Cluster(code, files[code]) for code in codes if code in files}


def _given(codes: Sequence[str], given: Sequence[str]) -> tuple[dict[str, Path], list[Problem]]:
    files: dict[str, Path] = {}
    problems: list[Problem] = []
    for option in given:
        code, equals, name = option.partition("=")
        rule = (
            f"{option!r} does not say which region's kubeconfig stands in which file."
            if not (equals and name)
            else f"There is no region {code!r}; the regions are {', '.join(codes)}."
            if code not in codes
            else f"The kubeconfig of {code} is given twice."
            if code in files
            else f"{name} is not a file."
            if not Path(name).is_file()
            else ""
        )
        if rule:
            consequence = "A command could act on another region than you mean."
            problems.append(Problem("(command line)", OPTION, rule, consequence, f"Write {OPTION} {codes[0]}=FILE."))
        else:
            files[code] = Path(name)
    return files, problems


def _from_stack(root: Path, code: str, folder: Path) -> Path:
    """The kubeconfig that the region's stack has in its outputs. Raises LookupError with the reason."""
    text = stack_output(root, code, "kubeconfig")
    file = folder / code
    file.touch(mode=0o600)
    file.write_text(text)
    return file


def _not_had(code: str, reason: str) -> Problem:
    return Problem(
        f"Pulumi.{code}.yaml",
        "kubeconfig",
        f"The kubeconfig of {code} cannot be read from its stack: {reason}.",
        "Its cluster could not be asked.",
        f"Log in to Pulumi's backend, bring {code} up first, or name a file: {OPTION} {code}=FILE. In an emergency "
        "it is /etc/rancher/k3s/k3s.yaml on a server of the region, with that server's address in it.",
    )
